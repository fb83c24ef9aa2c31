"""An operator gives a person a copy of their data by command."""

import json
from pathlib import Path

import pytest

from trialguide.__main__ import COMMANDS
from trialguide.commands.command_line import run_command
from trialguide.storage.database import open_engine
from trialguide.storage.ratings import Rating, rate
from trialguide.storage.schema import create_schema


def copied(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["trialguide", "copy", *options])
    return run_command("trialguide", "", "trialguide.commands", COMMANDS)


@pytest.fixture
def _one_rating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVERSATIONS", str(tmp_path / "c.db"))
    engine = open_engine(str(tmp_path / "c.db"))
    create_schema(engine)
    with engine.begin() as connection:
        rate(connection, "web:a", Rating("placebo", "v", 4, "fine"))


@pytest.mark.usefixtures("_one_rating")
def test_text_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert copied(monkeypatch, "--sender", "web:a") == 0
    text = capsys.readouterr().out
    assert "“What is a placebo?”, 4 of 5 stars.\nYour comment: fine" in text
    assert copied(monkeypatch, "--sender", "web:a", "--json") == 0
    copy = json.loads(capsys.readouterr().out)
    assert copy["conversation"] == "web:a"
    assert [(row["stars"], row["comment"]) for row in copy["kept"]["ratings"]] == [(4, "fine")]


@pytest.mark.usefixtures("_one_rating")
def test_an_id_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert copied(monkeypatch, "--sender", "web:b") == 1
    assert capsys.readouterr() == ("", "Nothing is kept under the id web:b.\n")


def test_a_database_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONVERSATIONS", str(tmp_path / "none" / "c.db"))
    assert copied(monkeypatch, "--sender", "web:b") == 1
    assert "none" in capsys.readouterr().err

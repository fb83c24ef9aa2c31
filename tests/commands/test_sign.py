"""Signing: what is asked, what is refused kindly, and that nothing is written without a yes."""

import argparse
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from trialguide.commands.check import check_content
from trialguide.commands.sign import add_arguments, main
from trialguide.content.files import load_yaml
from trialguide.content.reviews import (
    CHECKED,
    REVIEWED,
    Checked,
    Drafted,
    Record,
    Reviewed,
    SeenLink,
    read_record,
    record_file,
    text_sha256,
    written_record,
)

TODAY = date.today().isoformat()
REVIEW = ["specialist nurse", "Example Clinic", "2999-11-30", "none", "nobody"]
STOP = None


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The catalogue, one answer and one reply, without records."""
    data = tmp_path / "data"
    for name in ("topics.yml", "faq/placebo.yml", "replies/safety.yml"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "data" / name, data / name)
    return data


def variants() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_yaml(ROOT / "data" / "faq" / "placebo.yml")["responses"]["utter_faq/placebo"]
    return found


LINKS = [source["link"] for source in variants()[0]["metadata"]["sources"]]


def sign(data: Path, command: list[str], typed: list[str | None], monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """The exit code, and what was typed but not asked for."""
    left: Iterator[str | None] = iter(typed)

    def answer(question: str) -> str:
        print(question)
        given = next(left, STOP)
        if given is STOP:
            raise EOFError
        return given

    monkeypatch.setattr("builtins.input", answer)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    code = main(parser.parse_args(command), data)
    return code, [one for one in left if one]


def test_a_review_is_written_with_the_hash_of_the_text(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(data, ["placebo"], [*REVIEW, "yes"], monkeypatch) == (0, [])
    record = read_record(record_file("answers", "placebo", data / "reviews"))
    sha256 = text_sha256(variants())
    assert record == Record(
        reviewed=Reviewed("specialist nurse", "Example Clinic", TODAY, "2999-11-30", "none", "nobody", sha256)
    )
    assert record.status(sha256) == REVIEWED
    shown = capsys.readouterr().out
    metadata = variants()[0]["metadata"]
    assert all(text in shown for text in (variants()[0]["text"], metadata["simpler"], metadata["more"], *LINKS))
    assert "On record: draft, never checked, never reviewed" in shown
    assert "Patients will read: Reviewed by a clinician (specialist nurse, Example Clinic)" in shown
    assert not [finding for finding in check_content(data) if "answers/placebo" in finding.file]


def test_the_topic_is_asked_for_and_the_rest_of_the_record_stays(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Record(
        Drafted("us", "2026-11-22"), Checked("us", "2026-11-22", text_sha256(variants()), (SeenLink(LINKS[0], "live"),))
    )
    file = record_file("answers", "placebo", data / "reviews")
    file.parent.mkdir(parents=True)
    file.write_text(written_record(before), encoding="utf-8")
    assert sign(data, [], ["placebo", *REVIEW, "Yes"], monkeypatch) == (0, [])
    after = read_record(file)
    assert (after.drafted, after.checked) == (before.drafted, before.checked)
    assert after.reviewed


def test_a_reply_is_signed_by_its_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign(data, ["utter_emergency"], [*REVIEW, "yes"], monkeypatch) == (0, [])
    assert read_record(record_file("replies", "utter_emergency", data / "reviews")).reviewed


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ([STOP], "Nothing was written."),
        (["", "  ", "\x00", *REVIEW, "yes"], "An empty line cannot be signed"),
        ([*REVIEW[:2], "soon", "2020-01-01", TODAY, "2999-02-30", *REVIEW[2:], "yes"], "Please write a day that lies ahead"),
        (["<b>nurse</b>", *REVIEW, "yes"], "The text holds HTML"),
        (["{role}", *REVIEW, "yes"], "Nobody fills in the field"),
        ([*REVIEW, "no"], "Nothing was written."),
        ([*REVIEW, ""], "Nothing was written."),
        ([*REVIEW, "y"], "Nothing was written."),
        ([*REVIEW, STOP], "Nothing was written."),
        ([*REVIEW[:4], STOP], "Nothing was written."),
    ],
)
def test_what_cannot_be_taken_is_asked_again_and_nothing_is_written_without_a_yes(
    typed: list[str | None],
    words: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, left = sign(data, ["placebo"], typed, monkeypatch)
    assert words in capsys.readouterr().out
    written = typed[-1] == "yes"
    assert (code, left) == (0 if written else 1, [])
    assert record_file("answers", "placebo", data / "reviews").exists() == written


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        (["live"] * len(LINKS), ["live"] * len(LINKS)),
        (["Stored copy", *["no"] * (len(LINKS) - 1)], ["stored_copy", *["no"] * (len(LINKS) - 1)]),
        (["perhaps", "", *["s"] * len(LINKS)], ["stored_copy"] * len(LINKS)),
        (["no"] * len(LINKS), None),
    ],
)
def test_an_editor_says_how_each_link_was_seen(
    seen: list[str | None], kept: list[str] | None, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str | None] = ["the editors", "yes"] if kept else []
    assert sign(data, ["--checked", "placebo"], [*seen, *ends], monkeypatch) == (0 if kept else 1, [])
    record = read_record(record_file("answers", "placebo", data / "reviews"))
    if kept is None:
        assert record == Record()
        return
    assert record.checked
    assert [(link.link, link.seen) for link in record.checked.links] == list(zip(LINKS, kept, strict=True))
    assert (record.checked.by, record.checked.on) == ("the editors", TODAY)
    assert record.status(text_sha256(variants())) == CHECKED
    assert not [finding for finding in check_content(data) if "answers/placebo" in finding.file]


@pytest.mark.parametrize(("topic", "words"), [("placebos", "Did you mean placebo"), ("xyz", "`make check` says")])
def test_an_unknown_topic_is_named(
    topic: str, words: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(data, [topic], [], monkeypatch) == (1, [])
    assert words in capsys.readouterr().err


def test_a_record_with_mistakes_is_not_overwritten(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = record_file("answers", "placebo", data / "reviews")
    file.parent.mkdir(parents=True)
    file.write_text("draughted: {}\n", encoding="utf-8")
    assert sign(data, ["placebo"], [*REVIEW, "yes"], monkeypatch)[0] == 1
    assert "has mistakes" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "draughted: {}\n"


@pytest.mark.parametrize(
    ("checked", "reviewed", "line"),
    [
        (None, None, "placebo: draft, never checked, never reviewed"),
        (True, None, "placebo: checked against its sources on 2026-11-22, never reviewed"),
        (False, None, "placebo: draft, the text has changed since it was checked on 2026-11-22, never reviewed"),
        (
            True,
            (False, "2999-01-01"),
            "placebo: checked against its sources on 2026-11-22, changed since the review of 2026-11-23",
        ),
        (None, (True, "2026-11-24"), "placebo: reviewed on 2026-11-23, the next review was due on 2026-11-24"),
        (None, (True, "2999-01-01"), None),
    ],
)
def test_the_list_says_what_is_unsigned_due_or_lost(
    checked: bool | None,
    reviewed: tuple[bool, str] | None,
    line: str | None,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hashes = {True: text_sha256(variants()), False: "0" * 64}
    record = Record(
        Drafted("us", "2026-11-21"),
        None if checked is None else Checked("us", "2026-11-22", hashes[checked], (SeenLink(LINKS[0], "live"),)),
        None if reviewed is None else Reviewed("a", "b", "2026-11-23", reviewed[1], "c", "d", hashes[reviewed[0]]),
    )
    file = record_file("answers", "placebo", data / "reviews")
    file.parent.mkdir(parents=True)
    file.write_text(written_record(record), encoding="utf-8")
    assert sign(data, ["--list"], [], monkeypatch) == (0, [])
    *lines, answers, replies = capsys.readouterr().out.splitlines()
    assert [one for one in lines if one.startswith("placebo")] == ([line] if line else [])
    assert answers.startswith("1 answers: ")
    assert replies.startswith("3 replies with sources: 3 drafts")

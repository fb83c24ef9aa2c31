"""The papers an operator owes: facts from the code and settings, and nothing missing that is not seen."""

import re
from argparse import Namespace
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from trialguide.commands.check import check_content
from trialguide.commands.checking.content import Content, read_content
from trialguide.commands.checking.reviews import status_lines
from trialguide.commands.papers import main
from trialguide.commands.paperwork.drafts import PAPERS, TEMPLATES, drafts, missing_lines
from trialguide.commands.paperwork.facts import facts_of
from trialguide.content.files import DATA
from trialguide.content.operator_details import FOR_PAPERS, SHOWN, Operator, load_operator
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.runtime.settings import read_settings
from trialguide.storage.schema import METADATA, VERSION

FULL = Operator(**{field.name: f"value of {field.name}" for field in fields(Operator)})
HALF = Operator(name="Example Clinic", legal_name="Example Clinic gGmbH", privacy_contact="privacy@clinic.example")
FILLED = re.compile(r"\[to be filled in: ([^\]]+)\]")
TODAY = date(2026, 11, 30)
EVERY_CHANNEL = {name: "x" * 20 for needed, _ in VARIABLES.values() for name in needed} | {
    "PUBLIC_ADDRESS": "https://trialguide.clinic.example",
    "TWILIO_NUMBERS": "+4930901820",
}


@pytest.fixture(scope="module")
def content() -> Content:
    return read_content(DATA)


def texts(operator: Operator, content: Content, **environment: str) -> dict[str, str]:
    facts = facts_of(read_settings(environment), content, operator, TODAY)
    return {draft.name: draft.text for draft in drafts(operator, facts)}


@pytest.mark.parametrize("operator", [Operator(), HALF, FULL], ids=["empty", "half", "full"])
def test_what_is_missing_is_seen_and_the_rest_stands_there(operator: Operator, content: Content) -> None:
    papers = texts(operator, content)
    assert {*papers} == {*PAPERS}
    missing = {name.replace("_", " ") for name in missing_lines(operator)}
    assert {name for text in papers.values() for name in FILLED.findall(text)} == missing - {"name"}
    everything = "\n".join(papers.values())
    assert all(getattr(operator, name) in everything for name in (*FOR_PAPERS, "contact", "funding"))
    for text in papers.values():
        assert text.startswith("# ")
        assert "**Draft.**" in text.partition("\n## ")[0]
        assert not re.search(r"\{\{|\}\}|\{%|\bNone\b|Undefined", text)


def test_the_marks_stand_out_on_the_page(content: Content) -> None:
    facts = facts_of(read_settings({}), content, HALF, TODAY)
    for draft in drafts(HALF, facts):
        assert draft.page.count("<mark>") == len(FILLED.findall(draft.text)) + len(draft.undecided)
        assert "<h1>" in draft.page
        assert "<blockquote>" in draft.page
        assert "<script" not in draft.page


def test_facts_are_those_of_the_code(content: Content) -> None:
    papers = texts(FULL, content, CONVERSATION_DAYS="7", SERVE="checked")
    answers, replies = status_lines(content)
    record, sheet, purpose = (papers[name] for name in ("record_of_processing", "ai_act_sheet", "intended_purpose"))
    assert answers.rstrip(".") in sheet
    assert replies.rstrip(".") in sheet
    assert "`SERVE=checked`" in purpose
    assert "| 7 days |" in record
    assert "| 180 days |" in record
    assert "730 days" in record
    assert "I keep what you write for 7 days" in sheet
    assert "becomes “My name is [name], born on [date]" in papers["impact_assessment"]
    # A new table must be described.
    for table in METADATA.sorted_tables:
        assert table is VERSION or f"(`{table.name}`)" in record, table.name


@pytest.mark.parametrize(
    ("environment", "words", "absent"),
    [
        ({}, ["No messaging service", "database is SQLite.", "nothing: this is switched off"], ["WhatsApp", "Redis", "Twilio"]),
        ({"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://a"}, ["is PostgreSQL, with Redis"], ["SQLite"]),
        ({"RABBITMQ_URL": "amqp://a", "RABBITMQ_QUEUE": "q"}, ["until RabbitMQ has taken them"], ["switched off"]),
        (
            EVERY_CHANNEL,
            ["WhatsApp:", "Messenger:", "Telegram:", "SMS:", "Slack:", "Teams:", "for each messaging service"],
            ["No messaging"],
        ),
    ],
)
def test_stores_and_channels_are_those_switched_on(
    environment: dict[str, str], words: list[str], absent: list[str], content: Content
) -> None:
    record = texts(FULL, content, **environment)["record_of_processing"]
    assert [word for word in words if word not in record] == []
    assert [word for word in absent if word in record] == []


def test_signs_of_the_operator_break_no_table_and_no_page(content: Content) -> None:
    operator = Operator(legal_name="A | B <script>", data_protection_officer="x")
    facts = facts_of(read_settings({}), content, operator, TODAY)
    pages = [draft.page for draft in drafts(operator, facts)]
    assert not any("<script>" in page for page in pages)
    assert all("A | B &lt;script&gt;" in page for page in pages)


def test_every_template_is_used() -> None:
    shared = {"draft.md", "stores.md", "channels.md", "page.html"}
    assert {file.name for file in TEMPLATES.iterdir()} == {f"{name}.md" for name in PAPERS} | shared


# The command


@pytest.mark.parametrize(
    ("lines", "missing", "present"),
    [
        ("", ["legal_name", "name", "papers_date"], []),
        ("legal_name: A\nname: B", ["address", "papers_date"], ["legal_name", "name"]),
        ("\n".join(f"{name}: x" for name in (*SHOWN, *FOR_PAPERS)), [], [*SHOWN, *FOR_PAPERS]),
    ],
)
def test_the_command_writes_twelve_files_and_names_what_is_missing(
    lines: str, missing: list[str], present: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "operator.yml", tmp_path / "made" / "papers"
    file.write_text(lines, encoding="utf-8")
    load_operator.cache_clear()
    assert main(Namespace(out=out), file) == 0
    assert {made.name for made in out.iterdir()} == {f"{name}.{form}" for name in PAPERS for form in ("md", "html")}
    told = capsys.readouterr().out
    assert all(f"“{name}:” is not filled in." in told for name in missing)
    assert not any(f"“{name}:”" in told for name in present)
    assert "These are drafts" in told


def test_a_folder_that_is_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "papers").write_text("", encoding="utf-8")
    assert main(Namespace(out=tmp_path / "papers")) == 1
    assert "papers" in capsys.readouterr().err


def test_the_address_is_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_ADDRESS", "https://chat.clinic.example")
    assert main(Namespace(out=tmp_path)) == 0
    assert "https://chat.clinic.example" in (tmp_path / "privacy_notice.md").read_text(encoding="utf-8")


# The check

OWN = "name: ''\ncontact: ''\nfunding: ''\n"


@pytest.mark.parametrize(
    ("lines", "findings"),
    [
        ("", []),
        ("legal_name: ''\naddress: ''\n", []),
        ("\n".join(f"{name}: x" for name in FOR_PAPERS if name != "papers_date") + "\npapers_date: 2026-11-30", []),
        (
            "\n".join(f"{name}: x" for name in FOR_PAPERS if name not in ("papers_date", "address")) + "\naddress: ''\n",
            [":16: Please look: “address:” is empty", ":1: Please look: “papers_date:” is missing"],
        ),
        ("\n".join(f"{name}: x" for name in FOR_PAPERS), ["There is no day x."]),
        ("adress: x", ["“adress” is not known here. Write “address:”."]),
    ],
)
def test_the_check_names_the_lines_that_are_missing(lines: str, findings: list[str], tmp_path: Path) -> None:
    file = tmp_path / "data" / "operator.yml"
    file.parent.mkdir()
    file.write_text(OWN + lines, encoding="utf-8")
    told = [str(finding) for finding in check_content(tmp_path / "data") if finding.file == "data/operator.yml"]
    assert len(told) == len(findings), told
    assert all(any(words in one for one in told) for words in findings), told

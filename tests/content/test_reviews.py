"""A status follows from the record and the text as it is, and the check names what is wrong with a record."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from trialguide.commands.check import check_content
from trialguide.commands.checking.content import read_content
from trialguide.commands.checking.reviews import status_lines, texts_of
from trialguide.content.files import OPERATOR, load_yaml
from trialguide.content.operator_details import Operator, load_operator
from trialguide.content.reviews import (
    ANSWERS,
    CHECKED,
    DRAFT,
    NOTHING,
    REPLIES,
    REVIEWED,
    STORED_COPY,
    Checked,
    Drafted,
    Record,
    Reviewed,
    SeenLink,
    is_served,
    load_records,
    parse_record,
    read_record,
    record_file,
    status_sentence,
    text_sha256,
    written_record,
)
from trialguide.content.wording import load_words

TODAY = date(2026, 11, 30)
VARIANTS: list[dict[str, Any]] = [
    {"text": "a", "metadata": {"simpler": "b", "more": "c", "sources": [{"organisation": "EMA", "link": "https://a.eu"}]}}
]
NOW, BEFORE = text_sha256(VARIANTS), "0" * 64
ROLE, ORGANISATION = "specialist nurse", "Example Clinic"


def checked(sha256: str = NOW) -> Checked:
    return Checked("an editor", "2026-11-22", sha256, (SeenLink("https://a.eu", STORED_COPY),))


def reviewed(sha256: str = NOW, again: str = "2027-11-30") -> Reviewed:
    return Reviewed(ROLE, ORGANISATION, "2026-11-29", again, "none", "nobody", sha256)


@pytest.mark.parametrize(
    ("record", "status", "sentence"),
    [
        (NOTHING, DRAFT, "Draft, not yet checked against its sources. No clinician has reviewed it."),
        (Record(Drafted("us", "2026-11-22")), DRAFT, "Draft, not yet"),
        (Record(checked=checked()), CHECKED, "Checked against its sources, November 2026. Not yet reviewed by a clinician."),
        (Record(checked=checked(BEFORE)), DRAFT, "Draft, not yet"),
        (
            Record(checked=checked(), reviewed=reviewed()),
            REVIEWED,
            f"Reviewed by a clinician ({ROLE}, {ORGANISATION}), November 2026; next review November 2027.",
        ),
        (Record(reviewed=reviewed(again="2026-11-30")), REVIEWED, "Reviewed by a clinician ("),
        (
            Record(reviewed=reviewed(again="2026-11-29")),
            REVIEWED,
            f"Reviewed by a clinician ({ROLE}, {ORGANISATION}), November 2026. The next review, due in November 2026, has not",
        ),
        (Record(checked=checked(), reviewed=reviewed(BEFORE)), CHECKED, "Checked against"),
        (Record(checked=checked(BEFORE), reviewed=reviewed(BEFORE)), DRAFT, "Draft, not yet"),
    ],
)
def test_the_status_and_its_sentence_follow_from_the_record(record: Record, status: str, sentence: str) -> None:
    assert record.status(NOW) == status
    assert status_sentence(record, NOW, load_words(), TODAY).startswith(sentence)


@pytest.mark.parametrize(
    ("serve", "given"),
    [("all", [DRAFT, CHECKED, REVIEWED]), ("checked", [CHECKED, REVIEWED]), ("reviewed", [REVIEWED])],
)
def test_what_is_served(serve: str, given: list[str]) -> None:
    assert [status for status in (DRAFT, CHECKED, REVIEWED) if is_served(status, serve)] == given


@pytest.mark.parametrize(
    "change",
    [
        lambda variant: variant.update(text="A"),
        lambda variant: variant["metadata"].update(simpler="B"),
        lambda variant: variant["metadata"].pop("more"),
        lambda variant: variant["metadata"].update(simpler="bc", more=""),
        lambda variant: variant["metadata"]["sources"][0].update(link="https://b.eu"),
        lambda variant: variant["metadata"]["sources"].append({"organisation": "WHO", "link": "https://b.int"}),
    ],
)
def test_a_text_that_changes_has_another_hash(change: Callable[[dict[str, Any]], None]) -> None:
    changed = yaml.safe_load(yaml.safe_dump(VARIANTS))
    assert text_sha256(changed) == NOW
    change(changed[0])
    assert text_sha256(changed) != NOW


def test_another_name_or_picture_is_no_other_text() -> None:
    changed = yaml.safe_load(yaml.safe_dump(VARIANTS))
    changed[0]["metadata"]["sources"][0]["organisation"] = "European Medicines Agency"
    changed[0]["metadata"]["picture"] = "phases.svg"
    assert text_sha256(changed) == NOW


@pytest.mark.parametrize("by", ["us", 'a "b" \\ c: d # e', "no", "on", "2026-11-22", "Ärztin in Łódź", "{x}", "- x"])
def test_a_record_that_is_written_is_read_the_same(by: str, tmp_path: Path) -> None:
    record = Record(Drafted(by, "2026-11-22"), checked(), reviewed())
    file = record_file(REPLIES, "utter_statement/fear", tmp_path)
    file.parent.mkdir()
    file.write_text(written_record(record), encoding="utf-8")
    assert read_record(file) == record
    assert load_records(REPLIES, tmp_path) == {"utter_statement.fear": record}


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        [],
        {"reviewed": "yes"},
        {"checked": {"by": "us", "on": "2026-11-22", "text_sha256": NOW}},
        {"checked": {"by": "us", "on": "22.11.2026", "text_sha256": NOW, "links": [{"link": "https://a.eu", "seen": "live"}]}},
        {"checked": {"by": "us", "on": "2026-13-45", "text_sha256": NOW, "links": [{"link": "https://a.eu", "seen": "live"}]}},
        {"reviewed": {"role": ROLE, "organisation": "", "on": "2026-11-22", "next": "2027-11-22", "text_sha256": NOW}},
    ],
)
def test_what_is_not_complete_claims_nothing(content: Any) -> None:
    assert parse_record(content).status(NOW) == DRAFT


@pytest.mark.parametrize("text", ["checked: [", "\t", "\0", "- a\nb"])
def test_a_file_that_cannot_be_read_claims_nothing(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text(text, encoding="utf-8")
    assert read_record(file) == NOTHING
    assert read_record(tmp_path / "none.yml") == NOTHING


# The check

PLACEBO = "data/reviews/answers/placebo.yml"
FUTURE = (date.today() + timedelta(days=2)).isoformat()
# What stands in the record, what is put in its place, the line, and words of the only finding.
MISTAKES: dict[str, tuple[str, str, int, str]] = {
    "day ahead": ('  on: "2026-11-22"', f'  on: "{FUTURE}"', 3, f"The day {FUTURE} lies ahead. Write the day on which"),
    "review ahead": ('  on: "2026-11-29"', f'  on: "{FUTURE}"', 0, f"The day {FUTURE} lies ahead"),
    "day first": ('on: "2026-11-22"', 'on: "22.11.2026"', 3, "“on” does not have the right form. Write the day, year first"),
    "impossible day": ('on: "2026-11-22"', "on: 2026-13-45", 3, "There is no day 2026-13-45. Write the day, year first"),
    "next on no day": ('next: "2999-11-30"', 'next: "2999-02-30"', 0, "There is no day 2999-02-30"),
    "unknown entry": ("drafted:\n", "draughted:\n", 1, "“draughted” is not known here. Write “drafted:”"),
    "unknown key": ("  role:", "  rolle:", 0, "“rolle” is not known here. Write “role:”"),
    "missing key": ('  funding: "nobody"\n', "", 0, "“funding:” is missing below “reviewed”"),
    "empty key": ('"nobody"', '""', 0, "“funding” is empty"),
    "unknown way of seeing": ("seen: stored_copy", "seen: yesterday", 0, "“seen” does not have the right form. Write live, stored_copy or no."),
    "hash by hand": ("text_sha256: ", "text_sha256: x", 0, "run “python -m trialguide sign”"),
    "other link": ("- {link: ", "- {link: https://a.eu, seen: live}\n    - {link: ", 0, "The links are not those of placebo: http"),
    "key twice": ('  role: "', '  role: "x"\n  role: "', 0, "“role” is written twice"),
    "Markdown in a role": ('role: "', 'role: "**the** ', 0, "Markdown"),
    "field in an organisation": (f'"{ORGANISATION}', f'"{{status}} {ORGANISATION}', 0, "Nobody fills in the field"),
}  # fmt: skip
# What is no mistake, but asks to look: changes of the record as above.
TO_LOOK_AT: dict[str, tuple[str, str, str]] = {
    "changed since the check": ("checked", "x", "The text of placebo has changed since it was checked on 2026-11-22"),
    "changed since the review": ("reviewed", "x", "The text of placebo has changed since it was reviewed on 2026-11-29"),
    "old check": ("checked", "2020-01-01", "The last check, 2020-01-01, is more than two years ago"),
    "next review passed": ("reviewed", "2026-11-29", "The next review of placebo was due on 2026-11-29"),
}


def own_text() -> list[dict[str, Any]]:
    variants: list[dict[str, Any]] = load_yaml(ROOT / "data" / "faq" / "placebo.yml")["responses"]["utter_faq/placebo"]
    return variants


def own_record(**changes: Any) -> Record:
    """A record that fits the answer."""
    sha256 = text_sha256(own_text())
    links = tuple(SeenLink(source["link"], STORED_COPY) for source in own_text()[0]["metadata"]["sources"])
    given = {"on": "2026-11-22", "checked": sha256, "reviewed": sha256, "next": "2999-11-30", "links": links} | changes
    return Record(
        Drafted("the project", "2026-11-22"),
        Checked("an editor", given["on"], given["checked"], given["links"]),
        Reviewed(ROLE, ORGANISATION, "2026-11-29", given["next"], "none", "nobody", given["reviewed"]),
    )


def told(folder: Path, record: str) -> list[str]:
    """The findings about a record, in a folder that holds the catalogue and its answer."""
    (folder / "data" / "faq").mkdir(parents=True, exist_ok=True)
    for name in ("topics.yml", "faq/placebo.yml"):
        shutil.copy(ROOT / "data" / name, folder / "data" / name)
    file = folder / PLACEBO
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(record, encoding="utf-8")
    return [
        str(finding) for finding in check_content(folder / "data") if "placebo" in str(finding) and "reviews" in finding.file
    ]


def test_a_record_that_fits_is_in_order(tmp_path: Path) -> None:
    assert told(tmp_path, written_record(own_record())) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_record_is_named_with_line_and_remedy(mistake: str, tmp_path: Path) -> None:
    there, instead, line, words = MISTAKES[mistake]
    before = written_record(own_record())
    assert there in before
    findings = told(tmp_path, before.replace(there, instead, 1))
    assert len(findings) <= 2, findings
    assert any(one.startswith(f"{PLACEBO}:{line or ''}") and words in one for one in findings), findings
    assert not any("Please look" in one for one in findings)


@pytest.mark.parametrize("change", TO_LOOK_AT)
def test_what_a_record_no_longer_says_is_told(change: str, tmp_path: Path) -> None:
    entry, value, words = TO_LOOK_AT[change]
    key = {"x": entry, "2020-01-01": "on", "2026-11-29": "next"}[value]
    findings = told(tmp_path, written_record(own_record(**{key: BEFORE if value == "x" else value})))
    assert len(findings) == 1, findings
    assert "Please look: " in findings[0]
    assert words in findings[0]
    assert f"python -m trialguide sign {'--checked ' if entry == 'checked' else ''}placebo" in findings[0]


def test_a_check_that_saw_no_link_is_none(tmp_path: Path) -> None:
    unseen = tuple(SeenLink(source["link"], "no") for source in own_text()[0]["metadata"]["sources"])
    (finding,) = told(tmp_path, written_record(own_record(links=unseen)))
    assert "None of the links was seen" in finding


def test_a_text_without_a_record_and_a_record_without_a_text_are_named(tmp_path: Path) -> None:
    data = shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.rmtree(data / "reviews")
    for kind, name in ((ANSWERS, "placebos"), (REPLIES, "utter_greet")):
        file = record_file(kind, name, data / "reviews")
        file.parent.mkdir(parents=True)
        file.write_text(written_record(Record(Drafted("us", "2026-11-22"))), encoding="utf-8")
    findings = [str(finding) for finding in check_content(data)]
    for words in (
        "data/reviews/answers/placebos.yml:1: “placebos” is no topic.",
        "data/reviews/replies/utter_greet.yml:1: “utter_greet” is no reply with sources.",
        "Please look: Nothing is on record about placebo, so it counts as a draft.",
        "Please look: Nothing is on record about utter_emergency, so it counts as a draft.",
        "data/reviews/directory.yml:1: The file is missing.",
    ):
        assert any(words in finding for finding in findings), words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clinics.csv: {checked_how: guessed, note: x}\n", "Write live, stored_copy or telephone."),
        ("clinics.csv: {checked_how: live, note: x}\n", "It does not say how the rows of emergency_numbers.csv were checked."),
        ("clinic.csv: {checked_how: live, note: x}\n", "“clinic.csv” is no file of the directory."),
    ],
)
def test_how_the_directory_was_checked_is_on_record(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "data" / "reviews").mkdir(parents=True)
    (tmp_path / "data" / "reviews" / "directory.yml").write_text(text, encoding="utf-8")
    assert any(words in str(finding) for finding in check_content(tmp_path / "data"))


def test_every_answer_and_reply_with_sources_has_a_record() -> None:
    content = read_content(ROOT / "data")
    files = {record_file(text.kind, text.name) for text in texts_of(content)}
    assert files == {file for kind in (ANSWERS, REPLIES) for file in (ROOT / "data" / "reviews" / kind).glob("*.yml")}


def test_the_statuses_are_counted() -> None:
    answers, replies = status_lines(read_content(ROOT / "data"))
    assert answers.startswith(f"{len(list((ROOT / 'data' / 'faq').glob('*.yml')))} answers: ")
    assert "replies with sources: " in replies
    assert answers.endswith(" reviewed by a clinician.")


# The operator


@pytest.mark.parametrize(
    ("text", "operator", "findings"),
    [
        ('name: ""\ncontact: ""\nfunding: ""\n', Operator(), []),
        ("name:\ncontact:\nfunding:\n", Operator(), []),
        ("name: Example Clinic\ncontact: a@b.example\nfunding: nobody\n", Operator("Example Clinic", "a@b.example", "nobody"), []),
        ("name: A\ncontact: ''\nfunding: no\n", Operator("A", "", "no"), ["data/operator.yml:2: “contact:” is empty"]),
        ("name: A\ncontact: ''\nfunding:\n", Operator("A"), ["“contact:” is empty", "“funding:” is empty"]),
        ("name: A\ncontact: b\n", Operator("A", "b"), ["“funding:” is missing"]),
        ("name: A\ncontact: b\nfounding: c\nfunding: d\n", Operator("A", "b", "d"), ["“founding” is not known here"]),
        ("name: [A, B]\ncontact: b\nfunding: d\n", None, ["“name” does not have the right form"]),
        ("name: A {x}\ncontact: b\nfunding: d\n", None, ["Nobody fills in the field “{x}” here"]),
        ("name: 'A\n", Operator(), ["not closed"]),
    ],
)  # fmt: skip
def test_who_runs_the_assistant(text: str, operator: Operator | None, findings: list[str], tmp_path: Path) -> None:
    file = tmp_path / "data" / "operator.yml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    told = [str(finding) for finding in check_content(tmp_path / "data") if finding.file == "data/operator.yml"]
    assert len(told) == len(findings), told
    assert all(words in one for words, one in zip(findings, told, strict=True))
    assert operator is None or load_operator(file) == operator


def test_nothing_is_stated_about_the_operator_of_what_we_ship() -> None:
    assert load_operator(OPERATOR) == Operator()
    assert load_operator(ROOT / "none.yml") == Operator()

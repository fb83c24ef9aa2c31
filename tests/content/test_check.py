"""The content check names file, line and remedy of whatever an editor can break."""

import csv
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from trialguide.commands.check import check_content

CLINICS, GROUPS, REGISTRIES, EMERGENCY = (
    f"directory/{name}.csv" for name in ("clinics", "support_groups", "registries", "emergency_numbers")
)
# What an editor might do: file, what stands there, what is put in its place; then where it is found and which words.
FAULTS = {
    "broken indentation": ("faq/placebo.yml", "    - text: |-", "   - text: |-\n  oops", "faq/placebo.yml", "not valid YAML"),
    "no source": ("faq/placebo.yml", "        sources:", "        sauces:", "faq/placebo.yml", "names no source"),
    "unquoted date": ("faq/placebo.yml", 'reviewed: "2026-11-22"', "reviewed: 2026-11-22", "faq/placebo.yml", "in quotes"),
    "impossible date": ("faq/placebo.yml", '"2026-11-22"', '"2026-13-45"', "faq/placebo.yml", "cannot be read"),
    "date ahead": ("faq/placebo.yml", '"2026-11-22"', '"2999-01-01"', "faq/placebo.yml", "lies ahead"),
    "old date": ("faq/placebo.yml", '"2026-11-22"', '"2020-01-01"', "faq/placebo.yml", "more than two years ago"),
    "due again": ("faq/placebo.yml", 'reviewed: "2026-11-22"', 'reviewed: "2026-11-22"\n        review_by: "2026-11-23"', "faq/placebo.yml", "was due by 2026-11-23"),
    "due on no day": ("faq/placebo.yml", 'reviewed: "2026-11-22"', 'reviewed: "2026-11-22"\n        review_by: soon', "faq/placebo.yml", "next review cannot be read"),
    "link without address": ("faq/placebo.yml", "link: http", "link: ask http", "faq/placebo.yml", "not complete"),
    "wrong intent": ("faq/placebo.yml", "intent: faq/placebo", "intent: faq/placebos", "faq/placebo.yml", "Write “faq/placebo”"),
    "no simpler words": ("faq/placebo.yml", "        simpler:", "        easier:", "faq/placebo.yml", "no simpler words"),
    "unknown related topic": ("topics.yml", "related: [phase_2,", "related: [phase_9,", "topics.yml", "“phase_9”"),
    "title twice": ("topics.yml", "title: What is PubMed?", "title: What is PRRT", "topics.yml", "also that of"),
    "unknown group": ("topics.yml", "group: results", "group: outcomes", "topics.yml", "no group “outcomes”"),
    "topic without file": ("topics.yml", "  phase_1:\n", "  phase_0:\n", "topics.yml", "no file data/faq/phase_0.yml"),
    "section missing": ("topics.yml", "lookups:\n", "look_ups:\n", "topics.yml", "lacks 'lookups'"),
    "unknown button": ("replies/conversation.yml", "buttons: [about_service]", "buttons: [abuot]", "replies/", "“abuot”"),
    "broken phrase": ("vocabulary/safety_phrases.yml", '"call(ing)?', '"call(ing?', "safety_phrases.yml", "cannot be read"),
    "unknown country": ("directory/clinics.csv", ",Berlin,DE,", ",Berlin,GERMANY,", "directory/clinics.csv", "two-letter code"),
    "latitude": ("directory/clinics.csv", ",52.54223,", ",520.54223,", "directory/clinics.csv", "decimal degrees"),
    "verified": ("directory/clinics.csv", ",true,true,", ",yes,true,", "directory/clinics.csv", "Write true or false"),
    "heading": ("directory/clinics.csv", "department,city", "department,town", "directory/clinics.csv", "city is missing"),
    "longitude": (CLINICS, ",13.3", ",east", CLINICS, "from -180 to 180"),
    "no number": (CLINICS, ",52.54223,", ",nan,", CLINICS, "from -90 to 90"),
    "source that is no address": (CLINICS, ",https://", ",see https://", CLINICS, "starts with https://"),
    "unknown precision": (CLINICS, ",address,", ",roughly,", CLINICS, "coord_precision"),
    "unconfirmed": (CLINICS, ",true,true,", ",true,maybe,", CLINICS, "specialist_confirmed"),
    "verified without a day": (CLINICS, ",2026-11-22\n", ",\n", CLINICS, "without it nobody sees"),
    "a day that lies ahead": (CLINICS, ",2026-11-22\n", ",2999-11-22\n", CLINICS, "year first"),
    "a day that is none": (CLINICS, ",2026-11-22\n", ",22.11.2026\n", CLINICS, "year first"),
    "checked long ago": (CLINICS, ",2026-11-22\n", ",2024-11-01\n", CLINICS, "long ago"),
    "a cell too many": (CLINICS, ",2026-11-22\n", ",2026-11-22,oops\n", CLINICS, "has not 20 cells"),
    "country of a group": (GROUPS, ",NO,", ",Norway,", GROUPS, "INT for everywhere"),
    "languages of a group": (GROUPS, ",nl; fr,", ",\"nl, fr\",", GROUPS, "separated by a semicolon"),
    "e-mail of a group": (GROUPS, ",info@netespana.org,", ",netespana.org,", GROUPS, "e-mail address"),
    "kind of a registry": (REGISTRIES, ",trial registry,", ",registry,", REGISTRIES, "patient resource or literature"),
    "search address": (REGISTRIES, "cond={condition}", "cond={disease}", REGISTRIES, "{condition}, {terms} or {country}"),
    "home page": (REGISTRIES, ",https://clinicaltrials.gov,", ",clinicaltrials.gov,", REGISTRIES, "home_url"),
    "emergency number": (EMERGENCY, ",112,single", ",one one two,single", EMERGENCY, "digits only"),
    "country without a code": (EMERGENCY, "\nAD,", "\nAndorra,", EMERGENCY, "two-letter code"),
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_file_line_and_remedy(fault: str, data: Path) -> None:
    name, there, instead, where, words = FAULTS[fault]
    content = (data / name).read_text(encoding="utf-8")
    assert there in content, "the table no longer fits the content"
    (data / name).write_text(content.replace(there, instead, 1), encoding="utf-8")
    findings = check_content(data)
    named = [str(finding) for finding in findings if where in finding.file and words in str(finding)]
    assert named, [str(finding) for finding in findings]
    assert all(finding.line >= 1 and finding.remedy for finding in findings)


def test_the_line_is_the_line_of_the_fault(data: Path) -> None:
    file = data / "faq" / "placebo.yml"
    lines = file.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if "reviewed:" in line)
    lines[number - 1] = "        reviewed: yesterday"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert [finding.line for finding in check_content(data)] == [number]


@pytest.mark.parametrize(("file", "column"), [(CLINICS, "source_url"), (GROUPS, "name"), (REGISTRIES, "home_url")])
def test_an_empty_cell_that_is_needed_is_named_with_its_line_and_column(file: str, column: str, data: Path) -> None:
    with (data / file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    rows[2][column] = ""
    with (data / file).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (finding,) = check_content(data)
    assert (finding.file, finding.line) == (f"data/{file}", 4)
    assert f"Column {column} " in finding.problem


@pytest.mark.parametrize("file", [CLINICS, GROUPS, REGISTRIES, EMERGENCY])
def test_a_row_that_stands_twice_is_named_with_both_lines(file: str, data: Path) -> None:
    lines = (data / file).read_text(encoding="utf-8").splitlines(keepends=True)
    (data / file).write_text("".join([*lines, lines[1]]), encoding="utf-8")
    (finding,) = check_content(data)
    assert (finding.line, finding.problem) == (len(lines) + 1, "The row repeats line 2.")


@pytest.mark.parametrize("file", [CLINICS, GROUPS, REGISTRIES, EMERGENCY])
def test_a_missing_or_unreadable_directory_file_is_named(file: str, data: Path) -> None:
    (data / file).write_bytes(b"name,country\n\xff\xfe")
    assert [str(finding) for finding in check_content(data) if "UTF-8" in finding.problem]
    (data / file).unlink()
    assert [finding.problem for finding in check_content(data)] == ["The file is missing."]


def test_a_byte_order_mark_does_no_harm(data: Path) -> None:
    content = (data / CLINICS).read_text(encoding="utf-8")
    (data / CLINICS).write_text(content, encoding="utf-8-sig")
    assert check_content(data) == []


def test_a_missing_topic_file_is_named(data: Path) -> None:
    (data / "faq" / "placebo.yml").unlink()
    assert any("has no file data/faq/placebo.yml" in str(finding) for finding in check_content(data))


def test_a_stray_topic_file_is_named(data: Path) -> None:
    shutil.copy(data / "faq" / "placebo.yml", data / "faq" / "placebos.yml")
    assert any("“placebos” is not in the catalogue" in str(finding) for finding in check_content(data))


def test_an_example_under_two_intents_is_named_with_both_lines(data: Path) -> None:
    file = data / "nlu" / "conversation.yml"
    file.write_text(
        file.read_text(encoding="utf-8") + "      - What is a placebo, exactly, in plain words for my aunt?\n", "utf-8"
    )
    other = data / "faq" / "placebo.yml"
    other.write_text(
        other.read_text(encoding="utf-8") + "      - what is a placebo exactly in plain words for my aunt\n", "utf-8"
    )
    problems = [str(finding) for finding in check_content(data)]
    assert len(problems) == 1
    assert "conversation.yml:" in problems[0]
    assert "placebo.yml:" in problems[0]


def test_a_long_and_hard_answer_is_named(data: Path) -> None:
    file = data / "faq" / "placebo.yml"
    hard = "Methodological considerations necessitate comprehensive multidisciplinary interpretation. " * 20
    content = file.read_text(encoding="utf-8")
    start, end = content.index("    - text: |-\n") + len("    - text: |-\n"), content.index("      metadata:")
    file.write_text(content[:start] + "        " + hard + "\n" + content[end:], encoding="utf-8")
    problems = " ".join(str(finding) for finding in check_content(data))
    assert "at most 90" in problems
    assert "reading grade" in problems

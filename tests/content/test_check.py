"""The content check names file, line and remedy of whatever an editor can break."""

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from tools.check import check_content

# What an editor might do: file, what stands there, what is put in its place; then where it is found and which words.
FAULTS = {
    "broken indentation": ("faq/placebo.yml", "    - text: |-", "   - text: |-\n  oops", "faq/placebo.yml", "not valid YAML"),
    "no source": ("faq/placebo.yml", "        sources:", "        sauces:", "faq/placebo.yml", "names no source"),
    "unquoted date": ("faq/placebo.yml", 'reviewed: "2026-11-22"', "reviewed: 2026-11-22", "faq/placebo.yml", "in quotes"),
    "impossible date": ("faq/placebo.yml", '"2026-11-22"', '"2026-13-45"', "faq/placebo.yml", "cannot be read"),
    "date ahead": ("faq/placebo.yml", '"2026-11-22"', '"2999-01-01"', "faq/placebo.yml", "lies ahead"),
    "old date": ("faq/placebo.yml", '"2026-11-22"', '"2020-01-01"', "faq/placebo.yml", "more than two years ago"),
    "link without address": ("faq/placebo.yml", "link: http", "link: ask http", "faq/placebo.yml", "not complete"),
    "wrong intent": ("faq/placebo.yml", "intent: faq/placebo", "intent: faq/placebos", "faq/placebo.yml", "Write “faq/placebo”"),
    "no simpler words": ("faq/placebo.yml", "        simpler:", "        easier:", "faq/placebo.yml", "no simpler words"),
    "unknown related topic": ("topics.yml", "related: [phase_2,", "related: [phase_9,", "topics.yml", "“phase_9”"),
    "title twice": ("topics.yml", "title: What is PubMed?", "title: What is PRRT", "topics.yml", "also that of"),
    "unknown group": ("topics.yml", "group: results", "group: outcomes", "topics.yml", "no group “outcomes”"),
    "topic without file": ("topics.yml", "  phase_1:\n", "  phase_0:\n", "topics.yml", "no file data/faq/phase_0.yml"),
    "section missing": ("topics.yml", "lookups:\n", "look_ups:\n", "topics.yml", "lacks 'lookups'"),
    "unknown button": ("replies/conversation.yml", "buttons: [about_service]", "buttons: [abuot]", "replies/", "“abuot”"),
    "broken phrase": ("safety_phrases.yml", '"call(ing)?', '"call(ing?', "safety_phrases.yml", "cannot be read"),
    "unknown country": ("directory/clinics.csv", ",Berlin,DE,", ",Berlin,GERMANY,", "directory/clinics.csv", "two-letter code"),
    "latitude": ("directory/clinics.csv", ",52.54223,", ",520.54223,", "directory/clinics.csv", "decimal degrees"),
    "verified": ("directory/clinics.csv", ",true,true,", ",yes,true,", "directory/clinics.csv", "Write true or false"),
    "heading": ("directory/clinics.csv", "department,city", "department,town", "directory/clinics.csv", "city is missing"),
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

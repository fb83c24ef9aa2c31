"""The content check names file, line and remedy of whatever an editor can break."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from trialguide.commands.check import check_content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import FIELD
from trialguide.commands.checking.wording import used_fields
from trialguide.content.files import load_yaml

CLINICS, GROUPS, REGISTRIES, EMERGENCY = (
    f"directory/{name}.csv" for name in ("clinics", "support_groups", "registries", "emergency_numbers")
)
PLACEBO, TOPICS, LOOKUPS, SMALL_TALK = "faq/placebo.yml", "topics.yml", "words/lookups.yml", "replies/conversation.yml"
FOLLOW_UPS, GLOSSARY = "follow_ups.yml", "glossary.yml"
SIMPLER = "        simpler: |-\n"
CHARITE = "Charité – Universitätsmedizin Berlin,"
# What an editor might do: file, what stands there, what is put in its place, and words of the finding. It is found on the
# first line that has changed, or so many lines below it.
MISTAKES: dict[str, tuple[str, str, str, str] | tuple[str, str, str, str, int]] = {
    # The form of a file
    "broken indentation": (PLACEBO, "    - text: |-", "   - text: |-\n  oops", "does not fit", 1),
    "tab as indentation": (PLACEBO, "        more:", "\tmore:", "indented with a tab"),
    "tab below examples": (PLACEBO, "      - what is a placebo\n", "\t- what is a placebo\n", "indented with a tab"),
    "tab behind a colon": (PLACEBO, "intent: faq", "intent:\tfaq", "There is a tab"),
    "colon left out": (PLACEBO, 'version: "3.1"', 'version "3.1"', "The colon after “version” is missing"),
    "colon left out before a text": (PLACEBO, SIMPLER, "        simpler |-\n", "The colon after “simpler” is missing"),
    "colon left out of a heading": (PLACEBO, "\nnlu:\n", "\nnlu\n", "The colon after “nlu” is missing"),
    "no space behind a colon": (PLACEBO, 'version: "3.1"', 'version:"3.1"', "no space after the colon of “version”"),
    "quote not closed": (PLACEBO, 'version: "3.1"', 'version: "3.1', "not closed"),
    "quote not closed in words": (LOOKUPS, 'text: "Further clinics:"', 'text: "Further clinics:', "not closed"),
    "colon in a title": (TOPICS, "title: What is a placebo?", "title: Placebo: what is it?", "colon followed by a space"),
    "text that begins with a star": (TOPICS, "title: What is a placebo?", "title: *Placebo*", "cannot begin with “*”"),
    "impossible date without quotes": (PLACEBO, 'version: "3.1"', "version: 2026-13-45", "There is no day 2026-13-45"),
    "invisible character": (PLACEBO, "dummy treatment", "dummy \x0b treatment", "no editor shows"),
    "text behind a number sign": (TOPICS, "title: What is a placebo?", "title: What is a #placebo?", "behind “#” in this line is left out"),
    "marks of a merge": (PLACEBO, "nlu:\n", "<<<<<<< HEAD\nnlu:\n=======\nnlu:\n>>>>>>> other\n", "two versions that Git could not join"),
    "text that is folded": (PLACEBO, "text: |-", "text: >-", "“|-” are missing"),
    "bar of the text deleted": (PLACEBO, "text: |-", "text:", "“|-” are missing"),
    "bar of the simpler words deleted": (PLACEBO, "simpler: |-", "simpler:", "“|-” are missing"),
    "bar of the examples deleted": (PLACEBO, "examples: |", "examples:", "“|” is missing"),
    "line of the examples deleted": (PLACEBO, "    examples: |\n", "", "“examples: |” is missing"),
    "example without a dash": (PLACEBO, "- fake medicine", "fake medicine", "no example"),
    "example indented too far": (PLACEBO, "- fake medicine", "  - fake medicine", "no example"),
    "dash without an example": (PLACEBO, "- fake medicine", "-", "no example"),
    "example with a link": (PLACEBO, "- fake medicine", "- [fake](medicine)", "square brackets"),
    "key twice": (PLACEBO, "        more: |-", "        simpler: |-", "“simpler” is written twice"),
    "topic twice": (TOPICS, "  phase_2:\n", "  phase_1:\n", "“phase_1” is written twice"),
    # Follow-ups
    "follow-up to no topic": (FOLLOW_UPS, "\nplacebo:\n", "\nplacebos:\n", "There is no topic “placebos”"),
    "follow-up without a target": (FOLLOW_UPS, "  no_answer:\n", "  nothing:\n", "“nothing” is no topic and no look-up"),
    "follow-ups without a list": (FOLLOW_UPS, "  costs:\n    - is it free?\n", "  costs: is it free?\n", "List its words"),
    # The glossary
    "term twice": (GLOSSARY, "\n  amine:\n", "\n  acute:\n", "“acute” is written twice"),
    "name of two terms": (GLOSSARY, "    term: amine\n", "    term: Acute\n", "“Acute” is a name of “acute” already"),
    "form of two terms": (GLOSSARY, "forms: [anemia, ", "forms: [active-surveillance, ", "“active-surveillance” is a name of “active surveillance” already"),
    "name without letters": (GLOSSARY, "forms: [anemia, ", "forms: [anemia, '?', ", "“?” holds no letter"),
    "topic of a term": (GLOSSARY, "topic: liver_treatments", "topic: liver", "There is no topic “liver”"),
    "meaning too long": (GLOSSARY, "meaning: The part of the body", "meaning: Yes, yes, so it is, so it is, so it is, well, the part of the body", "at most 30 are allowed"),
    "meaning too hard": (GLOSSARY, "meaning: Starting suddenly", "meaning: Unexpectedly necessitating immediate multidisciplinary consideration, starting suddenly", "reading grade"),
    "field in a meaning": (GLOSSARY, "meaning: Starting", "meaning: Starting {day}", "“{day}”"),
    "link of a term": (GLOSSARY, 'link: "https:', 'link: "http:', "no address that starts with https://"),
    "meaning of a term deleted": (GLOSSARY, "    meaning: Starting suddenly and getting worse fast, but not lasting long.\n", "", "“meaning:” is missing", -4),
    "key of a term misspelt": (GLOSSARY, "    meaning: Starting", "    meanning: Starting", "Write “meaning:”"),
    "forms without brackets": (GLOSSARY, "forms: [active control]", "forms: active control", "between square brackets"),
    "name that is only asked for": (GLOSSARY, "only_asked: [belly, tummy]", "only_asked: [bellies]", "“bellies” is no name of “abdomen”"),
    "broken expression of a meaning": ("vocabulary/meanings.yml", "(please )?(define|explain", "(please )?define|explain", "cannot be read"),
    # Lines that are missing or misspelt
    "version deleted": (PLACEBO, 'version: "3.1"\n', "", "first line is missing"),
    "version without quotes": (PLACEBO, 'version: "3.1"', "version: 3.1", "“version” does not have the right form"),
    "responses deleted": (PLACEBO, "responses:\n", "", "does not fit", 0),
    "name of the answer deleted": (PLACEBO, "  utter_faq/placebo:\n", "", "“responses” does not have the right form", -1),
    "name of the answer misspelt": (PLACEBO, "utter_faq/placebo", "utter_faq/placbo", "Write “utter_faq/placebo:”"),
    "metadata deleted": (PLACEBO, "      metadata:\n", "", "“metadata:” is missing", -4),
    "list of examples deleted": (PLACEBO, "\nnlu:\n", "\n", "does not fit", 0),
    "intent deleted": (PLACEBO, "  - intent: faq/placebo\n", "", "“nlu” does not have the right form", -1),
    "wrong intent": (PLACEBO, "intent: faq/placebo", "intent: faq/placebos", "Write “faq/placebo”"),
    "missed emergency out of scope": (
        "nlu/out_of_scope.yml",
        "- help my sourdough collapsed",
        "- help my mum collapsed",
        "sounds like danger",
    ),
    "unknown intent": ("nlu/conversation.yml", "intent: greet\n", "intent: gret\n", "“gret” is not in the catalogue"),
    "no source": (PLACEBO, "        sources:", "        sauces:", "Write “sources:”"),
    "no simpler words": (PLACEBO, "        simpler:", "        easier:", "“easier” is not known"),
    "more misspelt": (PLACEBO, "        more:", "        moer:", "Write “more:”"),
    "organisation misspelt": (PLACEBO, "          - organisation:", "          - organization:", "not complete"),
    "group of a topic deleted": (TOPICS, "    group: what_a_trial_is\n", "", "“group:” is missing", -2),
    "title of a topic deleted": (TOPICS, "    title: What is a clinical trial?\n", "", "“title:” is missing", -1),
    "facts deleted": (TOPICS, "    must:\n      - carefully planned study\n      - human volunteers\n      - finds out whether a treatment is safe and effective\n", "", "“must:” is missing", -4),
    "a fact deleted": (TOPICS, "      - human volunteers\n", "", "The fact “human volunteers”", -2),
    "a fact changed": (TOPICS, "      - human volunteers\n", "      - volunteers\n", "The fact “human volunteers”", -2),
    "source of a topic": (TOPICS, "    source: page", "    source: the page", "Write page or common"),
    "related without brackets": (TOPICS, "related: [trial_types, phases_overview, why_trials_matter]", "related: trial_types", "square brackets|two to four"),
    "related misspelt": (TOPICS, "    related: [trial_types", "    relatd: [trial_types", "Write “related:”"),
    "unknown related topic": (TOPICS, "related: [phase_2,", "related: [phase_9,", "“phase_9”"),
    "title twice": (TOPICS, "title: What is PubMed?", "title: What is PRRT", "also that of"),
    "title that is no text": (TOPICS, "title: What is a placebo?", "title: yes", "“title” does not have the right form"),
    "unknown group": (TOPICS, "group: results", "group: outcomes", "no group “outcomes”"),
    "topic without file": (TOPICS, "  phase_1:\n", "  phase_0:\n", "no file data/faq/phase_0.yml"),
    "section misspelt": (TOPICS, "\nlookups:\n", "\nlook_ups:\n", "Write “lookups:”"),
    "reply deleted": (SMALL_TALK, "utter_greet:", "utter_great:", "“utter_great” may be it"),
    "words deleted": (LOOKUPS, "  further_clinics:\n", "", "is written twice|“further_clinics” is missing", 0),
    "words misspelt": (LOOKUPS, "  further_clinics:\n", "  futher_clinics:\n", "“further_clinics” is missing"),
    "text of words deleted": (LOOKUPS, '    text: "Further clinics:"\n', "", "“further_clinics” is empty", -1),
    "unknown button": (SMALL_TALK, "buttons: [about_service]", "buttons: [abuot]", "“abuot”", -3),
    "unknown starter": ("words/widget.yml", "what_are_nets", "what_are_net", "“what_are_net”"),
    "broken phrase": ("vocabulary/safety_phrases.yml", '"call(ing)?', '"call(ing?', "cannot be read"),
    "broken expression of a courtesy": ("vocabulary/courtesies.yml", "(please|pls", "please|pls", "cannot be read"),
    "list of the vocabulary misspelt": ("vocabulary/masking.yml", "\nclosing:\n", "\nclosings:\n", "Write “closing:”"),
    "list of the vocabulary deleted": ("vocabulary/choice_words.yml", "naming: [number, numer, nummer, numero, option, choice]\n", "", "“naming:” is missing", -12),
    "word that needs quotes": ("vocabulary/choice_words.yml", '"yes", ok', "yes, ok", "Put it into quotes"),
    "country that needs quotes": ("vocabulary/audience.yml", "[GB, US", "[NO, US", "needs its quotes"),
    "phrase that ends with a colon": ("vocabulary/courtesies.yml", "opening:\n", "opening:\n  - with pleasure:\n", "“opening” does not have the right form"),
    "number of a word": ("vocabulary/feedback_words.yml", "three: 3", "three: III", "in figures"),
    "words of the vocabulary that are none": ("vocabulary/languages.yml", "\nsv:", "\nsv: och\nfi:", "“sv” does not have the right form"),
    # What is said
    "date of an earlier version": (PLACEBO, "        sources:", '        reviewed: "2026-11-22"\n        sources:', "not read any more"),
    "link without address": (PLACEBO, "link: http", "link: www", "is no address", -1),
    "link with a blank": (PLACEBO, "://www.", "://www. ", "holds a blank", -1),
    "answer too long": (PLACEBO, "A placebo looks", "So. " * 14 + "A placebo looks", "together at most 100", -1),
    "emoji": (PLACEBO, "A placebo looks", "🙂 A placebo looks", "an emoji: “🙂”", -1),
    "HTML in an answer": (PLACEBO, "A placebo looks", "<b>A placebo</b> looks", "HTML: “<b>”", -1),
    "HTML character in an answer": (PLACEBO, "A placebo looks", "A placebo&nbsp;looks", "HTML: “&nbsp;”", -1),
    "bold in an answer": (PLACEBO, "A placebo looks", "A **placebo** looks", "Markdown: “**placebo**”", -1),
    "link in an answer": (PLACEBO, "A placebo looks", "A [placebo](https://a.example) looks", "Markdown", -1),
    "italics in an answer": (PLACEBO, "A placebo looks", "A _placebo_ looks", "Markdown: “_placebo_”", -1),
    "list in an answer": (PLACEBO, "A placebo looks", "* A placebo looks", "Markdown: “* A placebo", -1),
    "table in an answer": (PLACEBO, "A placebo looks", "| a | b |\n        A placebo looks", "Markdown: “| a | b |”", -1),
    "link between angle brackets": (PLACEBO, "A placebo looks", "<https://a.example> A placebo looks", "Markdown", -1),
    "heading in simpler words": (PLACEBO, "A placebo is a dummy.", "# A placebo is a dummy.", "Markdown", -1),
    "field in an answer": (PLACEBO, "A placebo looks", "A placebo in {country} looks", "“{country}”", -1),
    "broken letters in an answer": (PLACEBO, "A placebo looks", "A placebo (MÃ¼nchen) looks", "broken letters: “(MÃ¼nchen)”", -1),
    "field misspelt": (LOOKUPS, "people in {country}", "people in {countryx}", "“{countryx}” here. Known here are: {country}", -1),
    "field with a blank": (LOOKUPS, "people in {country}", "people in { country}", "A brace stands alone", -1),
    "brace deleted": (LOOKUPS, "people in {country}", "people in {country", "A brace stands alone", -1),
    "field of a reply misspelt": ("replies/safety.yml", "emergency. {call}", "emergency. {cal}", "“{cal}”", -1),
    "field of a label deleted": ("words/widget.yml", "left: {left}", "left", "“{left}” is missing"),
    "Markdown in words": (LOOKUPS, "Further clinics:", "**Further** clinics:", "Markdown"),
    # The directory
    "unknown country": (CLINICS, ",Berlin,DE,", ",Berlin,GERMANY,", "two-letter code"),
    "country in words": (CLINICS, ",Berlin,DE,", ",Berlin,Germany,", "two-letter code"),
    "country in small letters": (CLINICS, ",Berlin,DE,", ",Berlin,de,", "two-letter code"),
    "country as it is said": (CLINICS, ",GB,", ",UK,", "two-letter code"),
    "latitude": (CLINICS, ",52.54223,", ",520.54223,", "decimal degrees"),
    "longitude": (CLINICS, ",13.3", ",east", "from -180 to 180"),
    "no number": (CLINICS, ",52.54223,", ",nan,", "from -90 to 90"),
    "decimal comma": (CLINICS, ",52.54223,13.34783,", ',"52,54223","13,34783",', "with a point"),
    "coordinates swapped": (CLINICS, ",52.54223,13.34783,", ",13.34783,52.54223,", "are swapped"),
    "coordinates of another city": (CLINICS, ",52.54223,13.34783,", ",48.13743,11.57549,", "km away from Berlin (DE)"),
    "minus of a longitude left out": (CLINICS, ",-3.", ",3.", "km away from"),
    "coordinates in another country": (CLINICS, ",Bad Berka,DE,", ",Bad Berka,PT,", "km away from Bad Berka (PT)"),
    "source that is no address": (CLINICS, ",https://", ",see https://", "starts with https://"),
    "address without a scheme": (CLINICS, ",https://www.charite.de,", ",www.charite.de,", "starts with https://"),
    "unknown precision": (CLINICS, ",address,", ",roughly,", "coord_precision"),
    "verified": (CLINICS, ",true,true,", ",yes,true,", "Write true or false"),
    "capital letters": (CLINICS, ",true,true,", ",TRUE,TRUE,", "Write true or false"),
    "unconfirmed": (CLINICS, ",true,true,", ",true,maybe,", "specialist_confirmed"),
    "verified without a day": (CLINICS, ",2026-11-22\n", ",\n", "without it nobody sees"),
    "a day that lies ahead": (CLINICS, ",2026-11-22\n", ",2999-11-22\n", "year first"),
    "a day that is none": (CLINICS, ",2026-11-22\n", ",22.11.2026\n", "year first"),
    "checked long ago": (CLINICS, ",2026-11-22\n", ",2024-11-01\n", "long ago"),
    "heading": (CLINICS, "department,city", "department,town", "city is missing"),
    "a cell too many": (CLINICS, ",2026-11-22\n", ",2026-11-22,oops\n", "has not 20 cells but 21"),
    "a cell too few": (CLINICS, ",,https://www.charite.de,", ",https://www.charite.de,", "has not 20 cells but 19"),
    "comma in a cell without quotes": (CLINICS, CHARITE, "Charité, Berlin,", "has not 20 cells but 21"),
    "quote of a cell not closed": (CLINICS, 'Gastroenterology"', "Gastroenterology", "not closed"),
    "empty row": (CLINICS, f"\n{CHARITE}", f"\n{',' * 19}\n{CHARITE}", "The row is empty"),
    "row of blanks": (CLINICS, f"\n{CHARITE}", f"\n   \n{CHARITE}", "has not 20 cells but 1"),
    "formula": (CLINICS, CHARITE, "=1+1,", "a formula: “=1+1”"),
    "error of a formula": (CLINICS, CHARITE, "#NAME?,", "a formula: “#NAME?”"),
    "HTML in the directory": (CLINICS, CHARITE, "<b>Charité</b>,", "holds HTML"),
    "telephone number without country code": (CLINICS, ",+49 30 450-50,", ",030 450-50,", "has no country code"),
    "telephone number with words": (CLINICS, ",+49 30 450-50,", ",ask at the desk,", "country code"),
    "telephone number as a power of ten": (CLINICS, ",+49 30 450-50,", ",4.93045E+11,", "country code"),
    "country of a group": (GROUPS, ",NO,", ",Norway,", "INT for everywhere"),
    "languages of a group": (GROUPS, ",nl; fr,", ',"nl, fr",', "separated by a semicolon"),
    "e-mail of a group": (GROUPS, ",info@netespana.org,", ",netespana.org,", "e-mail address"),
    "kind of a registry": (REGISTRIES, ",trial registry,", ",registry,", "patient resource or literature"),
    "search address": (REGISTRIES, "cond={condition}", "cond={disease}", "{condition}, {terms} or {country}"),
    "home page": (REGISTRIES, ",https://clinicaltrials.gov,", ",clinicaltrials.gov,", "home_url"),
    "emergency number": (EMERGENCY, ",112,single", ",one one two,single", "digits only"),
    "country without a code": (EMERGENCY, "\nAD,", "\nAndorra,", "two-letter code"),
}  # fmt: skip


# Of these files an editor may add and take away keys.
FREE_KEYS = frozenset({"languages", "short_forms", "emoji"})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path / "data"


@cache
def content_of(name: str) -> str:
    return (ROOT / "data" / name).read_text(encoding="utf-8")


def told_of(name: str, content: bytes, folder: Path) -> list[Finding]:
    """The findings in a folder that holds a changed file and the catalogue, beyond those for all that is not there."""
    data = folder / "data"
    (data / name).parent.mkdir(parents=True, exist_ok=True)
    (data / TOPICS).write_text(content_of(TOPICS), encoding="utf-8")
    if not (folder / "tests").exists():
        shutil.copytree(ROOT / "tests" / "content" / "facts", folder / "tests" / "content" / "facts")
    (data / name).write_text(content_of(name), encoding="utf-8")
    usual = {(finding.file, finding.problem) for finding in check_content(data)}
    (data / name).write_bytes(content)
    return [finding for finding in check_content(data) if (finding.file, finding.problem) not in usual]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_remedy(mistake: str, tmp_path: Path) -> None:
    name, there, instead, words, *below = MISTAKES[mistake]
    before = content_of(name)
    assert there in before, "the table no longer fits the content"
    after = before.replace(there, instead, 1)
    same = zip(before.split("\n"), after.split("\n"), strict=False)
    changed = next(number for number, (old, new) in enumerate(same, start=1) if old != new)
    findings = told_of(name, after.encode(), tmp_path)
    told = [str(finding) for finding in findings]
    wanted = f"data/{name}:{changed + sum(below)}: "
    assert any(one.startswith(wanted) and any(word in one for word in words.split("|")) for one in told), (wanted, told)
    assert len(told) <= 6, told
    assert all(finding.line >= 1 and finding.remedy for finding in findings)


def through_a_spreadsheet(text: str, separator: str = ",", **changed: Callable[[str], str]) -> str:
    """A CSV file as a spreadsheet program saves it, with the cells of some columns changed."""
    rows = list(csv.DictReader(io.StringIO(text)))
    saved = io.StringIO()
    writer = csv.DictWriter(saved, list(rows[0]), delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: changed.get(column, str)(cell) for column, cell in row.items()} for row in rows)
    return saved.getvalue()


# Each of these changes the whole file, and is told once.
SPREADSHEETS: dict[str, tuple[Callable[[str], str], str]] = {
    "semicolons": (lambda text: through_a_spreadsheet(text, ";"), "separated by semicolons"),
    "tabs": (lambda text: through_a_spreadsheet(text, "\t"), "separated by tabs"),
    "a line that names the separator": (lambda text: "sep=;\n" + through_a_spreadsheet(text, ";"), "separated by semicolons"),
    "mojibake": (lambda text: text.encode().decode("cp1252", "replace"), "“CharitÃ©”, and those of"),
    "capital TRUE": (lambda text: through_a_spreadsheet(text, verified=str.upper), "Write true or false"),
    "plus signs lost": (
        lambda text: through_a_spreadsheet(text, phone=lambda cell: re.sub(r"\D", "", cell)), "have no country code"
    ),
    "dates turned round": (
        lambda text: through_a_spreadsheet(text, checked_on=lambda day: ".".join(reversed(day.split("-")))), "year first"
    ),
    "decimal commas": (
        lambda text: through_a_spreadsheet(text, latitude=lambda cell: cell.replace(".", ",")), "decimal degrees"
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", SPREADSHEETS)
def test_what_a_spreadsheet_program_did_to_a_file_is_told_once(damage: str, tmp_path: Path) -> None:
    change, words = SPREADSHEETS[damage]
    (finding,) = told_of(CLINICS, change(content_of(CLINICS)).encode(), tmp_path)
    assert finding.file == f"data/{CLINICS}"
    assert words in str(finding)
    assert "Bring the earlier version" in finding.remedy


@pytest.mark.parametrize("name", [PLACEBO, TOPICS, LOOKUPS, SMALL_TALK, "nlu/safety.yml", "vocabulary/safety_phrases.yml"])
def test_no_line_that_is_deleted_or_cut_makes_the_check_fail(name: str, tmp_path: Path) -> None:
    lines = content_of(name).splitlines(keepends=True)
    for number in range(0, len(lines), max(1, len(lines) // 8)):
        for instead in ("", lines[number][: len(lines[number]) // 2] + "\n", " " + lines[number]):
            changed = "".join([*lines[:number], instead, *lines[number + 1 :]])
            assert all(finding.remedy for finding in told_of(name, changed.encode(), tmp_path))


@pytest.mark.parametrize("file", sorted((ROOT / "data" / "vocabulary").glob("*.yml")), ids=lambda file: file.stem)
def test_every_list_of_the_vocabulary_that_is_missing_is_told(file: Path, data: Path) -> None:
    content = load_yaml(file)
    for name in content if file.stem not in FREE_KEYS else ():
        rest = {key: value for key, value in content.items() if key != name}
        (data / "vocabulary" / file.name).write_text(yaml.safe_dump(rest, allow_unicode=True), encoding="utf-8")
        told = [str(finding) for finding in check_content(data) if finding.file == f"data/vocabulary/{file.name}"]
        assert any(f"“{name}:” is missing" in one or f"“{name}” has no phrases" in one for one in told), (name, told)


@pytest.mark.parametrize("character", ["\0", "\x0b", "\u2028", "\r"])
def test_no_character_in_a_directory_file_makes_the_check_fail(character: str, tmp_path: Path) -> None:
    changed = content_of(CLINICS).replace(CHARITE, f"Charité{character},").replace("+49 30", f"49{character}30")
    assert all(finding.remedy for finding in told_of(CLINICS, changed.encode(), tmp_path))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
@pytest.mark.parametrize("name", [PLACEBO, CLINICS])
def test_another_encoding_is_named(name: str, encoding: str, tmp_path: Path) -> None:
    changed = (content_of(name) + "# é\n").encode(encoding, "replace")
    assert [finding.problem for finding in told_of(name, changed, tmp_path)] == ["The file is not in UTF-8."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_of_windows_and_a_byte_order_mark_do_no_harm(encoding: str, data: Path) -> None:
    for name in (PLACEBO, TOPICS, LOOKUPS, CLINICS, GROUPS):
        text = (data / name).read_text(encoding="utf-8").replace("\n", "\r\n")
        (data / name).write_bytes(text.encode(encoding))
    assert check_content(data) == []


@pytest.mark.parametrize("name", ["placebo.yaml", "placebo.yml.txt", "placebo (copy).txt"])
def test_a_file_that_is_not_read_is_named(name: str, data: Path) -> None:
    (data / "faq" / "placebo.yml").rename(data / "faq" / name)
    told = [str(finding) for finding in check_content(data)]
    assert any(f"“{name}” is not read" in one for one in told)
    assert any("has no file data/faq/placebo.yml" in one for one in told)


def test_the_table_of_fields_is_that_of_the_content() -> None:
    written: dict[str, dict[str, dict[str, set[str]]]] = {}
    for folder in ("words", "replies"):
        for file in (ROOT / "data" / folder).glob("*.yml"):
            content = load_yaml(file)
            for section in {"words", "labels", "responses"} & content.keys():
                names = written.setdefault(f"{folder}/{file.name}", {}).setdefault(section, {})
                for name, entry in content[section].items():
                    text = entry if isinstance(entry, str) else (entry[0] if isinstance(entry, list) else entry)["text"]
                    names[name] = set(FIELD.findall(text))
    known = {
        file: {section: {name: set(fields) for name, fields in names.items()} for section, names in sections.items()}
        for file, sections in used_fields().items()
    }
    assert known == written


def test_the_line_is_the_line_of_the_fault(data: Path) -> None:
    file = data / "faq" / "placebo.yml"
    lines = file.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if "organisation:" in line)
    lines[number - 1] = "          - organisation:"
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
    assert "at most 90 are allowed" in problems
    assert "reading grade" in problems

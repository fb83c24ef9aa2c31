"""Checks of the glossary: names of two terms, topics, the length and grade of meanings, links."""

import re
from collections.abc import Iterator
from typing import Any

from trialguide.commands.checking.answers import HIGHEST_GRADE, words_and_grade
from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.commands.yaml_lines import ContentFile
from trialguide.content.files import GLOSSARY
from trialguide.text.words import simplified

MOST_WORDS = 30
LINK = re.compile(r"https://[^\s/]+\.[^\s/]+(?:/\S*)?")


def check_glossary(content: Content) -> Iterator[Finding]:
    """Mistakes in `glossary.yml`."""
    path = content.data / GLOSSARY.name
    file = content.files.get(path)
    if file is None:
        if not path.exists():
            yield Finding(content.name(path), 1, "The file is missing.", "Bring it back.")
        return
    terms = file.data["terms"]
    yield from _repeated_names(content, file)
    for id, row in terms.items():
        yield from _check_meaning(content, file, id, row["meaning"])
        for name in row.get("only_asked", ()):
            if name not in (row["term"], *row["forms"]):
                problem = f"“{name}” is no name of “{row['term']}”."
                yield content.at(file, ("terms", id, "only_asked"), problem, "Write it as in “term:” or “forms:”.")
        if not LINK.fullmatch(row["source"]["link"]):
            problem = f"The link “{row['source']['link']}” is no address that starts with https://."
            remedy = "Write the address as the browser shows it, with https://."
            yield content.at(file, ("terms", id, "source", "link"), problem, remedy)
        if "topic" in row and content.catalogue is not None and row["topic"] not in content.catalogue["answers"]:
            remedy = "Write the id of a topic of data/topics.yml, or leave the line out."
            yield content.at(file, ("terms", id, "topic"), f"There is no topic “{row['topic']}”.", remedy)


def _repeated_names(content: Content, file: ContentFile) -> Iterator[Finding]:
    """Names of two terms: the first would always be the one that is explained."""
    seen: dict[str, tuple[str, str]] = {}
    for id, row in file.data["terms"].items():
        for where, name in _names(row):
            if not simplified(name):
                problem = f"“{name}” holds no letter and no figure."
                yield content.at(file, ("terms", id, *where), problem, "Write a word, or take it out.")
                continue
            other, written = seen.setdefault(simplified(name), (id, name))
            if other != id:
                problem = f"“{name}” is a name of “{file.data['terms'][other]['term']}” already, as “{written}”."
                yield content.at(file, ("terms", id, *where), problem, "Keep it with one of the two terms.")


def _names(row: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield ("term",), row["term"]
    for position, form in enumerate(row["forms"]):
        yield ("forms", position), form


def _check_meaning(content: Content, file: ContentFile, id: str, meaning: str) -> Iterator[Finding]:
    where = ("terms", id, "meaning")
    for problem, remedy in faults_of_signs(meaning):
        yield content.at(file, where, problem, remedy)
    words, grade = words_and_grade(meaning)
    if words > MOST_WORDS:
        yield content.at(file, where, f"The meaning has {words} words; at most {MOST_WORDS} are allowed.", "Shorten it.")
    if grade > HIGHEST_GRADE:
        problem = f"The meaning has reading grade {grade:.1f}, above {HIGHEST_GRADE:.0f}."
        yield content.at(file, where, problem, "Use shorter sentences and shorter words.")

"""Checks of the words and replies: their names, fields, buttons and signs."""

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from trialguide.commands.checking.answers import check_sources
from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import FIELD, faults_of_signs
from trialguide.commands.yaml_lines import ContentFile, Location
from trialguide.content.files import load_yaml

FIELDS = Path(__file__).with_name("fields.yml")


def check_wording(content: Content) -> Iterator[Finding]:
    """Mistakes in `data/words/` and `data/replies/`."""
    for file in (*content.of_folder("words"), *content.of_folder("replies")):
        sections = used_fields().get(file.path.relative_to(content.data).as_posix(), {})
        for section in ("words", "labels", "responses"):
            yield from _check_section(content, file, section, sections.get(section, {}))
        if "starters" in file.data:
            yield from _check_buttons(content, file, ("starters",), file.data["starters"])


@cache
def used_fields() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    """The fields that the program fills in, by file, section and name."""
    table: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = load_yaml(FIELDS)
    return table


def _check_section(content: Content, file: ContentFile, section: str, used: Mapping[str, list[str]]) -> Iterator[Finding]:
    entries: dict[str, Any] = file.data.get(section) or {}
    for name in used.keys() - entries.keys():
        near = difflib.get_close_matches(name, entries.keys() - used.keys(), n=1)
        remedy = f"“{near[0]}” may be it, misspelt." if near else "Bring it back: the program needs it."
        yield content.at(file, (section, *near), f"The text “{name}” is missing.", remedy)
    for name, entry in entries.items():
        where: Location = (section, name)
        if isinstance(entry, str):
            text = entry
            for field in set(used.get(name, ())) - set(FIELD.findall(text)):
                yield content.at(file, where, f"The field “{{{field}}}” is missing.", "Bring it back: a label needs all.")
        elif isinstance(entry, list):
            for number, variant in enumerate(entry):
                yield from _check_variant(content, file, (section, name, number), variant, used.get(name))
            continue
        else:
            text, where = entry["text"], (section, name, "text")
            yield from _check_buttons(content, file, (section, name), entry.get("buttons", ()))
        for problem, remedy in faults_of_signs(text, used.get(name)):
            yield content.at(file, where, problem, remedy)


def _check_variant(
    content: Content, file: ContentFile, where: Location, variant: dict[str, Any], fields: list[str] | None
) -> Iterator[Finding]:
    metadata = variant.get("metadata", {})
    yield from _check_buttons(content, file, where[:2], metadata.get("buttons", ()))
    if "sources" in metadata:
        yield from check_sources(content, file, (*where, "metadata"), metadata)
    for problem, remedy in faults_of_signs(variant["text"], fields):
        yield content.at(file, (*where, "text"), problem, remedy)


def _check_buttons(
    content: Content, file: ContentFile, where: tuple[str | int, ...], buttons: list[str] | tuple[()]
) -> Iterator[Finding]:
    if content.catalogue is None:
        return
    for button in buttons:
        if button not in content.titles:
            yield content.at(file, where, f"Button “{button}” is no topic or look-up.", "Use an id of data/topics.yml.")

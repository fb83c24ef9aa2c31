"""Schema validation of the content files, by the schemas of `structure.yml`."""

import difflib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from trialguide.commands.checking.findings import Mistake
from trialguide.commands.yaml_lines import ContentFile
from trialguide.content.files import load_yaml

SCHEMAS = Path(__file__).with_name("structure.yml")
FOLDERS = {"faq": "answer", "nlu": "examples", "replies": "replies", "words": "words"}
# Files that stand in no folder.
BESIDE_THE_FOLDERS = {
    "topics.yml": "catalogue",
    "follow_ups.yml": "follow_ups",
    "harmless.yml": "harmless",
    "glossary.yml": "glossary",
    "operator.yml": "operator",
}
# Kinds of files in which `on`, `no` and days are texts.
TEXTS_ONLY = frozenset({"review", "directory_reviews", "operator", "glossary"})
COMPARE = "Compare it with the entries around it, or with an earlier version of the file."


def kind_of(path: Path) -> str | None:
    """The kind of a content file, or None for one whose form is not checked; each file of the vocabulary is one of its own."""
    if path.parent.name == "vocabulary":
        return path.stem if path.stem in _schemas()["vocabulary"] else None
    if "reviews" in (path.parent.name, path.parent.parent.name):
        return "directory_reviews" if path.parent.name == "reviews" else "review"
    return BESIDE_THE_FOLDERS.get(path.name) or FOLDERS.get(path.parent.name)


def mistakes_in_structure(file: ContentFile) -> Iterator[Mistake]:
    """Keys that are missing, repeated, misspelt or of another form than they should be."""
    for location, line in file.repeated:
        yield line, f"“{location[-1]}” is written twice here.", "Keep one of them."
    kind = kind_of(file.path)
    if kind is None:
        return
    seen = set()
    for error in sorted(_validator(kind).iter_errors(file.data), key=lambda error: [str(part) for part in error.path]):
        for mistake in _mistakes(file, error):
            if mistake not in seen:
                seen.add(mistake)
                yield mistake


def _mistakes(file: ContentFile, error: ValidationError) -> Iterator[Mistake]:
    location = tuple(error.absolute_path)
    line, schema = file.line(*location), error.schema
    properties: dict[str, Any] = schema.get("properties", {})
    if error.validator == "required":
        # Each missing key has an error of its own, which names it in the message alone.
        name = next(name for name in error.validator_value if error.message.startswith(f"'{name}'"))
        rules = properties.get(name, {})
        problem = rules.get("missing") or f"“{name}:” is missing{_within(location)}."
        yield line, problem, rules.get("remedy") or f"Bring the line “{name}:” back."
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        for name in error.instance.keys() - properties.keys():
            near = difflib.get_close_matches(str(name), properties, n=1)
            remedy = f"Write “{near[0]}:”." if near else f"Known are: {', '.join(properties)}."
            yield file.line(*location, str(name)), f"“{name}” is not known here.", remedy
    else:
        remedy = schema.get("remedy", COMPARE)
        yield line, f"{_named(location)} {'is empty' if not error.instance else 'does not have the right form'}.", remedy


def _named(location: tuple[str | int, ...]) -> str:
    name = next((part for part in reversed(location) if isinstance(part, str)), None)
    return f"“{name}”" if name else "The file"


def _within(location: tuple[str | int, ...]) -> str:
    name = next((part for part in reversed(location) if isinstance(part, str)), None)
    return f" below “{name}”" if name else ""


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    schemas: dict[str, dict[str, Any]] = load_yaml(SCHEMAS)
    return schemas


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator((_schemas()["kinds"] | _schemas()["vocabulary"])[kind])

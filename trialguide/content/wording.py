"""Builds replies from the words in the content files."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date

from trialguide.content.files import WORDS, load_yaml

FIELD = re.compile(r"\{(\w+)\}")


def fill(template: str, values: Mapping[str, Any]) -> str:
    """The template with its `{fields}` filled in; a line whose fields are all unknown (None or empty) is left out."""
    lines = []
    for line in template.splitlines():
        fields = FIELD.findall(line)
        if not fields or any(_known(values.get(field)) for field in fields):
            filled = FIELD.sub(lambda match: str(values[match[1]]) if _known(values.get(match[1])) else "", line)
            lines.append(re.sub(r"(?<=\S) {2,}", " ", filled).strip())
    return "\n".join(lines)


def load_words(folder: Path = WORDS) -> dict[str, dict[str, Any]]:
    """The words of `data/words/` by name: those around answers and those of look-ups."""
    files = (load_yaml(file) for file in sorted(folder.glob("*.yml")))
    return {name: words for file in files for name, words in file.get("words", {}).items()}


def load_pictures(folder: Path = WORDS) -> dict[str, str]:
    """The text alternatives of the answers' pictures, by file name."""
    pictures = load_yaml(folder / "pictures.yml")["pictures"]
    return {file: picture["alternative"] for file, picture in pictures.items()}


def _known(value: Any) -> bool:
    return value is not None and value != ""


def named_source(organisation: str, link: str) -> str:
    """A source in plain text."""
    return f"{organisation}, {link}"


def source_line(
    template: str, sources: Iterable[Mapping[str, str]], status: str, name: Callable[[str, str], str] = named_source
) -> str:
    """The last line of an answer; `status` is the sentence on what stands behind it. `name` writes a source."""
    named = "; ".join(name(source["organisation"], source["link"]) for source in sources)
    return fill(template, {"sources": named, "status": status})


@cache
def month_in_words(day: date) -> str:
    """The month and year of a day."""
    return str(format_date(day, "MMMM yyyy", locale="en"))


def buttons(titles: Iterable[str]) -> list[dict[str, str]]:
    """Buttons whose payload is their title, so that typing it does the same."""
    return [{"title": title, "payload": title} for title in titles]

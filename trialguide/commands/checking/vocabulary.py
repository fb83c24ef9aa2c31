"""Checks of the regular expressions in the vocabulary."""

import re
from collections.abc import Iterator
from typing import Any

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.yaml_lines import Location

# Files whose texts are regular expressions; those of all others are words.
EXPRESSIONS = ("safety_phrases", "automatic_messages", "courtesies", "masking", "meanings", "no_trial")
# What the program puts in the place of a field, to read the expression around it.
FIELD = re.compile(r"\{[a-z]+}")


def check_vocabulary(content: Content) -> Iterator[Finding]:
    """Expressions in `data/vocabulary/` that cannot be read."""
    for name in EXPRESSIONS:
        file = content.files.get(content.data / "vocabulary" / f"{name}.yml")
        if file is None:
            continue
        for where, expression in _texts(file.data, ()):
            try:
                re.compile(FIELD.sub("x", expression))
            except re.error as error:
                problem = f"The phrase cannot be read ({error})."
                yield content.at(file, where, problem, "Mend its brackets or ask an engineer.")


def _texts(value: Any, where: Location) -> Iterator[tuple[Location, str]]:
    """The texts within a value, each with its location."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict | list):
        for key, within in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(within, (*where, key))

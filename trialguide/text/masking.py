"""Masks personal data in a text before it is stored for people to read."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.normalisation import compatible
from trialguide.text.person_names import PersonNames
from trialguide.text.personal_data import any_of, by_form

# Signs that turn the direction of writing: an editor would read what nobody wrote, such as exe.png for gnp.exe.
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

MASKING = VOCABULARY / "masking.yml"
PLACES = VOCABULARY / "places.yml"


class Masking:
    """Masks texts; `data/vocabulary/masking.yml` explains the words that it goes by."""

    def __init__(self, rows: Mapping[str, Any], no_names: Iterable[str]) -> None:
        """`no_names` are words that are no names, beside those of the rows. Raises re.error for a broken expression."""
        self._public = re.compile(rf"\b(?:{any_of(rows['public'])})(?!\w)")
        self._masks = (*by_form(rows), PersonNames(rows, no_names).masked)

    def masked(self, text: str) -> str:
        """The text with a word in brackets for each piece of personal data: `[name]`, `[phone]`, `[date]` and so on.

        It is in compatibility form, without signs that turn its direction.
        """
        text = TURNING.sub("", compatible(text))
        parts, last = [], 0
        for public in self._public.finditer(text):
            parts += [self._mask(text[last : public.start()]), public[0]]
            last = public.end()
        return "".join([*parts, self._mask(text[last:])])

    def _mask(self, text: str) -> str:
        for mask in self._masks:
            text = mask(text)
        return text


def masked(text: str) -> str:
    """The text without personal data; see `Masking.masked`."""
    return _masking().masked(text)


@cache
def _masking() -> Masking:
    nationalities = (name for names in load_yaml(PLACES)["nationalities"].values() for name in names)
    return Masking(load_yaml(MASKING), nationalities)

"""Writes out the words that people shorten on a phone, so that "wut abt u" is understood like "what about you"."""

import re
from collections.abc import Mapping, Sequence

import yaml

from trialguide.content.files import VOCABULARY

SHORT_FORMS = VOCABULARY / "short_forms.yml"
# What belongs to a word: "R-CHOP" and "and/or" hold no short form.
PART_OF_WORD = r"[\w/'’-]"


class ShortForms:
    """The words that short forms stand for; `data/vocabulary/short_forms.yml` explains the rows."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        self._words = {short: word for word, forms in rows.items() for short in forms}
        longest_first = sorted(self._words, key=len, reverse=True)
        forms = "|".join(map(re.escape, longest_first))
        self._form = re.compile(rf"(?<!{PART_OF_WORD})(?:{forms})(?!{PART_OF_WORD})", re.IGNORECASE)

    def written_out(self, text: str) -> str:
        """The text with its short forms written out, in lower case, and everything else as it was."""
        return self._form.sub(lambda found: self._words[found.group().lower()], text)


def load_short_forms() -> ShortForms:
    """The short forms of `data/vocabulary/short_forms.yml`."""
    return ShortForms(yaml.safe_load(SHORT_FORMS.read_text(encoding="utf-8")))

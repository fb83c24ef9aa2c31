"""Strips courtesies and expands abbreviations, so that a polite or hurried question is understood like a plain one."""

import re
from collections.abc import Mapping, Sequence

from trialguide.content.files import VOCABULARY, load_yaml

COURTESIES = VOCABULARY / "courtesies.yml"
ABBREVIATIONS = VOCABULARY / "short_forms.yml"
# With fewer words left, what looks like politeness may be the whole message: "hello there", "tell me more".
FEWEST_WORDS = 3
SEPARATOR = r"[\s,;:.!?()\u2013\u2014-]+"
WORD = re.compile(r"[^\W_]+")
# What belongs to a word: "R-CHOP" and "and/or" hold no abbreviation.
PART_OF_WORD = r"[\w/'’-]"


class Courtesies:
    """Words of politeness that open or close a message; `data/vocabulary/courtesies.yml` explains the expressions."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Compiles the expressions. Raises re.error if one of them is broken."""
        correcting, opening, closing = (
            "|".join(f"(?:{expression})".replace(" ", SEPARATOR) for expression in rows[kind])
            for kind in ("correcting", "opening", "closing")
        )
        self._correcting = re.compile(rf"\W*(?:{correcting}|no|nope|not)\b", re.IGNORECASE)
        self._opening = re.compile(rf"\W*(?:{correcting}|{opening}){SEPARATOR}", re.IGNORECASE)
        self._closing = re.compile(rf"({SEPARATOR})(?:{closing})\W*$", re.IGNORECASE)

    def corrects(self, text: str) -> bool:
        """Whether a text begins with a no, or with words by which somebody says that they were misread."""
        return self._correcting.match(text) is not None

    def strip(self, text: str, fewest: int = FEWEST_WORDS) -> str:
        """The text without its courtesies, as long as `fewest` words remain."""
        rest = text
        while found := self._opening.match(rest):
            if _word_count(rest[found.end() :]) < fewest:
                break
            rest = rest[found.end() :]
        while found := self._closing.search(rest):
            if _word_count(rest[: found.start()]) < fewest:
                break
            # A question mark before it belongs to what remains.
            rest = rest[: found.start()] + found[1].strip(" ,;:-")
        return rest


class Abbreviations:
    """Abbreviations with the words they stand for; `data/vocabulary/short_forms.yml` explains the rows."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        self._words = {short: word for word, forms in rows.items() for short in forms}
        longest_first = sorted(self._words, key=len, reverse=True)
        forms = "|".join(map(re.escape, longest_first))
        self._form = re.compile(rf"(?<!{PART_OF_WORD})(?:{forms})(?!{PART_OF_WORD})", re.IGNORECASE)

    def expand(self, text: str) -> str:
        """The text with its abbreviations written out in lower case, and everything else unchanged."""
        return self._form.sub(self._written_out, text)

    def _written_out(self, found: "re.Match[str]") -> str:
        return self._words[found.group().lower()]


def load_courtesies() -> Courtesies:
    """The courtesies of `data/vocabulary/courtesies.yml`."""
    return Courtesies(load_yaml(COURTESIES))


def load_abbreviations() -> Abbreviations:
    """The abbreviations of `data/vocabulary/short_forms.yml`."""
    return Abbreviations(load_yaml(ABBREVIATIONS))


def _word_count(text: str) -> int:
    return len(WORD.findall(text))

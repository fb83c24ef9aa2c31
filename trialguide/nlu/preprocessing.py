"""Leaves out the politeness around a question, so that a polite question is understood like a short one."""

import re
from collections.abc import Mapping, Sequence

import yaml

from trialguide.content.files import VOCABULARY

COURTESIES = VOCABULARY / "courtesies.yml"
# With fewer words left, what looks like politeness may be all that is said: "hello there", "tell me more".
FEWEST_WORDS = 3
# What may stand between two words.
APART = r"[\s,;:.!?()\u2013\u2014-]+"
WORD = re.compile(r"[^\W_]+")


class Courtesies:
    """Words of politeness that open or close a message; `data/vocabulary/courtesies.yml` explains the expressions."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Compiles the expressions. Raises re.error when one of them is broken."""
        self._opening = re.compile(rf"\W*(?:{_any_of(rows['opening'])}){APART}", re.IGNORECASE)
        self._closing = re.compile(rf"({APART})(?:{_any_of(rows['closing'])})\W*$", re.IGNORECASE)

    def strip(self, text: str, fewest: int = FEWEST_WORDS) -> str:
        """The text without its courtesies; as it is where there are none, or fewer than so many words beside them."""
        rest = text
        while found := self._opening.match(rest):
            if _words(rest[found.end() :]) < fewest:
                break
            rest = rest[found.end() :]
        while found := self._closing.search(rest):
            if _words(rest[: found.start()]) < fewest:
                break
            # A question mark before it belongs to what is kept.
            rest = rest[: found.start()] + found[1].strip(" ,;:-")
        return rest


def load_courtesies() -> Courtesies:
    """The courtesies of `data/vocabulary/courtesies.yml`."""
    return Courtesies(yaml.safe_load(COURTESIES.read_text(encoding="utf-8")))


def _any_of(expressions: Sequence[str]) -> str:
    return "|".join(f"(?:{expression})".replace(" ", APART) for expression in expressions)


def _words(text: str) -> int:
    return len(WORD.findall(text))


SHORT_FORMS = VOCABULARY / "short_forms.yml"
# What belongs to a word: "R-CHOP" and "and/or" hold no short form.
PART_OF_WORD = r"[\w/'’-]"


class Abbreviations:
    """The words that short forms stand for; `data/vocabulary/short_forms.yml` explains the rows."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        self._words = {short: word for word, forms in rows.items() for short in forms}
        longest_first = sorted(self._words, key=len, reverse=True)
        forms = "|".join(map(re.escape, longest_first))
        self._form = re.compile(rf"(?<!{PART_OF_WORD})(?:{forms})(?!{PART_OF_WORD})", re.IGNORECASE)

    def expand(self, text: str) -> str:
        """The text with its short forms written out, in lower case, and everything else as it was."""
        return self._form.sub(lambda found: self._words[found.group().lower()], text)


def load_abbreviations() -> Abbreviations:
    """The short forms of `data/vocabulary/short_forms.yml`."""
    return Abbreviations(yaml.safe_load(SHORT_FORMS.read_text(encoding="utf-8")))

"""Ordinals: parses the place of an offered choice in a text such as “the second one”, “number 2”, “last please”."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from trialguide.channels.front_door.transcript import PATIENT, Choice, Entry
from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.patterns import alternation

CHOICE_WORDS = VOCABULARY / "choice_words.yml"
# A longer text says more than which choice.
MAX_ORDINAL = 60


@dataclass(frozen=True)
class Ordinal:
    """The place of a choice: from 1 or, from the end, -1.

    `just_now` restricts it to the choices of the latest turn: "the last one" after a look-up may be the last clinic that was
    shown. A number that was shown before a choice still stands there later.
    """

    place: int
    just_now: bool


class OrdinalParser:
    """Parser of ordinals with the words of `data/vocabulary/choice_words.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._places = {word: place for kind in ("places", "numbers") for place, row in words[kind].items() for word in row}
        ordinals, numbers = (alternation(chain(*words[kind].values())) for kind in ("places", "numbers"))
        naming, around = alternation(words["naming"]), alternation(words["around"])
        by_name = rf"(?:{naming})\b\W*(?P<named>\d{{1,2}}|(?:{numbers})\b)"
        place = rf"(?P<ordinal>(?:{ordinals})\b)|{by_name}|(?:no\b\W*)?(?P<figure>\d{{1,2}})"
        self._pattern = re.compile(rf"\W*(?:(?:{around})\b\W*)*(?:{place})\W*(?:(?:{around}|{naming})\b\W*)*", re.IGNORECASE)

    def parse(self, text: object, numbered: bool) -> Ordinal | None:
        """The ordinal if the text is nothing else, else None. A bare figure counts only where choices are shown `numbered`."""
        match = self._pattern.fullmatch(_plain(text)) if isinstance(text, str) and len(text) <= MAX_ORDINAL else None
        if match is None or (match["figure"] and not numbered):
            return None
        place = match["ordinal"] or match["named"] or match["figure"]
        is_figure = place.isdecimal()
        return Ordinal(int(place) if is_figure else self._places[place.lower()], just_now=not (is_figure and numbered))


def _plain(text: str) -> str:
    """The text with numbers that are one sign, such as “②”, “❷” and “⒉”, in figures."""
    if text.isascii():
        return text
    return "".join(str(int(unicodedata.numeric(sign))) if _is_whole_number(sign) else sign for sign in text)


def _is_whole_number(sign: str) -> bool:
    return unicodedata.category(sign) == "No" and unicodedata.numeric(sign).is_integer()


def load_ordinal_parser() -> OrdinalParser:
    """Loads the parser with `data/vocabulary/choice_words.yml`."""
    return OrdinalParser(load_yaml(CHOICE_WORDS))


def choice_for(ordinal: Ordinal, history: Sequence[Entry]) -> Choice | None:
    """The choice at an ordinal among the latest offer, or None if there are fewer choices."""
    offered = last_offer(history, latest_turn=ordinal.just_now)
    place = ordinal.place
    return offered[place - 1 if place > 0 else place] if offered and 0 < abs(place) <= len(offered) else None


def last_offer(history: Sequence[Entry], latest_turn: bool = False) -> list[Choice]:
    """The choices of the latest turn that offered any, in the order of their numbers; of the latest turn only, if asked."""
    offered: list[Choice] = []
    for entry in reversed(history):
        if entry.author == PATIENT and (offered or latest_turn):
            break
        offered = [*entry.choices, *offered]
    return offered

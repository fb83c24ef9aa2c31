"""Finds out which of the choices that were offered somebody picks by its place: “the second one”, “number 2”, “last please”."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import yaml

from trialguide.channels.front_door.transcript import PATIENT, Choice, Entry
from trialguide.content.files import VOCABULARY
from trialguide.text.patterns import alternation

CHOICE_WORDS = VOCABULARY / "choice_words.yml"
# Nobody needs more to say which one.
LONGEST_PICK = 60


@dataclass(frozen=True)
class Ordinal:
    """The place of the choice that somebody picks, from 1 or, from the end, -1.

    `just_now` is one that can only mean what was offered in the latest turn: "the last one" after a look-up may be the last
    clinic that was shown. A number that was shown before a choice still stands there later.
    """

    place: int
    just_now: bool


class OrdinalParser:
    """Knows the words of `data/vocabulary/choice_words.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._places = {word: place for kind in ("places", "numbers") for place, row in words[kind].items() for word in row}
        ordinals, numbers = (alternation(chain(*words[kind].values())) for kind in ("places", "numbers"))
        naming, around = alternation(words["naming"]), alternation(words["around"])
        named = rf"(?:{naming})\b\W*(?P<named>\d{{1,2}}|(?:{numbers})\b)"
        picked = rf"(?P<ordinal>(?:{ordinals})\b)|{named}|(?:no\b\W*)?(?P<figure>\d{{1,2}})"
        self._pick = re.compile(rf"\W*(?:(?:{around})\b\W*)*(?:{picked})\W*(?:(?:{around}|{naming})\b\W*)*", re.IGNORECASE)

    def parse(self, text: object, numbered: bool) -> Ordinal | None:
        """The pick in a text, None in any other text. A mere figure is one only where choices are shown `numbered`."""
        found = self._pick.fullmatch(text) if isinstance(text, str) and len(text) <= LONGEST_PICK else None
        if found is None or (found["figure"] and not numbered):
            return None
        said = found["ordinal"] or found["named"] or found["figure"]
        by_number = said.isdecimal()
        return Ordinal(int(said) if by_number else self._places[said.lower()], just_now=not (by_number and numbered))


def load_ordinal_parser() -> OrdinalParser:
    """The picks with the words of `data/vocabulary/choice_words.yml`."""
    return OrdinalParser(yaml.safe_load(CHOICE_WORDS.read_text(encoding="utf-8")))


def choice_for(pick: Ordinal, history: Sequence[Entry]) -> Choice | None:
    """The choice that is picked among those that were offered last, as they were numbered; None where there are fewer."""
    offered = last_offer(history, latest_turn=pick.just_now)
    place = pick.place
    return offered[place - 1 if place > 0 else place] if offered and 0 < abs(place) <= len(offered) else None


def last_offer(history: Sequence[Entry], latest_turn: bool = False) -> list[Choice]:
    """The choices of the latest turn that offered any, or of the latest turn alone, as they were numbered."""
    offered: list[Choice] = []
    for entry in reversed(history):
        if entry.author == PATIENT and (offered or latest_turn):
            break
        offered = [*entry.choices, *offered]
    return offered

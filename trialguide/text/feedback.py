"""Reads the rating of an answer out of what somebody typed: "4", "4 stars", "4/5", "I'd give that a two, too long"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trialguide.content.files import VOCABULARY, load_yaml

FEEDBACK_WORDS = VOCABULARY / "feedback_words.yml"
BEST = 5
FULL, EMPTY = "★⭐🌟", "☆"
SEPARATOR = r"\s*(?:[,.:;!–—]|-\s)\s*"


@dataclass(frozen=True)
class Rating:
    """A rating: 1 to 5 stars (None for a number that is no such rating), and what was said with it.

    `bare` is one that is nothing but a number, `clear` one that can be nothing else than a rating.
    """

    stars: int | None
    comment: str = ""
    bare: bool = False
    clear: bool = False


class RatingReader:
    """Knows the words of `data/vocabulary/feedback_words.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._numbers: dict[str, int] = words["numbers"]
        number = rf"[+-]?\d{{1,2}}(?:[.,]\d+)?|{_any_of(self._numbers)}"
        scale, unit = rf"\s*(?:/|out of|of)\s*(?P<most>{number})\b", r"[\s-]*(?:stars?\b|\*)"
        named = rf"(?<![\w.,/-])(?P<number>{number})(?:(?P<scale>{scale})(?:{unit})?|(?P<unit>{unit})|(?!\w|[.,/]\d))"
        rating = rf"(?:{named}|(?P<drawn>(?:[{FULL}{EMPTY}]\ufe0f?){{1,10}}))"
        before = rf"[\s\"“'(]*(?P<before>(?:(?:{_any_of(words['before_stars'])})\b[\s:,]+)*)"
        said = rf"{SEPARATOR}(?P<said>.+)|\s+(?P<joined>(?:{_any_of(words['after_stars'])})\b.*)"
        after = rf"(?:[\s,.!]+(?:{_any_of(words['closing'])})(?!\w))*(?:\W*$|{said})"
        self._rating = re.compile(rating, re.IGNORECASE)
        self._opening = re.compile(before + rating + after, re.IGNORECASE | re.DOTALL)

    def read(self, text: str) -> Rating | None:
        """The rating in a text, or None when there is none, or several that differ."""
        found = self._opening.match(text)
        if found is None:
            return self._anywhere(text)
        comment = (found["said"] or found["joined"] or "").strip()
        named = bool(found["scale"] or found["unit"] or found["drawn"])
        bare = not named and not found["before"] and not comment
        # "2. What is a placebo?" is the second question of a list.
        return Rating(self._stars(found), comment, bare, clear=bool(named or bare or found["before"]))

    def _anywhere(self, text: str) -> Rating | None:
        found = list(self._rating.finditer(text))
        sure = [one for one in found if one["scale"] or one["unit"] or one["drawn"]]
        stars = {self._stars(one) for one in sure or found}
        return Rating(stars.pop(), text) if len(stars) == 1 else None

    def _stars(self, found: "re.Match[str]") -> int | None:
        if found["drawn"]:
            drawn = sum(found["drawn"].count(star) for star in FULL)
            return drawn if 1 <= drawn <= BEST else None
        if found["scale"] and self._value(found["most"]) != BEST:
            return None
        value = self._value(found["number"])
        return int(value) if value in range(1, BEST + 1) else None

    def _value(self, number: str) -> float:
        known = self._numbers.get(number.lower())
        return float(number.replace(",", ".")) if known is None else known


def load_rating_reader() -> RatingReader:
    """The reader with the words of `data/vocabulary/feedback_words.yml`."""
    return RatingReader(load_yaml(FEEDBACK_WORDS))


def _any_of(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))

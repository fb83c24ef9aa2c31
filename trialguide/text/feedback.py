"""Parses feedback in messages: ratings ("4 stars", "4/5", "two, too long") and commands to follow topics ("follow placebo")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.patterns import alternation

FEEDBACK_WORDS = VOCABULARY / "feedback_words.yml"
BEST = 5
FULL, EMPTY = "★⭐🌟", "☆"
SEPARATOR = r"\s*(?:[,.:;!–—]|-\s)\s*"
FOLLOWING = ("follow_topic", "unfollow_topic")
WORD = re.compile(r"[\w'’-]+")


@dataclass(frozen=True)
class ParsedRating:
    """A rating: 1 to 5 stars (None for a number out of range), and the comment with it.

    `bare` is one that is nothing but a number, `clear` one that cannot be anything but a rating.
    """

    stars: int | None
    comment: str = ""
    bare: bool = False
    clear: bool = False


class RatingReader:
    """Parser of ratings."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words` are those of `data/vocabulary/feedback_words.yml`."""
        self._numbers: dict[str, int] = words["numbers"]
        number = rf"[+-]?\d{{1,2}}(?:[.,]\d+)?|{alternation(self._numbers)}"
        scale, unit = rf"\s*(?:/|out of|of)\s*(?P<most>{number})\b", r"[\s-]*(?:stars?\b|\*)"
        named = rf"(?<![\w.,/-])(?P<number>{number})(?:(?P<scale>{scale})(?:{unit})?|(?P<unit>{unit})|(?!\w|[.,/]\d))"
        rating = rf"(?:{named}|(?P<drawn>(?:[{FULL}{EMPTY}]\ufe0f?){{1,10}}))"
        before = rf"[\s\"“'(]*(?P<before>(?:(?:{alternation(words['before_stars'])})\b[\s:,]+)*)"
        said = rf"{SEPARATOR}(?P<said>.+)|\s+(?P<joined>(?:{alternation(words['after_stars'])})\b.*)"
        after = rf"(?:[\s,.!]+(?:{alternation(words['closing'])})(?!\w))*(?:\W*$|{said})"
        self._rating = re.compile(rating, re.IGNORECASE)
        self._opening = re.compile(before + rating + after, re.IGNORECASE | re.DOTALL)

    def read(self, text: str) -> ParsedRating | None:
        """The rating in a text, or None when there is none, or several that differ."""
        found = self._opening.match(text)
        if found is None:
            return self._anywhere(text)
        comment = (found["said"] or found["joined"] or "").strip()
        named = bool(found["scale"] or found["unit"] or found["drawn"])
        bare = not named and not found["before"] and not comment
        # "2. What is a placebo?" is the second question of a list.
        return ParsedRating(self._stars(found), comment, bare, clear=bool(named or bare or found["before"]))

    def _anywhere(self, text: str) -> ParsedRating | None:
        found = list(self._rating.finditer(text))
        sure = [one for one in found if one["scale"] or one["unit"] or one["drawn"]]
        stars = {self._stars(one) for one in sure or found}
        return ParsedRating(stars.pop(), text) if len(stars) == 1 else None

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


class FollowingReader:
    """Parser of commands to follow a topic or stop following it."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words` are those of `data/vocabulary/feedback_words.yml`."""
        self._around = frozenset(words["around_topic"])
        self._everything = frozenset(words["everything"])
        self._commands = {
            intent: re.compile(rf"\W*(?:(?:please|pls)\W+)?(?:{'|'.join(words['commands'][intent])})\s+(.+)", re.IGNORECASE)
            for intent in FOLLOWING
        }

    def command(self, text: str) -> tuple[str, str] | None:
        """The intent of a command such as "follow phase 2", and the topic as typed; None for any other text."""
        found = ((intent, command.fullmatch(text)) for intent, command in self._commands.items())
        return next(((intent, match[1]) for intent, match in found if match), None)

    def topic_words(self, text: str) -> str:
        """The text without the words around a topic that is followed."""
        return " ".join(word for word in WORD.findall(text) if word.lower() not in self._around | self._everything)

    def means_everything(self, text: str) -> bool:
        """Whether a text means all topics."""
        return not self._everything.isdisjoint(word.lower() for word in WORD.findall(text))


def load_following_reader() -> FollowingReader:
    """The reader with the words of `data/vocabulary/feedback_words.yml`."""
    return FollowingReader(load_yaml(FEEDBACK_WORDS))

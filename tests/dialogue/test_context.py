"""The context of the next message, read from the conversation before it."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.content.catalogue import load_catalogue
from trialguide.dialogue.context import asked_before_alarm, context_of, other_readings
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
        ([UserUttered("clinics", {"name": "find_clinic"}), answered()], Context(topic="find_clinic")),
        ([asked(), PLACEBO, UserUttered("clinics", {"name": "find_clinic"}), answered()], Context(topic="find_clinic")),
        ([UserUttered("clinics", {"name": "find_clinic"}), answered(), asked(), PLACEBO], Context(topic="placebo")),
        # A word that was explained stands in for an answer, and never for one that came before it.
        ([asked(), answered(topic_of_word="samples")], Context(topic="samples")),
        ([asked(), PLACEBO, asked(), answered(topic_of_word="samples")], Context(topic="placebo")),
        ([asked(), answered(topic_of_word=None)], Context()),
        ([UserUttered("this is not about a trial")], Context(no_trial=True)),
        ([UserUttered("I am not in a trial"), UserUttered("my scan")], Context(no_trial=True)),
        ([UserUttered("I am not in a trial"), UserUttered("and what is a phase 2 trial?")], Context()),
        ([UserUttered("I am not in a trial"), SessionStarted()], Context()),
        ([asked(), ALARM], Context("emergency")),
        ([asked(), ALARM, SessionStarted()], Context()),
    ],
)
def test_context(events: list[Event], context: Context) -> None:
    tracker = DialogueStateTracker.from_events("me", events, DOMAIN.slots)
    assert context_of(tracker) == context


def heard(intent: str, key: str = "", ranking: tuple[str, ...] = (), **parsed: Any) -> UserUttered:
    found = {"name": intent} | ({"full_retrieval_intent_name": f"{intent}/{key}"} if key else {})
    data = {"intent": found, "intent_ranking": [{"name": name, "confidence": 0.1} for name in ranking]} | parsed
    return UserUttered("...", found, parse_data=data)


RANKING = ("faq/placebo", "statement/fear", "find_trial", "faq/blinding", "faq/costs", "faq/risks")


@pytest.mark.parametrize(
    ("events", "readings"),
    [
        ([heard("faq", "placebo", RANKING), heard("correction")], ["find_trial", "blinding", "costs"]),
        (
            [heard("several_topics", "", RANKING, topics=["placebo", "costs"]), heard("correction")],
            ["find_trial", "blinding", "risks"],
        ),
        (
            [heard("nlu_fallback", "", RANKING, offers=["placebo", "blinding"]), heard("correction")],
            ["find_trial", "costs", "risks"],
        ),
        # Nothing before it, nothing likely, and a second correction.
        ([heard("correction")], []),
        ([heard("greet"), heard("correction")], []),
        ([heard("faq", "placebo", RANKING), heard("correction", "", RANKING), heard("correction")], []),
    ],
)
def test_a_correction_offers_what_was_likeliest_next(events: list[Event], readings: list[str]) -> None:
    tracker = DialogueStateTracker.from_events("me", events, DOMAIN.slots)
    assert other_readings(tracker, load_catalogue()) == readings


@pytest.mark.parametrize(
    ("events", "asked_about"),
    [
        ([heard("check_in_self_harm", "", RANKING), heard("check_in_over")], ["placebo", "find_trial", "blinding"]),
        (
            [heard("emergency", "", RANKING), heard("alarm_number"), heard("emergency_over")],
            ["placebo", "find_trial", "blinding"],
        ),
        # A phrase of danger is certain: nothing else was likely.
        ([heard("faq", "placebo", RANKING), heard("emergency", "", ("emergency",)), heard("emergency_over")], []),
        ([heard("faq", "placebo", RANKING), heard("deny")], []),
    ],
)
def test_after_a_false_alarm_what_was_asked_is_known(events: list[Event], asked_about: list[str]) -> None:
    tracker = DialogueStateTracker.from_events("me", events, DOMAIN.slots)
    assert asked_before_alarm(tracker, load_catalogue()) == asked_about

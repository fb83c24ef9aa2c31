"""Context of the next message, read from the conversation before it."""

from functools import reduce
from typing import Any

from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.content.catalogue import FAQ, Catalogue, load_catalogue
from trialguide.nlu.decision import CHECK_INS, DANGERS, OFFERS
from trialguide.nlu.message import Context
from trialguide.nlu.no_trial import load_no_trial

ALARM, NO_ALARM = "alarm", "none"
CORRECTION = "correction"
# After so many turns without an answer a short message is no follow-up to it any more.
MOST_TURNS = 3
# So likely is a topic at least that somebody may have asked about when an alarm was raised.
ASKED = 0.05


def context_of(tracker: DialogueStateTracker | None) -> Context:
    """The alarm that goes on in this session, and the topic answered or look-up asked for last, a few turns ago at most.

    Where there was none, it is the topic of a word that was explained.
    """
    if tracker is None:
        return Context()
    turns, topic, topic_of_word = 0, None, None
    # A look-up that still asks for its place is read as that.
    look_ups = () if tracker.active_loop_name else tuple(load_catalogue().lookups)
    said: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, SessionStarted):
            break
        if isinstance(event, UserUttered):
            turns += 1
            said.append(event.text or "")
        if turns < MOST_TURNS and isinstance(event, BotUttered):
            topic = topic or event.metadata.get("topic")
            topic_of_word = topic_of_word or event.metadata.get("topic_of_word")
        if topic is None and turns <= MOST_TURNS and isinstance(event, UserUttered) and event.intent_name in look_ups:
            topic = event.intent_name
    # A new session begins without the alarm of an earlier one.
    alarm = tracker.get_slot(ALARM) if turns and ALARM in tracker.slots else NO_ALARM
    no_trial = reduce(lambda before, text: load_no_trial().after(text, before), reversed(said), False)
    return Context(None if alarm == NO_ALARM else alarm, topic or topic_of_word, no_trial)


def last_answer(tracker: DialogueStateTracker) -> tuple[str, str] | None:
    """The topic that was answered last, and which part of it: `text`, `more`, `simpler` or `source`."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered) and "topic" in event.metadata:
            return event.metadata["topic"], event.metadata["part"]
    return None


def other_readings(tracker: DialogueStateTracker, catalogue: Catalogue) -> list[str]:
    """The topics and look-ups that were likeliest for the message before a correction, without those that were its reply.

    None after a second correction in a row: what is likely has been offered then.
    """
    heard = [event for event in reversed(tracker.events) if isinstance(event, UserUttered)][:2]
    if len(heard) < 2 or heard[1].intent_name == CORRECTION:
        return []
    before = heard[1].parse_data
    answered = {_label(before["intent"].get("full_retrieval_intent_name") or before["intent"].get("name") or "")}
    given = answered | {*before.get("topics", ()), *before.get("offers", ())}
    ranked = (_label(row["name"]) for row in before.get("intent_ranking", ()))
    return [label for label in ranked if label in catalogue.titles and label not in given][:OFFERS]


def asked_before_alarm(tracker: DialogueStateTracker, catalogue: Catalogue) -> list[str]:
    """The topics and look-ups that were likeliest for the message that raised the last alarm, or the question about one."""
    heard = (event for event in reversed(tracker.events) if isinstance(event, UserUttered))
    raised: dict[str, Any] = next((event.parse_data for event in heard if event.intent_name in (*DANGERS, *CHECK_INS)), {})
    ranked = {_label(row["name"]): row["confidence"] for row in raised.get("intent_ranking", ())}
    return [label for label, likely in ranked.items() if label in catalogue.titles and likely >= ASKED][:OFFERS]


def _label(intent: str) -> str:
    return intent.removeprefix(f"{FAQ}/")

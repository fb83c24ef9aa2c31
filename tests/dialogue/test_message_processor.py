"""The message processor: a cached parse equals the first one, and the cache holds no words."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.dialogue.message_processor import CACHE_SIZE, MessageProcessor, safety_labels, use_message_processor
from trialguide.runtime.digest_cache import DigestCache

# Rasa warns of a command that it cannot read.
pytestmark = pytest.mark.filterwarnings("ignore:Failed to parse")

QUESTIONS = (
    "what is a placebo",
    "is there a clinic near Porto",
    "hello",
    "i cant breathe",
    "/greet",
    '/greet{"country": "NO"}',
    "/no_such_intent",
    "/ what is a placebo",
    "",
    "\ud800 and the rest",
)


def understood(processor: MessageProcessor, text: str) -> dict[str, Any]:
    return asyncio.run(processor.parse_message(UserMessage(text)))


@pytest.fixture(scope="module")
def processor(model: Path) -> MessageProcessor:
    use_message_processor()
    processor = Agent.load(str(model)).processor
    assert isinstance(processor, MessageProcessor)
    return processor


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_message_is_parse_cache_the_second_time_as_the_first(processor: MessageProcessor, text: str) -> None:
    first = understood(processor, text)
    first["intent"]["name"] = "changed by whoever got it"
    again = understood(processor, text)
    processor._parse_cache = DigestCache(CACHE_SIZE)
    assert again == understood(processor, text)
    assert again["text"] == text


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_message_is_parse_cache_as_the_graph_of_the_model_does(processor: MessageProcessor, text: str) -> None:
    tracker = DialogueStateTracker.from_events("somebody", [])
    of_graph = processor._parse_message_with_graph(UserMessage(text), tracker)
    processor._update_full_retrieval_intent(of_graph)
    assert understood(processor, text) == of_graph | {"text": text}


def test_what_is_remembered_holds_no_words(processor: MessageProcessor) -> None:
    processor._parse_cache = DigestCache(CACHE_SIZE)
    understood(processor, "my name is Rosalinde and i wonder about placebos")
    assert len(processor._parse_cache) == 1
    assert "Rosalinde" not in repr(vars(processor._parse_cache))


def reply(name: str) -> BotUttered:
    return BotUttered("words", metadata={"utter_action": name})


ALARM = [UserUttered("i cannot breathe"), reply("utter_emergency")]


@pytest.mark.parametrize(
    ("events", "labels"),
    [
        ([], []),
        (ALARM, ["emergency"]),
        ([*ALARM, UserUttered("hello"), reply("utter_greet")], []),
        ([UserUttered("?"), reply("utter_self_harm"), reply("utter_medical_advice")], ["medical_advice", "self_harm"]),
        ([UserUttered("?"), reply("utter_report_side_effect"), BotUttered("plain")], ["report_side_effect"]),
    ],
)
def test_safety_replies_are_those_to_the_latest_message(events: list[Event], labels: list[str]) -> None:
    assert sorted(safety_labels(events)) == labels

"""What was understood once is remembered as it was, and nobody's words are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.dialogue.message_processor import REMEMBERED, TurnProcessor, use_turn_processor
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


def understood(processor: TurnProcessor, text: str) -> dict[str, Any]:
    return asyncio.run(processor.parse_message(UserMessage(text)))


@pytest.fixture(scope="module")
def processor(model: Path) -> TurnProcessor:
    use_turn_processor()
    processor = Agent.load(str(model)).processor
    assert isinstance(processor, TurnProcessor)
    return processor


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_message_is_understood_the_second_time_as_the_first(processor: TurnProcessor, text: str) -> None:
    first = understood(processor, text)
    first["intent"]["name"] = "changed by whoever got it"
    again = understood(processor, text)
    processor._understood = DigestCache(REMEMBERED)
    assert again == understood(processor, text)
    assert again["text"] == text


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_message_is_understood_as_the_graph_of_the_model_does(processor: TurnProcessor, text: str) -> None:
    tracker = DialogueStateTracker.from_events("somebody", [])
    of_graph = processor._parse_message_with_graph(UserMessage(text), tracker)
    processor._update_full_retrieval_intent(of_graph)
    assert understood(processor, text) == of_graph | {"text": text}


def test_what_is_remembered_holds_no_words(processor: TurnProcessor) -> None:
    processor._understood = DigestCache(REMEMBERED)
    understood(processor, "my name is Rosalinde and i wonder about placebos")
    assert len(processor._understood) == 1
    assert "Rosalinde" not in repr(vars(processor._understood))

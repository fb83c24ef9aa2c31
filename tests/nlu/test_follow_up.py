"""Short messages that are read together with the topic before them."""

import pytest
from stored_interpreter import THRESHOLDS, stored_interpreter

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.message import Context

TITLE = load_catalogue().titles["phase_1"].lower()
AFTER_PHASE_1 = Context(topic="phase_1")


@pytest.mark.parametrize(
    ("text", "alone", "behind_topic", "label"),
    [
        # The same topic again, another one, and a message that says by itself what it is about.
        ("and how many", {"phase_1": 0.2, "costs": 0.8}, {"phase_1": 0.9, "costs": 0.1}, "follow_up"),
        ("is it safe", {"is_it_safe": 0.5, "phase_1": 0.5}, {"is_it_safe": 0.8, "phase_1": 0.2}, "is_it_safe"),
        ("who pays for the trial", {"costs": 0.95, "phase_1": 0.05}, {"phase_1": 0.9, "costs": 0.1}, "costs"),
        # Conversation is never about the topic.
        ("thank you", {"thanks": 0.9, "phase_1": 0.1}, {"phase_1": 0.9, "thanks": 0.1}, "thanks"),
    ],
)
def test_a_short_message(text: str, alone: dict[str, float], behind_topic: dict[str, float], label: str) -> None:
    interpreter = stored_interpreter({text: alone, f"{TITLE} {text}": behind_topic}, THRESHOLDS)
    assert interpreter.interpret(text, AFTER_PHASE_1).decision.label == label


def test_without_a_topic_before_it_is_read_alone() -> None:
    interpreter = stored_interpreter({"and how many": {"phase_1": 0.2, "costs": 0.8}}, THRESHOLDS)
    assert interpreter.interpret("and how many").decision.label == "costs"

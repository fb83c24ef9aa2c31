"""Short messages that are read behind the topic before them."""

from dataclasses import replace

import numpy as np
import pytest
from stored_interpreter import THRESHOLDS, stored_interpreter

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.decision import NO_ANSWER
from trialguide.nlu.follow_up_examples import ORDINARY, examples_behind_titles, follow_up_rows
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.message import Context

CATALOGUE = load_catalogue()
TITLE = CATALOGUE.titles["phase_1"].lower()
AFTER_PHASE_1 = Context(topic="phase_1")
LONG = "and now I would like to know something else about who pays for all of this in the end"


UNCLEAR = {"costs": 0.4, "greet": 0.4, "phase_1": 0.2}


@pytest.mark.parametrize(
    ("text", "alone", "behind", "label"),
    [
        # The same topic again, another one, a look-up, and what no text answers.
        ("and how many", UNCLEAR, {"phase_1": 0.9, "costs": 0.1}, "follow_up"),
        ("is it safe", UNCLEAR, {"is_it_safe": 0.4, "phase_1": 0.3, "risks": 0.3}, "is_it_safe"),
        ("where is one", UNCLEAR, {"find_clinic": 0.8, "phase_1": 0.2}, "find_clinic"),
        ("which colour", UNCLEAR, {NO_ANSWER: 0.8, "phase_1": 0.2}, NO_ANSWER),
        # What is clear alone keeps its meaning, danger comes first.
        ("oh thank you so", {"thanks": 0.9, "phase_1": 0.1}, {"phase_1": 1.0}, "thanks"),
        ("who pays for the trial", {"costs": 0.97, "phase_1": 0.03}, {"phase_1": 1.0}, "costs"),
        ("who pays for the trial", {"costs": 0.8, "phase_1": 0.2}, {"phase_1": 0.6, "costs": 0.4}, "costs"),
        ("who pays for the trial", {"costs": 0.7, "phase_1": 0.3}, {"phase_1": 0.6, "costs": 0.4}, "follow_up"),
        ("who pays", {"costs": 0.8, "phase_1": 0.2}, {"phase_1": 0.6, "costs": 0.4}, "follow_up"),
        ("my chest", {"emergency": 0.8, "phase_1": 0.2}, {"phase_1": 1.0}, "emergency"),
        # Doubt stays doubt.
        ("the qqq", UNCLEAR, {"phase_1": 0.3, "costs": 0.3, "risks": 0.4}, "risks"),
        ("the qqq", UNCLEAR, {"phase_1": 0.3, "costs": 0.3, "risks": 0.3, "placebo": 0.1}, "nlu_fallback"),
    ],
)
def test_a_short_message(text: str, alone: dict[str, float], behind: dict[str, float], label: str) -> None:
    interpreter = stored_interpreter({text: alone, f"{TITLE} {text}": behind}, THRESHOLDS)
    assert interpreter.interpret(text, AFTER_PHASE_1).decision.label == label


def test_an_answer_that_was_just_read_is_not_said_again() -> None:
    interpreter = stored_interpreter({LONG: {"phase_1": 0.9, "costs": 0.1}}, THRESHOLDS)
    assert interpreter.interpret(LONG, AFTER_PHASE_1).decision.label == "follow_up"
    assert interpreter.interpret(LONG).decision.label == "phase_1"


@pytest.mark.parametrize(
    ("text", "costs", "label"),
    [("no, not the phase, the money", 0.4, "costs"), ("no, not the phase, the money", 0.1, "follow_up")],
)
def test_who_was_misread_gets_what_is_next_likeliest(text: str, costs: float, label: str) -> None:
    rows = {text: UNCLEAR, f"{TITLE} {text}": {"phase_1": 1 - costs, "costs": costs}}
    assert stored_interpreter(rows, THRESHOLDS).interpret(text, AFTER_PHASE_1).decision.label == label


def test_no_paragraph_is_said_that_is_not_alike() -> None:
    interpreter = stored_interpreter({LONG: {"phase_1": 0.9, "costs": 0.1}}, THRESHOLDS)
    unlike = Interpreter(replace(interpreter.resources, vector=lambda _: -np.ones(1)))
    assert unlike.interpret(LONG, AFTER_PHASE_1).decision.label == NO_ANSWER


@pytest.mark.parametrize(("text", "context"), [("and how many", Context()), (LONG, AFTER_PHASE_1)])
def test_other_messages_are_read_alone(text: str, context: Context) -> None:
    interpreter = stored_interpreter({text: {"phase_1": 0.2, "costs": 0.8}}, THRESHOLDS)
    assert interpreter.interpret(text, context).decision.label == "costs"


@pytest.mark.parametrize(
    ("text", "context", "label"),
    [
        ("why not", Context(), "affirm"),
        ("why not", AFTER_PHASE_1, "costs"),
        ("thank you", AFTER_PHASE_1, "affirm"),
    ],
)
def test_a_question_after_an_answer_is_no_yes(text: str, context: Context, label: str) -> None:
    rows = {text: {"costs": 1.0}, f"{TITLE} {text}": {"costs": 1.0}}
    assert stored_interpreter(rows, THRESHOLDS, {text: "affirm"}).interpret(text, context).decision.label == label


def test_no_text_answers_only_what_follows_an_answer() -> None:
    interpreter = stored_interpreter({"qqq": {NO_ANSWER: 0.9, "costs": 0.1}}, THRESHOLDS)
    assert interpreter.interpret("qqq").decision.label == "costs"


def test_follow_ups_name_topics() -> None:
    rows = list(follow_up_rows())
    assert {*CATALOGUE.topics} <= {topic for topic, _, _ in rows} <= {*CATALOGUE.titles}
    assert {target for _, _, target in rows} <= {*CATALOGUE.titles, NO_ANSWER}
    assert len({(topic, text) for topic, text, _ in rows}) == len(rows)


def test_examples_behind_titles() -> None:
    ordinary = [(f"message {number}", "thanks") for number in range(2 * ORDINARY)]
    found = examples_behind_titles([("a", "why", "b")], ordinary, {"a": "What is A?", "b": "What is B?"})
    assert found == [
        ("What is A? why", "b"),
        ("What is A? message 0", "thanks"),
        (f"What is B? message {ORDINARY}", "thanks"),
    ]

"""Alarm stages: which messages raise an alarm, and the meaning of messages while one goes on."""

from dataclasses import replace

import pytest
from stored_interpreter import THRESHOLDS, stored_interpreter

from trialguide.nlu.alarm import ALARM_ONLY, borne_out, in_context
from trialguide.nlu.message import Context

TEXT = "qqq www"
EMERGENCY, SELF_HARM = Context("emergency"), Context("self_harm")


@pytest.mark.parametrize(
    ("alarm", "row", "label"),
    [
        # While an alarm goes on.
        ("emergency", {"alarm_number": 0.9, "placebo": 0.1}, "alarm_number"),
        ("emergency", {"inform_place": 0.9, "placebo": 0.1}, "alarm_number"),
        ("emergency", {"emergency_over": 0.9, "placebo": 0.1}, "emergency_over"),
        ("emergency", {"self_harm_over": 0.9, "placebo": 0.1}, "emergency_over"),
        ("emergency", {"alarm_help_here": 0.9, "placebo": 0.1}, "alarm_help_here"),
        ("emergency", {"placebo": 0.9, "costs": 0.1}, "check_again_emergency"),
        ("emergency", {"find_clinic": 0.9, "costs": 0.1}, "check_again_emergency"),
        ("emergency", {"goodbye": 0.9, "costs": 0.1}, "check_again_emergency"),
        ("emergency", {"self_harm": 0.9, "costs": 0.1}, "self_harm"),
        ("self_harm", {"deny": 0.9, "costs": 0.1}, "alarm_no_call"),
        ("self_harm", {"self_harm_over": 0.4, "emergency_over": 0.4, "costs": 0.2}, "self_harm_over"),
        ("self_harm", {"placebo": 0.9, "costs": 0.1}, "check_again_self_harm"),
        # While a question about danger waits.
        ("check_emergency", {"affirm": 0.9, "costs": 0.1}, "emergency"),
        ("check_emergency", {"deny": 0.9, "costs": 0.1}, "check_in_over"),
        ("check_self_harm", {"affirm": 0.9, "costs": 0.1}, "self_harm"),
        ("check_self_harm", {"emergency": 0.9, "costs": 0.1}, "emergency"),
        ("check_self_harm", {"placebo": 0.9, "costs": 0.1}, "placebo"),
        # Without an alarm: an alarm, a question, none.
        (None, {"emergency": 0.8, "costs": 0.2}, "emergency"),
        (None, {"emergency": 0.4, "statement/mild_symptom": 0.6}, "check_in_emergency"),
        (None, {"check_in_self_harm": 0.5, "statement/sadness": 0.5}, "check_in_self_harm"),
        (None, {"emergency": 0.2, "statement/mild_symptom": 0.8}, "statement/mild_symptom"),
        (None, {"statement/fear": 0.3, "statement/sadness": 0.3, "costs": 0.4}, "statement/fear"),
        (None, {"alarm_number": 0.8, "placebo": 0.2}, "placebo"),
    ],
)
def test_what_a_message_means(alarm: str | None, row: dict[str, float], label: str) -> None:
    interpreter = stored_interpreter({TEXT: row}, THRESHOLDS)
    assert interpreter.interpret(TEXT, Context(alarm)).decision.label == label


def test_a_place_alone_is_about_the_alarm() -> None:
    interpreter = stored_interpreter({"oslo": {"inform_place": 1.0}}, THRESHOLDS)
    assert interpreter.interpret("Oslo", EMERGENCY).decision.label == "alarm_number"


def test_a_phrase_of_danger_rings_again() -> None:
    text = "i cant breathe"
    interpreter = stored_interpreter({text: {"costs": 1.0}}, THRESHOLDS)
    assert interpreter.interpret(text, SELF_HARM).decision.label == "emergency"


@pytest.mark.parametrize(("likely", "label"), [(0.05, "check_in_self_harm"), (0.2, "self_harm")])
def test_a_phrase_in_which_the_detector_sees_no_danger_is_asked_about(likely: float, label: str) -> None:
    text = "she wanted to kill herself that winter"
    row = {"statement/past": 1 - likely, "self_harm": likely, "emergency": 0.0}
    interpreter = stored_interpreter({text: row}, THRESHOLDS)
    assert interpreter.interpret(text).decision.label == label


def test_labels_of_an_alarm_are_out_of_reach_without_one() -> None:
    row = dict.fromkeys(ALARM_ONLY, 0.1) | {"costs": 0.2}
    assert in_context(row, Context()) == {"costs": 1.0}
    assert in_context(row, EMERGENCY) == row


def test_no_threshold_below_the_one_that_asks_asks() -> None:
    row = {"emergency": 0.34, "costs": 0.66}
    interpreter = stored_interpreter({TEXT: row}, replace(THRESHOLDS, check_in=0.35))
    assert interpreter.interpret(TEXT).decision.label == "costs"


@pytest.mark.parametrize(
    ("in_sentences", "danger"),
    [
        ([], 0.8),
        ([0.9, 0.0], 0.8),
        ([0.8, 0.1], 0.8),
        ([0.2, 0.05], 0.4),
        ([0.0, 0.0], 0.0),
    ],
)
def test_danger_counts_as_much_as_a_sentence_bears_out(in_sentences: list[float], danger: float) -> None:
    rows = [{"self_harm": value, "costs": 1 - value} for value in in_sentences]
    found = borne_out({"self_harm": 0.5, "check_in_self_harm": 0.3, "costs": 0.2}, rows)
    assert found["self_harm"] + found["check_in_self_harm"] == pytest.approx(danger)
    assert sum(found.values()) == pytest.approx(1)


def test_three_harmless_sentences_raise_no_alarm() -> None:
    one, two, three, text = "Aaa bbb.", "Ccc ddd.", "Eee fff.", "Aaa bbb. Ccc ddd. Eee fff."
    safe, danger = {"placebo": 0.98, "self_harm": 0.02}, {"self_harm": 0.9, "placebo": 0.1}
    interpreter = stored_interpreter({text: danger, one: safe, two: safe, three: safe}, THRESHOLDS)
    assert interpreter.interpret(text).decision.label == "placebo"
    interpreter = stored_interpreter({text: danger, one: safe, two: danger, three: safe}, THRESHOLDS)
    assert interpreter.interpret(text).decision.label == "self_harm"

"""Thresholds are searched by the interpreter's own decisions, on messages with known probabilities."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import pytest
from stored_interpreter import stored_interpreter

from tools.evaluation.held_out import ThresholdSearch, cells, outcome, outcomes_by_cell, thresholds_at
from tools.evaluation.measures import WRONG, Measure
from tools.evaluation.questions import Question
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.interpreter import Interpreter

THRESHOLDS = Thresholds(**{field.name: 0.9 for field in fields(Thresholds)} | {"answer": 0.5})
SURE = {"placebo": 0.9, "phase_1": 0.1}
GRAVE = {"emergency": 0.31, "placebo": 0.69}
PERSONAL = {"report_side_effect": 0.41, "placebo": 0.59}


def rows_of_set(name: str, wrong_at: float) -> dict[str, dict[str, float]]:
    """18 questions understood for sure, two taken for another topic with a probability, one emergency and one side effect."""
    wrong = {"placebo": 1 - wrong_at, "phase_1": wrong_at}
    rows = [*[SURE] * 18, *[wrong] * 2, GRAVE, PERSONAL]
    return {f"{name} question {'q' * number}": row for number, row in enumerate(rows, start=1)}


def questions_of(texts: Iterable[str]) -> list[Question]:
    topics = ["placebo"] * 20 + ["emergency", "report_side_effect"]
    return [Question(text, topic) for text, topic in zip(texts, topics, strict=True)]


def test_thresholds_are_chosen_on_some_sets_and_tried_on_the_one_left_out() -> None:
    rows = {"easy": rows_of_set("easy", 0.55), "hard": rows_of_set("hard", 0.65)}
    sets = {name: questions_of(texts) for name, texts in rows.items()}
    search = ThresholdSearch(sets, stored_interpreter(rows["easy"] | rows["hard"], THRESHOLDS))
    assert search.choose({"easy"}).answer == 0.56
    assert search.choose({"easy", "hard"}).answer == 0.66
    # Half of the largest that recognises it; the smallest of those that are as good.
    assert (search.choose({"easy"}).danger, search.choose({"easy"}).personal) == (0.15, 0.1)
    results = search.held_out_results()
    wrong = {result.left_out: (result.thresholds.answer, share_of(result.measures, WRONG)) for result in results}
    assert wrong == {"easy": (0.66, 0.0), "hard": (0.56, pytest.approx(2 / 22))}


def share_of(found: Sequence[Measure], name: str) -> float:
    return next(measure.share for measure in found if measure.name == name)


TWO = "what are the qqq? who are the www?"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("question qqq", {"question qqq": {"placebo": 0.41, "phase_1": 0.33, "medical_advice": 0.26}}),
        ("question qqq", {"question qqq": {"out_of_scope": 0.55, "placebo": 0.25, "report_side_effect": 0.2}}),
        ("question qqq", {"question qqq": {"emergency": 0.95, "placebo": 0.05}}),
        ("question qqq", {"question qqq": {"greet": 0.31, "medical_advice": 0.3, "self_harm": 0.2, "placebo": 0.19}}),
        (
            TWO,
            {
                TWO: {"costs": 0.5, "placebo": 0.3, "out_of_scope": 0.2},
                "what are the qqq?": {"placebo": 0.95, "costs": 0.05},
                "who are the www?": {"costs": 0.95, "placebo": 0.05},
            },
        ),
        (
            "hello there, the qqq www qqq",
            {
                "hello there, the qqq www qqq": {"greet": 0.45, "placebo": 0.55},
                "the qqq www qqq": {"placebo": 0.3, "costs": 0.3, "greet": 0.4},
            },
        ),
    ],
)
def test_the_grid_holds_the_decision_at_each_cell(text: str, rows: dict[str, dict[str, float]]) -> None:
    fitted = stored_interpreter(rows, THRESHOLDS)
    interpreters = {
        cell: Interpreter(replace(fitted.resources, thresholds=thresholds_at(THRESHOLDS, cell))) for cell in cells()
    }
    question, message = Question(text, "placebo"), fitted.analyse(text)
    assert outcomes_by_cell(interpreters, question, message) == {
        cell: outcome(interpreters[cell], question, message) for cell in cells()
    }

"""Decisions by the probability of each label."""

import pytest

from trialguide.nlu.decision import (
    UNSURE,
    Decision,
    offer,
    pick_if_sum_reaches,
    pick_likeliest,
    pick_look_up,
    pick_out_of_scope,
    pick_topics,
)

DANGERS = ("emergency", "self_harm")
OFFERABLE = ("placebo", "blinding", "costs", "payment")


@pytest.mark.parametrize(
    ("probabilities", "decision"),
    [
        ({"placebo": 0.9, "costs": 0.1}, Decision("placebo", 0.9)),
        ({"out_of_scope": 0.35, "placebo": 0.2, "costs": 0.1}, Decision("out_of_scope", 0.35)),
        ({"out_of_scope": 0.3, "placebo": 0.2, "costs": 0.15}, Decision(UNSURE, 0.3, ("placebo", "costs"))),
        (
            {"costs": 0.3, "payment": 0.25, "greet": 0.2, "placebo": 0.1, "blinding": 0.05},
            Decision(UNSURE, 0.3, ("costs", "payment", "placebo")),
        ),
        ({"greet": 0.3, "placebo": 0.2, "thanks": 0.1}, Decision(UNSURE, 0.3, ("placebo",))),
    ],
)
def test_decisions(probabilities: dict[str, float], decision: Decision) -> None:
    decided = (
        pick_likeliest(probabilities, 0.4) or pick_out_of_scope(probabilities, OFFERABLE) or offer(probabilities, OFFERABLE)
    )
    assert (decided.label, decided.offers) == (decision.label, decision.offers)
    assert decided.confidence == pytest.approx(decision.confidence)


@pytest.mark.parametrize(
    ("questions", "topics", "left_over"),
    [
        ([{"placebo": 0.9}, {"costs": 0.8}], ("placebo", "costs"), ()),
        ([{"costs": 0.8}, {"greet": 0.9}, {"placebo": 0.7}, {"blinding": 0.9}], ("costs", "placebo", "blinding"), ()),
        ([{"placebo": 0.9}, {"placebo": 0.8}], ("placebo",), ()),
        ([{"placebo": 0.9}, {"costs": 0.5}], ("placebo",), ("question 1",)),
        ([{"placebo": 0.3}, {"costs": 0.5}], (), ("question 0", "question 1")),
        ([], (), ()),
    ],
)
def test_several_topics(questions: list[dict[str, float]], topics: tuple[str, ...], left_over: tuple[str, ...]) -> None:
    named = [(f"question {number}", probabilities) for number, probabilities in enumerate(questions)]
    assert pick_topics(named, 0.6, OFFERABLE) == (topics, left_over)


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ({"placebo": 0.7, "emergency": 0.25}, "emergency"),
        ({"placebo": 0.7, "emergency": 0.1}, None),
        ({"placebo": 0.7, "emergency": 0.1, "self_harm": 0.12}, "self_harm"),
        ({"placebo": 1.0}, None),
    ],
)
def test_dangers_count_together(probabilities: dict[str, float], label: str | None) -> None:
    decision = pick_if_sum_reaches(probabilities, 0.2, DANGERS)
    assert (decision.label if decision else None) == label


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ({"find_trial": 0.35, "trial_locations": 0.3}, "find_trial"),
        ({"find_trial": 0.35, "trial_locations": 0.4}, None),
        ({"find_trial": 0.2, "trial_locations": 0.1}, None),
    ],
)
def test_a_place_speaks_for_a_look_up(probabilities: dict[str, float], label: str | None) -> None:
    decision = pick_look_up(probabilities, 0.3, ("find_clinic", "find_trial"))
    assert (decision.label if decision else None) == label

"""What is done with a message, given what the classifier thinks of it."""

import pytest

from components.decision import UNSURE, Decision, Thresholds, decide

THRESHOLDS = Thresholds(answer=0.4, danger=0.2)
DANGERS = ("emergency",)
OFFERABLE = ("placebo", "blinding", "costs", "payment")


@pytest.mark.parametrize(
    ("probabilities", "decision"),
    [
        ({"placebo": 0.9, "costs": 0.1}, Decision("placebo", 0.9)),
        ({"placebo": 0.7, "emergency": 0.25}, Decision("emergency", 0.25)),
        ({"placebo": 0.7, "emergency": 0.1}, Decision("placebo", 0.7)),
        ({"out_of_scope": 0.3, "placebo": 0.2}, Decision("out_of_scope", 0.3)),
        (
            {"costs": 0.3, "payment": 0.25, "greet": 0.2, "placebo": 0.1, "blinding": 0.05},
            Decision(UNSURE, 0.3, ("costs", "payment", "placebo")),
        ),
        ({"greet": 0.3, "placebo": 0.2, "thanks": 0.1}, Decision(UNSURE, 0.3, ("placebo",))),
    ],
)
def test_decisions(probabilities: dict[str, float], decision: Decision) -> None:
    assert decide(probabilities, THRESHOLDS, DANGERS, OFFERABLE) == decision

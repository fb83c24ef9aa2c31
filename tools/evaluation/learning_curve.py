"""How much is gained by more examples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.evaluation.cross_validation import fit
from tools.evaluation.measures import TOP
from tools.evaluation.questions import Question
from tools.evaluation.training_examples import Example, positions_by_label
from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.nlu.topic_model import Settings, TopicModel

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Point:
    """The share of the examples that was learned from, their number, and the shares of test questions that were right."""

    share: float
    examples: int
    first: float
    in_top: float


def first_share(examples: Sequence[Example], share: float) -> list[Example]:
    """The first examples of each label, in the order of the files: at least one."""
    groups = positions_by_label([example.label for example in examples])
    kept = {position for group in groups for position in group[: math.ceil(share * len(group))]}
    return [example for position, example in enumerate(examples) if position in kept]


def learning_curve(
    examples: Sequence[Example], questions: Sequence[Question], settings: Settings, encoder: SentenceEncoder
) -> tuple[list[Point], TopicModel]:
    """A point for each share, and the model that learned from all, at temperature 1."""
    points = []
    for share in SHARES:
        learned = first_share(examples, share)
        model = fit(learned, replace(settings, temperature=1.0), encoder)
        rows = model.probabilities([question.text for question in questions])
        first = shares_right(questions, rows, 1)
        points.append(Point(share, len(learned), first, shares_right(questions, rows, TOP)))
    return points, model


def shares_right(questions: Sequence[Question], rows: Sequence[dict[str, float]], number: int) -> float:
    """The share of questions that accept one of the `number` likeliest labels."""
    right = 0
    for question, row in zip(questions, rows, strict=True):
        ranked = sorted(row, key=lambda label: -row[label])
        right += any(map(question.accepts, ranked[:number]))
    return right / len(questions)

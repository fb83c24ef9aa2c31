"""Decides what to do with a message once the classifier has given each label its probability."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

OUT_OF_SCOPE = "out_of_scope"
UNSURE = "nlu_fallback"
OFFERS = 3
# The gravest first.
DANGERS = ("self_harm", "emergency")
PERSONAL = ("medical_advice", "report_side_effect")


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from 0 to 1. `danger` is the lowest: a false alarm costs a sentence, a miss may cost a life.

    `danger_in_part` is for a sentence out of a longer message, `danger_as_written` for a message before its words were mended,
    `personal` for questions about one's own case and side effects, `answer` for anything else, `part` for one of two questions
    in a message, `look_up` for a look-up where a place is named.
    """

    answer: float
    personal: float
    danger: float
    danger_in_part: float
    danger_as_written: float
    part: float
    look_up: float


@dataclass(frozen=True)
class Decision:
    """What a message is taken for: a label with its probability, and the labels to offer when that is `UNSURE`."""

    label: str
    confidence: float
    offers: tuple[str, ...] = ()


def decide(probabilities: Mapping[str, float], threshold: float, offerable: Collection[str]) -> Decision:
    """The decision for a message that is neither about danger nor about a personal medical matter.

    The likeliest label wins when it reaches the threshold for answering; below that the likeliest of the `offerable` labels
    are offered, unless the message is likelier out of scope than it is about any of them.
    """
    ranked = _ranked(probabilities)
    best = ranked[0]
    if probabilities[best] >= threshold:
        return Decision(best, probabilities[best])
    offers = tuple(label for label in ranked if label in offerable)
    if probabilities.get(OUT_OF_SCOPE, 0.0) > sum(probabilities[label] for label in offers):
        return Decision(OUT_OF_SCOPE, probabilities[OUT_OF_SCOPE])
    return Decision(UNSURE, probabilities[best], offers[:OFFERS])


def pick_look_up(probabilities: Mapping[str, float], threshold: float, look_ups: Collection[str]) -> Decision | None:
    """The look-up that a message which names a place is likeliest about, or None when it is likelier about something else."""
    best = _ranked(probabilities)[0]
    return Decision(best, probabilities[best]) if best in look_ups and probabilities[best] >= threshold else None


def pick_if_sum_reaches(probabilities: Mapping[str, float], threshold: float, labels: Collection[str]) -> Decision | None:
    """The likelier of the `labels` when they reach the threshold together, or None."""
    together = sum(probabilities.get(label, 0.0) for label in labels)
    if together < threshold:
        return None
    return Decision(next(label for label in _ranked(probabilities) if label in labels), together)


def decide_alone(
    probabilities: Mapping[str, float],
    thresholds: Thresholds,
    dangers: Collection[str],
    personal: Collection[str],
    offerable: Collection[str],
) -> Decision:
    """The decision for a text by itself: danger first, then a personal medical matter, then anything else."""
    return (
        pick_if_sum_reaches(probabilities, thresholds.danger, dangers)
        or pick_if_sum_reaches(probabilities, thresholds.personal, personal)
        or decide(probabilities, thresholds.answer, offerable)
    )


def two_topics(questions: Sequence[Mapping[str, float]], threshold: float, topics: Collection[str]) -> tuple[str, str] | None:
    """The topics of the first two questions of a message that are surely about different ones, or None."""
    likeliest = [max(probabilities.items(), key=lambda item: item[1]) for probabilities in questions]
    sure = list(dict.fromkeys(label for label, value in likeliest if label in topics and value >= threshold))
    return (sure[0], sure[1]) if len(sure) >= 2 else None


def _ranked(probabilities: Mapping[str, float]) -> list[str]:
    return sorted(probabilities, key=lambda label: -probabilities[label])

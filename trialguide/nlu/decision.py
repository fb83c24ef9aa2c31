"""Decisions about a message by the probability of each label."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

OUT_OF_SCOPE = "out_of_scope"
# What a question asks that follows on an answer, where no text of ours says it.
NO_ANSWER = "no_answer"
UNSURE = "nlu_fallback"
OFFERS = 3
# So many questions of one message are answered.
TOPICS = 3
# The gravest first.
DANGERS = ("self_harm", "emergency")
# Questions about danger, where it is unsure.
CHECK_INS = ("check_in_self_harm", "check_in_emergency")
PERSONAL = ("medical_advice", "report_side_effect")
RATE_ANSWER = "rate_answer"
# Begins the labels of what people tell.
STATEMENT = "statement/"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from 0 to 1. `danger` raises an alarm, `check_in` (lower) asks first: a false alarm costs the person.

    `danger_in_part` is for a sentence out of a longer message, `danger_as_written` for a message before its words were
    corrected, `personal` for questions about one's own case and side effects, `answer` for anything else, `part` for one of
    several questions in a message, `look_up` for a look-up where a place is named, `statement` for what is told without a
    question, `phrase` for danger in a message with a safety phrase, which only asks below it, `follow_up` for a topic in the
    light of the one before.
    """

    answer: float
    personal: float
    danger: float
    check_in: float
    danger_in_part: float
    danger_as_written: float
    part: float
    look_up: float
    statement: float
    phrase: float
    follow_up: float


@dataclass(frozen=True)
class Decision:
    """A label with its probability, and the labels to offer if that label is `UNSURE`."""

    label: str
    confidence: float
    offers: tuple[str, ...] = ()


def likeliest(probabilities: Mapping[str, float]) -> str:
    """The label of the highest probability."""
    return max(probabilities, key=lambda label: probabilities[label])


def pick_likeliest(probabilities: Mapping[str, float], threshold: float) -> Decision | None:
    """The likeliest label if it reaches the threshold."""
    best = likeliest(probabilities)
    return Decision(best, probabilities[best]) if probabilities[best] >= threshold else None


def pick_look_up(probabilities: Mapping[str, float], threshold: float, look_ups: Collection[str]) -> Decision | None:
    """The likeliest label if it is a look-up and reaches the threshold."""
    found = pick_likeliest(probabilities, threshold)
    return found if found and found.label in look_ups else None


def pick_if_sum_reaches(probabilities: Mapping[str, float], threshold: float, labels: Collection[str]) -> Decision | None:
    """The likelier of the `labels`, with the sum of their probabilities, if that sum reaches the threshold."""
    together = sum(probabilities.get(label, 0.0) for label in labels)
    if together < threshold:
        return None
    return Decision(next(label for label in _ranked(probabilities) if label in labels), together)


def pick_out_of_scope(probabilities: Mapping[str, float], offerable: Collection[str]) -> Decision | None:
    """`OUT_OF_SCOPE` if it is likelier than all `offerable` labels together."""
    value = probabilities.get(OUT_OF_SCOPE, 0.0)
    together = sum(probabilities[label] for label in _ranked(probabilities) if label in offerable)
    return Decision(OUT_OF_SCOPE, value) if value > together else None


def offer(probabilities: Mapping[str, float], offerable: Collection[str]) -> Decision:
    """`UNSURE`, with the likeliest of the `offerable` labels."""
    ranked = _ranked(probabilities)
    offers = [label for label in ranked if label in offerable]
    return Decision(UNSURE, probabilities[ranked[0]], tuple(offers[:OFFERS]))


def pick_topics(
    questions: Sequence[tuple[str, Mapping[str, float]]], threshold: float, topics: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The topics that questions name with a probability of `threshold`, at most `TOPICS`, and the questions left over.

    A question that reaches it for another label, such as a look-up, is not left over.
    """
    clear, left_over = [], []
    for question, probabilities in questions:
        best = likeliest(probabilities)
        if probabilities[best] < threshold or best == NO_ANSWER:
            left_over.append(question)
        elif best in topics and best not in clear:
            clear.append(best)
    return tuple(clear[:TOPICS]), tuple(left_over)


def _ranked(probabilities: Mapping[str, float]) -> list[str]:
    return sorted(probabilities, key=lambda label: -probabilities[label])

"""Decides what to do with a message once the classifier has given each label its probability."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

OUT_OF_SCOPE = "out_of_scope"
UNSURE = "nlu_fallback"
OFFERS = 3


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from 0 to 1. `danger` lies below `answer`: a false alarm costs a sentence, a miss may cost a life."""

    answer: float
    danger: float


@dataclass(frozen=True)
class Decision:
    """What a message is taken for: a label with its probability, and the labels to offer when that is `UNSURE`."""

    label: str
    confidence: float
    offers: tuple[str, ...] = ()


def decide(
    probabilities: Mapping[str, float],
    thresholds: Thresholds,
    dangers: Collection[str],
    offerable: Collection[str],
) -> Decision:
    """The decision for one message.

    A label among `dangers` wins as soon as it reaches its own threshold. Otherwise the likeliest label wins when it
    reaches the threshold for answering; below that the likeliest of the `offerable` labels are offered, unless nothing is
    likelier than the message being out of scope.
    """
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    for label in ranked:
        if label in dangers and probabilities[label] >= thresholds.danger:
            return Decision(label, probabilities[label])
    best = ranked[0]
    if probabilities[best] >= thresholds.answer or best == OUT_OF_SCOPE:
        return Decision(best, probabilities[best])
    offers = tuple(label for label in ranked if label in offerable)[:OFFERS]
    return Decision(UNSURE, probabilities[best], offers)

"""Cross-validation over the training examples, and the thresholds that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.evaluation.training_examples import Example, positions_by_label
from trialguide.nlu.decision import UNSURE, Thresholds, decide_alone
from trialguide.nlu.safety_phrases import SafetyPhrases
from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.nlu.topic_model import Settings, TopicModel

FOLDS = 5
MOST_WRONG = 0.05
FEWEST_IN_DANGER = 0.99
STEPS = tuple(step / 100 for step in range(1, 100))
NEVER, ALWAYS = 2.0, 0.0


@dataclass(frozen=True)
class OutOfFold:
    """Probabilities, shape (examples, labels), each from a model that has not seen the example; `truth` holds the columns."""

    labels: tuple[str, ...]
    probabilities: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class AnswerSweep:
    """What would become of the examples at each threshold for answering, as shares of all of them."""

    threshold: tuple[float, ...]
    right: tuple[float, ...]
    offered: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def smallest(self) -> float | None:
        """The smallest threshold at which few enough are answered wrongly; None when there is none."""
        return next((step for step, wrong in zip(self.threshold, self.wrong, strict=True) if wrong <= MOST_WRONG), None)


@dataclass(frozen=True)
class DangerSweep:
    """What share of emergencies and self-harm is recognised at each threshold, and what share of the rest is taken for one."""

    threshold: tuple[float, ...]
    recognised: tuple[float, ...]
    false_alarms: tuple[float, ...]

    @property
    def largest(self) -> float | None:
        """The largest threshold at which enough is recognised; None when there is none."""
        enough = (step for step, share in zip(self.threshold, self.recognised, strict=True) if share >= FEWEST_IN_DANGER)
        return max(enough, default=None)


def contiguous_folds(labels: Sequence[str], folds: int = FOLDS) -> np.ndarray:
    """The fold, from 0, of each example: each label's examples in their order, cut into `folds` stretches of like length.

    Whoever wrote a stretch wrote it in one style, so folds drawn at random would flatter.
    """
    numbers = np.empty(len(labels), dtype=np.int64)
    for positions in positions_by_label(labels):
        for number, stretch in enumerate(np.array_split(positions, folds)):
            numbers[stretch] = number
    return numbers


def cross_validate(examples: Sequence[Example], settings: Settings, encoder: SentenceEncoder, folds: int = FOLDS) -> OutOfFold:
    """Fits once for each fold on the others, at temperature 1."""
    labels = sorted({example.label for example in examples})
    columns = {label: column for column, label in enumerate(labels)}
    numbers = contiguous_folds([example.label for example in examples], folds)
    probabilities = np.zeros((len(examples), len(labels)))
    for fold in range(folds):
        seen = [example for example, number in zip(examples, numbers, strict=True) if number != fold]
        held_out = np.flatnonzero(numbers == fold)
        model = fit(seen, replace(settings, temperature=1.0), encoder)
        rows = model.probabilities([examples[position].text for position in held_out])
        known = [columns[label] for label in model.labels]
        probabilities[np.ix_(held_out, known)] = [list(row.values()) for row in rows]
    return OutOfFold(tuple(labels), probabilities, np.array([columns[example.label] for example in examples]))


def fit(examples: Sequence[Example], settings: Settings, encoder: SentenceEncoder) -> TopicModel:
    """A topic model that has learned from the examples."""
    return TopicModel.fit(encoder, [example.text for example in examples], [example.label for example in examples], settings)


def among_likeliest(probabilities: np.ndarray, truth: np.ndarray, number: int) -> float:
    """The share of rows whose true column is among the `number` likeliest."""
    ranked = np.argsort(-probabilities, axis=1)[:, :number]
    return float((ranked == truth[:, None]).any(axis=1).mean())


def doubt(
    examples: Sequence[Example],
    rows: Sequence[dict[str, float]],
    phrases: SafetyPhrases,
    thresholds: Thresholds,
    dangers: Sequence[str],
    personal: Sequence[str],
    offerable: Sequence[str],
) -> AnswerSweep:
    """Takes the decision for each example at every threshold for answering, the other thresholds as they are."""
    confidence, above, below, unsure, offered = [], [], [], [], []
    for example, row in zip(examples, rows, strict=True):
        phrase = phrases.label(example.text)
        # Below the threshold a decision no longer depends on it, so two decisions tell all of them.
        answered = decide_alone(row, replace(thresholds, answer=ALWAYS), dangers, personal, offerable)
        otherwise = decide_alone(row, replace(thresholds, answer=NEVER), dangers, personal, offerable)
        confidence.append(answered.confidence)
        above.append((phrase or answered.label) == example.label)
        below.append((phrase or otherwise.label) == example.label)
        unsure.append(phrase is None and otherwise.label == UNSURE)
        offered.append(phrase is None and example.label in otherwise.offers)
    sure = np.array(confidence) >= np.array(STEPS)[:, None]
    right = np.where(sure, above, below)
    asked_back = ~sure & np.array(unsure)
    return AnswerSweep(
        STEPS,
        tuple(right.mean(axis=1).tolist()),
        tuple((asked_back & np.array(offered)).mean(axis=1).tolist()),
        tuple((~right & ~asked_back).mean(axis=1).tolist()),
    )


def danger(
    examples: Sequence[Example], rows: Sequence[dict[str, float]], phrases: SafetyPhrases, dangers: Sequence[str]
) -> DangerSweep:
    """What the phrases and the classifier together take for danger at every threshold."""
    found = np.array([phrases.label(example.text) in dangers for example in examples])
    likely = np.array([sum(row.get(label, 0.0) for label in dangers) for row in rows])
    grave = np.array([example.label in dangers for example in examples])
    taken = found | (likely >= np.array(STEPS)[:, None])
    return DangerSweep(STEPS, *(tuple(taken[:, group].mean(axis=1).tolist()) for group in (grave, ~grave)))

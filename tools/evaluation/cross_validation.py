"""Cross-validation of the topic model over the training examples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.evaluation.training_examples import Example, positions_by_label
from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.nlu.topic_model import Settings, TopicModel

FOLDS = 5


@dataclass(frozen=True)
class OutOfFold:
    """Probabilities, shape (examples, labels), each by a model that has not seen the example; `truth` holds the columns."""

    labels: tuple[str, ...]
    probabilities: np.ndarray
    truth: np.ndarray


def contiguous_folds(labels: Sequence[str], folds: int = FOLDS) -> np.ndarray:
    """The fold, from 0, of each example: each label's examples in their order, cut into `folds` stretches of like length.

    A stretch was written by one author in one style, so folds drawn at random would flatter.
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
        texts, truth = [example.text for example in seen], [example.label for example in seen]
        model = TopicModel.fit(encoder, texts, truth, replace(settings, temperature=1.0))
        rows = model.probabilities([examples[position].text for position in held_out])
        known = [columns[label] for label in model.labels]
        probabilities[np.ix_(held_out, known)] = [list(row.values()) for row in rows]
    return OutOfFold(tuple(labels), probabilities, np.array([columns[example.label] for example in examples]))


def top_accuracy(probabilities: np.ndarray, truth: np.ndarray, number: int) -> float:
    """The share of rows whose true column is among the `number` likeliest."""
    ranked = np.argsort(-probabilities, axis=1)[:, :number]
    return float((ranked == truth[:, None]).any(axis=1).mean())

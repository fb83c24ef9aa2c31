"""How far probabilities can be believed: temperature, log loss and reliability."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

BINS = 10
TEMPERATURES = (0.1, 10.0)
# So that a probability of 0 has a logarithm.
SMALLEST = 1e-12


@dataclass(frozen=True)
class Bin:
    """The messages whose likeliest label has a probability between `low` and `high`.

    `confidence` is their mean probability and `right` the share of them that was right; both are 0 where `count` is 0.
    """

    low: float
    high: float
    count: int
    confidence: float
    right: float


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities, shape (messages, labels), that the logits divided by `temperature` would have given.

    Logits are logarithms of probabilities but for a constant, so these can be divided in their place (Guo et al. 2017).
    """
    logits = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The mean of -log(probability of the true label), in nats; `truth` holds the labels' columns."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], SMALLEST)).mean())


def best_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of the smallest log loss."""
    found = minimize_scalar(
        lambda logarithm: log_loss(tempered(probabilities, float(np.exp(logarithm))), truth),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
    )
    return float(np.exp(found.x))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Messages in ten bins of equal width by the probability of their likeliest label (DeGroot and Fienberg 1983)."""
    edges = np.linspace(0, 1, BINS + 1)
    number = np.clip(np.digitize(confidence, edges) - 1, 0, BINS - 1)
    bins = []
    for index in range(BINS):
        inside = number == index
        count = int(inside.sum())
        means = (float(confidence[inside].mean()), float(right[inside].mean())) if count else (0.0, 0.0)
        bins.append(Bin(float(edges[index]), float(edges[index + 1]), count, *means))
    return bins


def calibration_error(bins: list[Bin]) -> float:
    """How far confidence and share right lie apart on average over all messages (Naeini et al. 2015)."""
    total = sum(row.count for row in bins)
    return sum(row.count * abs(row.confidence - row.right) for row in bins) / total if total else 0.0

"""Calibration of probabilities: temperature, reliability and expected calibration error."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

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
    confidence: float = 0.0
    right: float = 0.0


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities, shape (messages, labels), that the logits divided by `temperature` would have given.

    Logits are logarithms of probabilities but for a constant, so these can be divided in their place (Guo et al. 2017).
    """
    logits = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def mean_log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The mean of -log(probability of the true label), in nats; `truth` holds the labels' columns."""
    return float(log_loss(truth, probabilities, eps=SMALLEST, labels=range(probabilities.shape[1])))


def best_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of the smallest log loss."""
    found = minimize_scalar(
        lambda logarithm: mean_log_loss(tempered(probabilities, float(np.exp(logarithm))), truth),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
    )
    return float(np.exp(found.x))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Messages in ten bins of equal width by the probability of their likeliest label (DeGroot and Fienberg 1983)."""
    edges = np.linspace(0, 1, BINS + 1)
    # The bins of `calibration_curve`, which leaves out the empty ones and does not count.
    counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=BINS).tolist()
    shares_and_means = zip(*calibration_curve(right, confidence, n_bins=BINS), strict=True)
    return [
        Bin(low, high, count, *reversed(next(shares_and_means))) if count else Bin(low, high, count)
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts, strict=True)
    ]


def calibration_error(bins: list[Bin]) -> float:
    """The expected calibration error: the mean gap between confidence and share right over messages (Naeini et al. 2015)."""
    total = sum(row.count for row in bins)
    return sum(row.count * abs(row.confidence - row.right) for row in bins) / total if total else 0.0

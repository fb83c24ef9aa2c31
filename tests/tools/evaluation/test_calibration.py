"""Calibration on made data with known answers."""

import math

import numpy as np
import pytest

from tools.evaluation.calibration import best_temperature, calibration_error, mean_log_loss, reliability, tempered


@pytest.mark.parametrize("temperature", [0.4, 0.7, 1.0, 2.5])
def test_the_temperature_is_found_that_was_put_in(temperature: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 6)) * 2
    powers = np.exp(logits)
    honest = powers / powers.sum(axis=1, keepdims=True)
    truth = np.array([random.choice(6, p=row) for row in honest])
    found = best_temperature(tempered(honest, 1 / temperature), truth)
    assert found == pytest.approx(temperature, rel=0.05)
    assert mean_log_loss(tempered(tempered(honest, 1 / temperature), found), truth) <= mean_log_loss(honest, truth) + 1e-6


def test_tempering_divides_the_logits() -> None:
    logits = np.array([[1.0, 2.0, 4.0]])
    expected = np.exp(logits / 0.5) / np.exp(logits / 0.5).sum()
    assert tempered(np.exp(logits) / np.exp(logits).sum(), 0.5) == pytest.approx(expected)


def test_log_loss_is_the_mean_surprise() -> None:
    assert mean_log_loss(np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([0, 1])) == pytest.approx(
        (math.log(2) + math.log(4)) / 2
    )


def test_bins_hold_every_message_once() -> None:
    confidence = np.array([0.0, 0.05, 0.31, 0.39, 0.95, 1.0])
    right = np.array([False, False, True, False, True, True])
    bins = reliability(confidence, right)
    assert [row.count for row in bins] == [2, 0, 0, 2, 0, 0, 0, 0, 0, 2]
    assert bins[3].confidence == pytest.approx(0.35)
    assert bins[3].right == 0.5
    assert calibration_error(bins) == pytest.approx((2 * 0.025 + 2 * 0.15 + 2 * 0.025) / 6)

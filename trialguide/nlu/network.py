"""Trains the network of two layers that classifies topics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

PASSES = 12
BATCH = 256
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
# Dropout rates of the input and of the hidden layer, so that no single word decides.
DROPPED = (0.1, 0.5)


@dataclass(frozen=True)
class Network:
    """logits = max(0, features x `first` + `first_bias`) x `second` + `second_bias`.

    Shapes: (features, hidden), (hidden,), (hidden, labels), (labels,).
    """

    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray


def train_networks(features: np.ndarray, labels: Sequence[int], hidden: int, number: int, smoothing: float) -> Network:
    """Trains a network on `features`, shape (examples, features), with `labels`, numbers from 0; deterministic.

    It is an ensemble of `number` networks with different random weights at the start, whose logits are averaged (Hansen and
    Salamon 1990): as both layers are linear, they stand side by side in one network with `number` times `hidden` hidden units.
    """
    networks = [_train_network(features, labels, hidden, smoothing, seed) for seed in range(number)]
    return Network(
        np.hstack([network.first for network in networks]),
        np.hstack([network.first_bias for network in networks]),
        np.vstack([network.second for network in networks]) / number,
        np.mean([network.second_bias for network in networks], axis=0),
    )


def _train_network(features: np.ndarray, labels: Sequence[int], hidden: int, smoothing: float, seed: int) -> Network:
    tf.keras.utils.set_random_seed(seed)
    mean, spread = features.mean(axis=0), features.std()
    number = max(labels) + 1
    network = tf.keras.Sequential(
        [
            tf.keras.layers.Dropout(DROPPED[0]),
            tf.keras.layers.Dense(hidden, activation="relu"),
            tf.keras.layers.Dropout(DROPPED[1]),
            tf.keras.layers.Dense(number),
        ]
    )
    steps = PASSES * (len(features) // BATCH + 1)
    rate = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    network.compile(
        optimizer=tf.keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY),
        loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing),
        # A whole pass without coming back to Python in between.
        steps_per_execution=steps // PASSES,
    )
    network.fit((features - mean) / spread, np.eye(number)[list(labels)], batch_size=BATCH, epochs=PASSES, verbose=0)
    first, first_bias, second, second_bias = network.get_weights()
    # The scaling of the input is multiplied into the first layer and costs nothing later.
    return Network(first / spread, first_bias - (mean / spread) @ first, second, second_bias)

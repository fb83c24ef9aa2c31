"""Distils a large sentence encoder into the small one (Hinton et al. 2015; Reimers and Gurevych 2020).

The small encoder's layers learn, with every sentence, to give vectors from which one linear layer makes those of the large
encoder, and a little to tell the labels apart. Word and position embeddings stay as published.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import cos, pi

import numpy as np
import tensorflow as tf

from tools.encoder.transformer import BATCH, MINILM, padded
from trialguide.nlu.encoder_weights import IN_LAYERS
from trialguide.nlu.quantisation import LARGEST

PASSES = 2
LEARNING_RATE, HEAD_LEARNING_RATE = 2e-4, 1e-3
WARM_UP = 60
WEIGHT_DECAY = 0.01
LONGEST_GRADIENT = 1.0
# Of the labels' loss beside that of the vectors: more, and the encoder learns the examples by heart.
LABEL_SHARE = 0.2
SMOOTHING = 0.1
# The label layer sees short vectors and learns faster when its logits are multiplied.
LOGIT_SCALE = 8.0
RIDGE = 1.0
# Batches whose sentences are sorted by length together.
SORTED_TOGETHER = 20
NO_LABEL = -1


class Distillation:
    """The small encoder while it learns, with a layer to the large one's vectors and a layer to the labels."""

    def __init__(self, weights: Mapping[str, np.ndarray], tokens: Sequence[Sequence[int]], targets: np.ndarray) -> None:
        """`weights` are the published ones; `targets`, shape (sentences, dimensions), the large encoder's vectors."""
        tf.keras.utils.set_random_seed(0)
        self._tokens, self._targets = tokens, targets
        self._fixed = {name: tf.constant(value) for name, value in weights.items() if not name.startswith(IN_LAYERS)}
        self._learned = {name: tf.Variable(value) for name, value in weights.items() if name.startswith(IN_LAYERS)}

    def run(self, labels: np.ndarray, published: np.ndarray, report: Callable[[str], None]) -> dict[str, np.ndarray]:
        """The layers after all passes. `labels` are numbers or NO_LABEL, `published` the small encoder's vectors before."""
        mean = self._targets.mean(axis=0, dtype=np.float64).astype(np.float32)
        spread = np.float32(((self._targets - mean) ** 2).sum(axis=1).mean())
        projection, offset = map(tf.Variable, _ridge(published, self._targets.astype(np.float32), mean))
        label_weights = tf.Variable(tf.zeros([MINILM.dimensions, int(labels.max()) + 1]))
        heads = [projection, offset, label_weights]
        learned = list(self._learned.values())
        steps = PASSES * -(-len(self._tokens) // BATCH)
        optimizer, head_optimizer = (tf.keras.optimizers.AdamW(0.0, WEIGHT_DECAY) for _ in range(2))
        optimizer.exclude_from_weight_decay(var_list=[variable for variable in learned if len(variable.shape) == 1])
        optimizer.build(learned)
        head_optimizer.build(heads)

        def step(ids: tf.Tensor, targets: tf.Tensor, numbers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                vectors = MINILM.vectors(
                    {**self._fixed, **{name: _rounded(value) for name, value in self._learned.items()}}, ids
                )
                error = tf.reduce_sum((vectors @ projection + offset - targets) ** 2, axis=1)
                unexplained = tf.reduce_mean(error) / spread
                truth = tf.one_hot(numbers, label_weights.shape[1])
                surprise = tf.keras.losses.categorical_crossentropy(
                    truth, vectors @ label_weights * LOGIT_SCALE, from_logits=True, label_smoothing=SMOOTHING
                )
                labelled = tf.cast(numbers != NO_LABEL, tf.float32)
                surprise = tf.math.divide_no_nan(tf.reduce_sum(surprise * labelled), tf.reduce_sum(labelled))
                loss = unexplained + LABEL_SHARE * surprise
            gradients = tape.gradient(loss, [*learned, *heads])
            clipped, _ = tf.clip_by_global_norm(gradients[: len(learned)], LONGEST_GRADIENT)
            optimizer.apply_gradients(zip(clipped, learned, strict=True))
            head_optimizer.apply_gradients(zip(gradients[len(learned) :], heads, strict=True))
            return unexplained, surprise

        rows, numbers = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
        goals = tf.TensorSpec([None, self._targets.shape[1]], tf.float32)
        compiled = tf.function(step, input_signature=[rows, goals, numbers], autograph=False)
        done = 0
        for number in range(PASSES):
            losses = []
            for batch in self._batches(seed=number):
                share = _share_of_rate(done, steps)
                optimizer.learning_rate.assign(share * LEARNING_RATE)
                head_optimizer.learning_rate.assign(share * HEAD_LEARNING_RATE)
                done += 1
                ids = padded([self._tokens[position] for position in batch], MINILM.padding)
                losses.append([float(loss) for loss in compiled(ids, self._targets[batch].astype(np.float32), labels[batch])])
                if len(losses) % 50 == 0:
                    unexplained, surprise = np.mean(losses[-50:], axis=0)
                    report(f"pass {number + 1}, batch {len(losses)}: unexplained {unexplained:.3f}, labels {surprise:.2f}")
        return {name: value.numpy() for name, value in self._learned.items()}

    def _batches(self, seed: int) -> Iterator[list[int]]:
        """Every sentence once, in random order, each batch of sentences of like length."""
        random = np.random.default_rng(seed)
        together = BATCH * SORTED_TOGETHER
        order = random.permutation(len(self._tokens)).tolist()
        for start in range(0, len(order), together):
            stretch = sorted(order[start : start + together], key=lambda position: len(self._tokens[position]))
            for first in random.permutation(range(0, len(stretch), BATCH)):
                yield stretch[first : first + BATCH]


def _share_of_rate(step: int, steps: int) -> float:
    """The share of the learning rate at a step: it rises for WARM_UP steps, then falls as a cosine does."""
    return min(1.0, (step + 1) / WARM_UP) * (1 + cos(pi * step / steps)) / 2


def _rounded(weights: tf.Variable) -> tf.Tensor:
    """Matrices as `quantise_rows` will round them, with the gradient passed through (Bengio et al. 2013)."""
    if len(weights.shape) == 1:
        return weights
    scales = tf.reduce_max(tf.abs(weights), axis=1, keepdims=True) / LARGEST
    return weights + tf.stop_gradient(tf.round(weights / scales) * scales - weights)


def _ridge(vectors: np.ndarray, targets: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear layer from vectors to targets that ridge regression finds: weights and offset."""
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    matrix = np.linalg.solve(centred.T @ centred + RIDGE * np.eye(vectors.shape[1]), centred.T @ (targets - mean))
    return matrix.astype(np.float32), (mean - centre @ matrix).astype(np.float32)

"""The transformers of both sentence encoders, in TensorFlow: BERT (Devlin et al. 2019) and MPNet (Song et al. 2020)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import tensorflow as tf
from tokenizers import Tokenizer

from trialguide.nlu.sentence_encoder import MAX_TOKENS

BATCH = 64
# MPNet's distances of two tokens: in either direction half of the buckets, half of these for one distance each.
BUCKETS, LARGEST_DISTANCE = 32, 128
# MPNet's names of what BERT has too.
BERT_NAMES = {
    "attention.attn.q": "attention.self.query",
    "attention.attn.k": "attention.self.key",
    "attention.attn.v": "attention.self.value",
    "attention.attn.o": "attention.output.dense",
    "attention.LayerNorm": "attention.output.LayerNorm",
}
Weights = Mapping[str, tf.Tensor]


@dataclass(frozen=True)
class Transformer:
    """The sizes of a transformer; `pooled` are the layers, counted from 1, whose token vectors are averaged."""

    width: int
    heads: int
    pooled: tuple[int, ...]
    epsilon: float
    padding: int
    first_position: int

    @property
    def dimensions(self) -> int:
        return self.width * len(self.pooled)

    def vectors(self, weights: Weights, ids: tf.Tensor) -> tf.Tensor:
        """Vectors of length one of the pooled layers, side by side, for `ids`, shape (sentences, tokens)."""
        length = tf.shape(ids)[1]
        mask = tf.cast(ids != self.padding, tf.float32)
        places = weights["embeddings.position_embeddings.weight"][self.first_position :][:length]
        hidden = tf.gather(weights["embeddings.word_embeddings.weight"], ids) + places
        if "embeddings.token_type_embeddings.weight" in weights:
            hidden += weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._norm(hidden, weights, "embeddings.LayerNorm")
        bias = (mask[:, None, None, :] - 1) * 1e9
        if "encoder.relative_attention_bias.weight" in weights:
            distances = tf.constant(_distance_buckets())[:length, :length]
            bias += tf.transpose(tf.gather(weights["encoder.relative_attention_bias.weight"], distances), [2, 0, 1])
        pooled = []
        for layer in range(max(self.pooled)):
            hidden = self._layer(hidden, bias, weights, f"encoder.layer.{layer}")
            if layer + 1 in self.pooled:
                total = tf.reduce_sum(hidden * mask[:, :, None], axis=1)
                pooled.append(tf.math.l2_normalize(total, axis=1))
        return tf.concat(pooled, axis=1)

    def _layer(self, hidden: tf.Tensor, bias: tf.Tensor, weights: Weights, prefix: str) -> tf.Tensor:
        size = self.width // self.heads
        shape = tf.shape(hidden)

        def heads(part: str) -> tf.Tensor:
            split = tf.reshape(
                _linear(hidden, weights, f"{prefix}.attention.self.{part}"), [shape[0], shape[1], self.heads, size]
            )
            return tf.transpose(split, [0, 2, 1, 3])

        likeness = tf.matmul(heads("query"), heads("key"), transpose_b=True) / size**0.5
        attended = tf.transpose(tf.matmul(tf.nn.softmax(likeness + bias), heads("value")), [0, 2, 1, 3])
        mixed = _linear(tf.reshape(attended, shape), weights, f"{prefix}.attention.output.dense")
        hidden = self._norm(hidden + mixed, weights, f"{prefix}.attention.output.LayerNorm")
        wide = tf.nn.gelu(_linear(hidden, weights, f"{prefix}.intermediate.dense"), approximate=False)
        return self._norm(hidden + _linear(wide, weights, f"{prefix}.output.dense"), weights, f"{prefix}.output.LayerNorm")

    def _norm(self, hidden: tf.Tensor, weights: Weights, name: str) -> tf.Tensor:
        mean, variance = tf.nn.moments(hidden, axes=[-1], keepdims=True)
        return tf.nn.batch_normalization(
            hidden, mean, variance, weights[f"{name}.bias"], weights[f"{name}.weight"], self.epsilon
        )


MINILM = Transformer(width=384, heads=12, pooled=(2, 4, 6), epsilon=1e-12, padding=0, first_position=0)
# Its positions are counted from the padding's id on.
MPNET = Transformer(width=768, heads=12, pooled=(4, 8, 12), epsilon=1e-5, padding=1, first_position=2)


def tokenize(file: Path, sentences: Sequence[str]) -> list[list[int]]:
    """The ids of each sentence's tokens, at most MAX_TOKENS, by the tokenizer in a file."""
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return [tokens.ids for tokens in tokenizer.encode_batch(sentences)]


def padded(rows: Sequence[Sequence[int]], padding: int) -> np.ndarray:
    """Rows of ids as an array, shape (rows, length of the longest)."""
    ids = np.full((len(rows), max(map(len, rows))), padding, np.int32)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return ids


def encode(transformer: Transformer, weights: Mapping[str, np.ndarray], tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """The vectors of tokenized sentences, in 16 bits."""
    constants = {_berts_name(name): tf.constant(value) for name, value in weights.items()}
    compute = tf.function(
        lambda ids: transformer.vectors(constants, ids), input_signature=[tf.TensorSpec([None, None], tf.int32)]
    )
    vectors = np.empty((len(tokens), transformer.dimensions), np.float16)
    # Sentences of like length together, so that little is spent on padding.
    order = sorted(range(len(tokens)), key=lambda position: len(tokens[position]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        vectors[batch] = compute(padded([tokens[position] for position in batch], transformer.padding)).numpy()
    return vectors


def _berts_name(name: str) -> str:
    """A weight's name in BERT, for one of MPNet's."""
    for part, berts_part in BERT_NAMES.items():
        name = name.replace(f".{part}.", f".{berts_part}.")
    return name


def _linear(x: tf.Tensor, weights: Weights, name: str) -> tf.Tensor:
    """One layer, over all tokens of all sentences in one product."""
    matrix = weights[f"{name}.weight"]
    flat = tf.matmul(tf.reshape(x, [-1, matrix.shape[1]]), matrix, transpose_b=True) + weights[f"{name}.bias"]
    return tf.reshape(flat, tf.concat([tf.shape(x)[:-1], [matrix.shape[0]]], axis=0))


def _distance_buckets() -> np.ndarray:
    """The bucket of the distance of each two tokens, shape (MAX_TOKENS, MAX_TOKENS)."""
    positions = np.arange(MAX_TOKENS)
    distances = positions[None, :] - positions[:, None]
    half, single = BUCKETS // 2, BUCKETS // 4
    far = np.log(np.maximum(abs(distances), 1) / single) / log(LARGEST_DISTANCE / single) * (half - single)
    bucket = np.where(abs(distances) < single, abs(distances), np.minimum(single + far.astype(int), half - 1))
    return bucket + np.where(distances > 0, half, 0)

"""Encodes sentences as vectors, with the graph that `trialguide.nlu.encoder_graph` built at set-up."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from trialguide.content.files import MODELS

ENCODER_FOLDER = MODELS / "encoder"
MAX_TOKENS = 128
BATCH = 64
# Numbers of the published model's own vector, the last of those that `encode` gives.
PUBLISHED = 384
ALL_CORES = 0


class EncoderMissing(Exception):
    """The encoder has not been built yet."""


class SentenceEncoder:
    """The sentence encoder: `encode` gives three vectors of length one, side by side, for each sentence."""

    def __init__(self, folder: Path = ENCODER_FOLDER, cores: int = 1) -> None:
        """Loads the graph and its tokenizer, to run on `cores` cores. Raises EncoderMissing if they have not been built."""
        graph = folder / "encoder.onnx"
        if not graph.exists():
            raise EncoderMissing(f"{graph} is missing. Build it with 'make setup'.")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # One message is too small to be shared: several cores only wait for one another.
        options.intra_op_num_threads = cores
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self.width: int = self._session.get_outputs()[0].shape[1]

    def words(self) -> list[str]:
        """The whole words of the tokenizer's vocabulary, in lower case."""
        return [word for word in self._tokenizer.get_vocab() if word.isalpha()]

    def encode(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> np.ndarray:
        """Vectors of shape (number of sentences, 3 x 384), float32; the last 384 are the published model's.

        `meanwhile` starts the work of another thread while the encoder computes, outside Python's lock: it is called right
        before that, as a thread that started earlier would compete for the lock.
        """
        # Sentences of like length together, so that little is spent on padding.
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        vectors = np.empty((len(sentences), self.width), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            tokens = self._tokenizer.encode_batch([sentences[index] for index in batch])
            ids = np.array([token.ids for token in tokens], dtype=np.int64)
            mask = np.array([token.attention_mask for token in tokens], dtype=np.int64)
            if meanwhile and not start:
                meanwhile()
            vectors[batch] = self._session.run(["vectors"], {"ids": ids, "mask": mask})[0]
        return vectors

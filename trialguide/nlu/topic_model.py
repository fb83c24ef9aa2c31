"""The classifier of topics: sentence vectors and character n-grams under one small network."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from trialguide.nlu.decision import CHECK_INS, DANGERS
from trialguide.nlu.network import Network, train_networks
from trialguide.nlu.quantisation import QuantisedLinear
from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.text.normalisation import normalised

# Two to four characters within words: short words, stems and endings, and most of a misspelt word.
NGRAMS = {"analyzer": "char_wb", "ngram_range": (2, 4), "sublinear_tf": True, "dtype": np.float32}
WEIGHTS = (
    *("ngram_reduction", "hidden_weights", "hidden_bias"),
    *("label_weights", "label_bias", "detector_weights", "detector_bias"),
)
# What the detector tells apart from everything else.
DETECTED = (*DANGERS, *CHECK_INS)
# Label smoothing: examples of several topics are alike, danger and its opposite are not.
SMOOTHING, DETECTOR_SMOOTHING = 0.1, 0.02
# Words whose n-grams are cached; bounded, as patients write any word.
CACHE_SIZE = 4096
Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Settings:
    """Hyperparameters of a topic model; config.yml gives the reasons."""

    networks: int
    hidden: int
    detector_networks: int
    detector_hidden: int
    ngram_dimensions: int
    ngram_share: float
    ngram_fewest: int
    temperature: float


class TopicModel:
    """Gives every label its probability for a sentence, by a detector of danger and a network for all other labels.

    features = sentence vectors beside n-grams (vocabulary) x `ngram_reduction`
    hidden = max(0, features x `hidden_weights` + `hidden_bias`), the units of the network beside those of the detector
    logits = (hidden units of the network x `label_weights` + `label_bias`) / temperature
    logits of the detector = its hidden units x `detector_weights` + `detector_bias`, its first output is no danger

    A network for a hundred labels takes what it has not seen for the one label that is broad enough, and danger is broad. The
    detector sees only danger and its opposite, of which it learns more than the network: any harmless message will do. The
    network gives the probabilities of the other labels where there is no danger. `labels` end with those of danger.
    """

    def __init__(self, encoder: SentenceEncoder, ngrams: TfidfVectorizer, labels: Sequence[str], weights: Weights) -> None:
        self.labels = tuple(labels)
        self._encoder = encoder
        self._ngrams = ngrams
        self._analyse = ngrams.build_analyzer()
        self._idf = ngrams.idf_.astype(np.float32)
        # The largest of them is saved in 16 bits, and rounded to these at once: a model gives the same before and after.
        rounded = dict(weights) | {"ngram_reduction": weights["ngram_reduction"].astype(np.float16)}
        self._weights = {name: rounded[name].astype(np.float32) for name in WEIGHTS}
        self._hidden = QuantisedLinear(self._weights["hidden_weights"], self._weights["hidden_bias"])
        self._columns = lru_cache(CACHE_SIZE)(self._columns_of)

    @classmethod
    def fit(
        cls,
        encoder: SentenceEncoder,
        sentences: Sequence[str],
        labels: Sequence[str],
        settings: Settings,
        vectors: np.ndarray | None = None,
        harmless: Sequence[str] = (),
    ) -> "TopicModel":
        """Trains on labelled sentences; `vectors` are theirs if they have been computed already.

        The detector learns from `harmless` sentences, too, which have no label.

        The n-grams are first brought down to `ngram_dimensions` (latent semantic analysis, Deerwester et al. 1990), which
        makes training ten times as fast at the same accuracy, and scaled by `ngram_share` against the sentence vectors.
        Dividing by a temperature makes the probabilities as large as they are right (Guo et al. 2017).
        """
        vectorizer = TfidfVectorizer(**NGRAMS, min_df=settings.ngram_fewest)
        counts = vectorizer.fit_transform([normalised(sentence) for sentence in sentences])
        dimensions = min(settings.ngram_dimensions, counts.shape[1] - 1)
        # More iterations than two take longer and tell topics apart no better.
        reduction = TruncatedSVD(dimensions, n_iter=2, random_state=0)
        reduction.fit(counts)
        ngram_reduction = reduction.components_.T * settings.ngram_share
        vectors = encoder.encode(sentences) if vectors is None else vectors
        features = np.hstack([vectors, counts @ ngram_reduction]).astype(np.float32)
        others, detected = sorted(set(labels) - set(DETECTED)), [label for label in DETECTED if label in labels]
        numbers = {label: number for number, label in enumerate(others)}
        safe = [position for position, label in enumerate(labels) if label in numbers]
        learned = [numbers[labels[position]] for position in safe]
        network = train_networks(features[safe], learned, settings.hidden, settings.networks, SMOOTHING)
        # Examples without danger, as of a small test, have nothing for a detector to tell apart.
        detector = Network(np.empty((features.shape[1], 0)), np.empty(0), np.empty((0, 1)), np.zeros(1))
        if detected:
            dangers = {label: number for number, label in enumerate(detected, start=1)}
            in_danger = [dangers.get(label, 0) for label in labels] + [0] * len(harmless)
            if harmless:
                more = vectorizer.transform([normalised(sentence) for sentence in harmless]) @ ngram_reduction
                features = np.vstack([features, np.hstack([encoder.encode(harmless), more]).astype(np.float32)])
            hidden, number = settings.detector_hidden, settings.detector_networks
            detector = train_networks(features, in_danger, hidden, number, DETECTOR_SMOOTHING)
        labels = [*others, *detected]
        return cls(encoder, vectorizer, labels, weights_of(network, detector, ngram_reduction, settings.temperature))

    def probabilities(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> list[dict[str, float]]:
        """The probability of every label, together 1, for each sentence; `meanwhile` is passed on to the encoder."""
        weights = self._weights
        reduced = np.empty((len(sentences), weights["ngram_reduction"].shape[1]), dtype=np.float32)
        for row, sentence in zip(reduced, sentences, strict=True):
            columns, counts = self._ngrams_of(sentence)
            row[:] = counts @ weights["ngram_reduction"][columns]
        hidden = np.maximum(self._hidden(np.hstack([self._encoder.encode(sentences, meanwhile), reduced])), 0)
        units = len(weights["label_weights"])
        others = _softmax(hidden[:, :units] @ weights["label_weights"] + weights["label_bias"])
        danger = _softmax(hidden[:, units:] @ weights["detector_weights"] + weights["detector_bias"])
        found = np.hstack([others * danger[:, :1], danger[:, 1:]])
        return [dict(zip(self.labels, row, strict=True)) for row in found.tolist()]

    def _ngrams_of(self, sentence: str) -> tuple[np.ndarray, np.ndarray]:
        """The columns and weights of a sentence's n-grams: as by the vectorizer's `transform`, without its checks."""
        counts = Counter(chain.from_iterable(map(self._columns, normalised(sentence).split())))
        columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self._idf[columns]
        return columns, weights / (np.linalg.norm(weights) or 1)

    def _columns_of(self, word: str) -> tuple[int, ...]:
        """The columns of the n-grams in a word, without those that the training did not see; no n-gram spans two words."""
        vocabulary = self._ngrams.vocabulary_
        return tuple(vocabulary[ngram] for ngram in self._analyse(word) if ngram in vocabulary)

    def save(self, folder: Path) -> None:
        """Writes the model into a folder as arrays and JSON: loading it cannot run code."""
        vocabulary = {ngram: int(index) for ngram, index in self._ngrams.vocabulary_.items()}
        described = {"labels": self.labels, "vocabulary": vocabulary}
        (folder / "model.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        reduction = self._weights["ngram_reduction"].astype(np.float16)
        np.savez(folder / "weights.npz", **(self._weights | {"ngram_reduction": reduction, "idf": self._idf}))

    @classmethod
    def load(cls, encoder: SentenceEncoder, folder: Path) -> "TopicModel":
        """Reads a model that `save` wrote."""
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as weights:
            vectorizer = TfidfVectorizer(**NGRAMS, vocabulary=described["vocabulary"])
            vectorizer.idf_ = weights["idf"]
            return cls(encoder, vectorizer, described["labels"], weights)


def weights_of(network: Network, detector: Network, ngram_reduction: np.ndarray, temperature: float) -> dict[str, np.ndarray]:
    """The weights of a topic model with trained networks; `ngram_reduction` has the shape (vocabulary, dimensions)."""
    return {
        "ngram_reduction": ngram_reduction,
        "hidden_weights": np.hstack([network.first, detector.first]),
        "hidden_bias": np.hstack([network.first_bias, detector.first_bias]),
        "label_weights": network.second / temperature,
        "label_bias": network.second_bias / temperature,
        "detector_weights": detector.second,
        "detector_bias": detector.second_bias,
    }


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

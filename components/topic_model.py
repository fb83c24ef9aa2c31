"""The classifier of topics: sentence vectors and character n-grams under one linear model."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from components.message_kind import normalised
from components.sentence_encoder import SentenceEncoder

# Two to five characters within words: whole short words, stems and endings, and most of a misspelt word.
NGRAMS = {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "dtype": np.float32}


class TopicModel:
    """Gives every label its probability for a sentence.

    logits = sentence vector (384) x `vector_weights` + n-gram weights (vocabulary) x `ngram_weights` + `bias`
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        ngrams: TfidfVectorizer,
        labels: Sequence[str],
        vector_weights: np.ndarray,
        ngram_weights: np.ndarray,
        bias: np.ndarray,
    ) -> None:
        self.labels = tuple(labels)
        self._encoder = encoder
        self._ngrams = ngrams
        self._analyse = ngrams.build_analyzer()
        self._idf = ngrams.idf_.astype(np.float32)
        self._vector_weights = vector_weights
        self._ngram_weights = ngram_weights
        self._bias = bias

    @classmethod
    def fit(
        cls, encoder: SentenceEncoder, sentences: Sequence[str], labels: Sequence[str], inverse_regularisation: float,
        dimensions: int, ngram_share: float,
    ) -> "TopicModel":  # fmt: skip
        """Learns from labelled sentences.

        The n-grams are first brought down to `dimensions` (latent semantic analysis, Deerwester et al. 1990), which makes
        training ten times as fast at the same accuracy, and scaled by `ngram_share` against the sentence vector. As all
        of it is linear, the reduction is multiplied into the weights afterwards and costs nothing later.
        """
        vectorizer = TfidfVectorizer(**NGRAMS, min_df=2)
        counts = vectorizer.fit_transform([normalised(sentence) for sentence in sentences])
        reduction = TruncatedSVD(min(dimensions, counts.shape[1] - 1), random_state=0)
        reduced = reduction.fit_transform(counts) * ngram_share
        vectors = encoder.encode(sentences)
        linear = LogisticRegression(C=inverse_regularisation, max_iter=300)
        linear.fit(np.hstack([vectors, reduced]), labels)
        width = vectors.shape[1]
        projected = reduction.components_.T @ linear.coef_[:, width:].T * ngram_share
        return cls(
            encoder,
            vectorizer,
            [str(label) for label in linear.classes_],
            linear.coef_[:, :width].T.astype(np.float32),
            projected.astype(np.float32),
            linear.intercept_.astype(np.float32),
        )

    def probabilities(self, sentence: str) -> dict[str, float]:
        """The probability of every label, together 1."""
        columns, weights = self._ngrams_of(sentence)
        logits = self._encoder.encode([sentence])[0] @ self._vector_weights + self._bias
        logits = logits + weights @ self._ngram_weights[columns]
        powers = np.exp(logits - logits.max())
        return dict(zip(self.labels, (powers / powers.sum()).tolist(), strict=True))

    def _ngrams_of(self, sentence: str) -> tuple[np.ndarray, np.ndarray]:
        """The columns and weights of a sentence's n-grams: what the vectorizer's `transform` gives, without its checks."""
        counts = Counter(map(self._ngrams.vocabulary_.get, self._analyse(normalised(sentence))))
        # Those that training did not see.
        counts.pop(None, None)
        columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self._idf[columns]
        return columns, weights / (np.linalg.norm(weights) or 1)

    def save(self, folder: Path) -> None:
        """Writes the model into a folder as plain numbers and JSON: loading it can run no code."""
        vocabulary = {ngram: int(index) for ngram, index in self._ngrams.vocabulary_.items()}
        described = {"labels": self.labels, "vocabulary": vocabulary}
        (folder / "model.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        np.savez(
            folder / "weights.npz",
            idf=self._ngrams.idf_,
            vector_weights=self._vector_weights,
            ngram_weights=self._ngram_weights,
            bias=self._bias,
        )

    @classmethod
    def load(cls, encoder: SentenceEncoder, folder: Path) -> "TopicModel":
        """Reads a model that `save` wrote."""
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as weights:
            vectorizer = TfidfVectorizer(**NGRAMS, vocabulary=described["vocabulary"])
            vectorizer.idf_ = weights["idf"]
            return cls(
                encoder,
                vectorizer,
                described["labels"],
                weights["vector_weights"],
                weights["ngram_weights"],
                weights["bias"],
            )

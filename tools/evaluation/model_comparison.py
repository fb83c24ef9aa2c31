"""Fits the models that were tried and measures each on the test questions, in one table."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tools.evaluation.learning_curve import shares_right
from tools.evaluation.measures import TOP
from tools.evaluation.questions import Question
from tools.evaluation.training_examples import Example
from trialguide.nlu.decision import DANGERS, OUT_OF_SCOPE, PERSONAL, UNSURE, Thresholds, decide_alone
from trialguide.nlu.network import train_networks
from trialguide.nlu.safety_phrases import SafetyPhrases
from trialguide.nlu.sentence_encoder import ENCODER_FOLDER, SentenceEncoder
from trialguide.nlu.topic_model import NGRAMS, Settings, TopicModel, weights_of
from trialguide.text.normalisation import normalised

IN_SCOPE = "in_scope"
LAST_LAYER = 384
# The inverse strength of regularisation that did best for the linear models.
REGULARISATION = 10.0
PASSES = 300
# A linear model runs as a network whose hidden layer never falls below 0: this is added before and taken off behind.
LIFT = 100.0
NO_NGRAMS = np.zeros((1, 0))
TIMED = 300
MEGABYTE = 1_000_000

Rows = list[dict[str, float]]
Probabilities = Callable[[Sequence[str]], Rows]


@dataclass(frozen=True)
class Compared:
    """A row of the table: shares of the questions, milliseconds a message, seconds of training without encoding, 10^6 bytes.

    Both times are the processor's.
    """

    name: str
    first: float
    in_top: float
    right: float
    offered: float
    wrong: float
    out_of_scope_answered: float
    milliseconds: float
    training: float
    megabytes: float


@dataclass(frozen=True)
class Lesson:
    """What all models learn from and are measured on. `encode_again` is an encoder that remembers nothing, for timing."""

    examples: Sequence[Example]
    questions: Sequence[Question]
    settings: Settings
    thresholds: Thresholds
    phrases: SafetyPhrases
    offerable: Sequence[str]
    encoder: SentenceEncoder
    encode_again: SentenceEncoder


class LastLayer(SentenceEncoder):
    """The vectors of the published model alone."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self.width = LAST_LAYER

    def encode(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> np.ndarray:
        vectors: np.ndarray = self._encoder.encode(sentences, meanwhile)[:, -LAST_LAYER:]
        return vectors


Make = Callable[[SentenceEncoder, Sequence[str], Sequence[str], Settings], TopicModel]


def compare(lesson: Lesson) -> list[Compared]:
    """Every model of the table, fitted and measured, one after the other."""
    last = (LastLayer(lesson.encoder), LastLayer(lesson.encode_again))
    whole = (lesson.encoder, lesson.encode_again)
    rows = [
        _measure_model("last layer, linear", lesson, linear_without_ngrams, last),
        _measure_model("last layer and n-grams, linear", lesson, linear, last),
        _measure_model("three layers and n-grams, linear", lesson, linear, whole),
        _measure_model("three layers, network", lesson, network_without_ngrams, whole),
    ]
    ours, seconds = _fitted(lesson, TopicModel.fit, whole)
    rows.append(measured("three layers and n-grams, network (ours)", lesson, ours.probabilities, seconds, megabytes(ours)))
    scopes = [OUT_OF_SCOPE if example.label == OUT_OF_SCOPE else IN_SCOPE for example in lesson.examples]
    detector, more_seconds = _fitted(lesson, linear, whole, scopes)
    guarded = in_front(detector, ours)
    # The encoder is there once; what the detector adds is its weights.
    size = megabytes(ours) + megabytes(detector) - encoder_megabytes()
    rows.append(measured("ours behind a detector of what is out of scope", lesson, guarded, seconds + more_seconds, size))
    return rows


def measured(name: str, lesson: Lesson, probabilities: Probabilities, training: float, size: float) -> Compared:
    """A row of the table for a model that has been fitted."""
    questions = lesson.questions
    rows = probabilities([question.text for question in questions])
    taken = [decide_alone(row, lesson.thresholds, DANGERS, PERSONAL, lesson.offerable) for row in rows]
    labels = [
        lesson.phrases.label(question.text) or decision.label for question, decision in zip(questions, taken, strict=True)
    ]
    right = [question.accepts(label) for question, label in zip(questions, labels, strict=True)]
    wrong = [not hit and label != UNSURE for hit, label in zip(right, labels, strict=True)]
    offered = [
        label == UNSURE and any(map(question.accepts, decision.offers))
        for question, label, decision in zip(questions, labels, taken, strict=True)
    ]
    outside = [
        label in lesson.offerable for question, label in zip(questions, labels, strict=True) if question.topic == OUT_OF_SCOPE
    ]
    return Compared(
        name,
        shares_right(questions, rows, 1),
        shares_right(questions, rows, TOP),
        float(np.mean(right)),
        float(np.mean(offered)),
        float(np.mean(wrong)),
        float(np.mean(outside)) if outside else 0.0,
        median(milliseconds(probabilities, [question.text for question in questions[:: len(questions) // TIMED + 1]])),
        training,
        size,
    )


def milliseconds(
    probabilities: Probabilities, texts: Sequence[str], clock: Callable[[], float] = time.process_time
) -> list[float]:
    """How long each message takes by itself: processor time, which other work on the machine changes less."""
    durations = []
    for text in texts:
        start = clock()
        probabilities([text])
        durations.append(1000 * (clock() - start))
    return durations


def linear(encoder: SentenceEncoder, sentences: Sequence[str], labels: Sequence[str], settings: Settings) -> TopicModel:
    """Multinomial logistic regression on sentence vectors and n-grams, as a topic model."""
    vectorizer = TfidfVectorizer(**NGRAMS, min_df=settings.ngram_fewest)
    counts = vectorizer.fit_transform([normalised(sentence) for sentence in sentences])
    reduction = TruncatedSVD(min(settings.ngram_dimensions, counts.shape[1] - 1), random_state=0)
    ngram_reduction = reduction.fit(counts).components_.T * settings.ngram_share
    coefficients, bias, names = _regress(np.hstack([encoder.encode(sentences), counts @ ngram_reduction]), labels)
    return TopicModel(encoder, vectorizer, names, _lifted(ngram_reduction, coefficients, bias))


def linear_without_ngrams(
    encoder: SentenceEncoder, sentences: Sequence[str], labels: Sequence[str], settings: Settings
) -> TopicModel:
    """Multinomial logistic regression on sentence vectors alone, as a topic model."""
    coefficients, bias, names = _regress(encoder.encode(sentences), labels)
    return TopicModel(encoder, _one_ngram(sentences), names, _lifted(NO_NGRAMS, coefficients, bias))


def network_without_ngrams(
    encoder: SentenceEncoder, sentences: Sequence[str], labels: Sequence[str], settings: Settings
) -> TopicModel:
    """Our network on sentence vectors alone."""
    names = sorted(set(labels))
    columns = [names.index(label) for label in labels]
    network = train_networks(encoder.encode(sentences), columns, settings.hidden, settings.networks)
    weights = weights_of(network, NO_NGRAMS, settings.temperature)
    return TopicModel(encoder, _one_ngram(sentences), names, weights)


def in_front(detector: TopicModel, model: TopicModel) -> Probabilities:
    """The probability of being out of scope from the detector; the rest shared out as the model does."""

    def probabilities(sentences: Sequence[str]) -> Rows:
        rows = []
        for scope, row in zip(detector.probabilities(sentences), model.probabilities(sentences), strict=True):
            inside = scope[IN_SCOPE] / (1 - row[OUT_OF_SCOPE] + 1e-12)
            rows.append({label: value * inside for label, value in row.items()} | {OUT_OF_SCOPE: scope[OUT_OF_SCOPE]})
        return rows

    return probabilities


def megabytes(model: TopicModel) -> float:
    """The size on disk of a model with its encoder, in millions of bytes."""
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        return sum(file.stat().st_size for file in Path(folder).iterdir()) / MEGABYTE + encoder_megabytes()


def encoder_megabytes() -> float:
    """The size on disk of the sentence encoder, in millions of bytes."""
    return sum((ENCODER_FOLDER / name).stat().st_size for name in ("encoder.onnx", "tokenizer.json")) / MEGABYTE


def with_encoder(model: TopicModel, encoder: SentenceEncoder) -> TopicModel:
    """The same model over another encoder of the same vectors."""
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        return TopicModel.load(encoder, Path(folder))


def write_rows(rows: Sequence[Compared], file: Path, about: Mapping[str, object]) -> None:
    """Keeps the table for the report, with what it depends on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=2) + "\n", encoding="utf-8")


def _measure_model(name: str, lesson: Lesson, make: Make, encoders: tuple[SentenceEncoder, SentenceEncoder]) -> Compared:
    model, seconds = _fitted(lesson, make, encoders)
    return measured(name, lesson, model.probabilities, seconds, megabytes(model))


def _fitted(
    lesson: Lesson, make: Make, encoders: tuple[SentenceEncoder, SentenceEncoder], labels: Sequence[str] | None = None
) -> tuple[TopicModel, float]:
    sentences = [example.text for example in lesson.examples]
    learns, runs = encoders
    learns.encode(sentences)
    start = time.process_time()
    model = make(learns, sentences, labels or [example.label for example in lesson.examples], lesson.settings)
    seconds = time.process_time() - start
    return with_encoder(model, runs), seconds


def _regress(features: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Weights (features, labels), bias (labels,) and the labels of a logistic regression."""
    fitted = LogisticRegression(C=REGULARISATION, max_iter=PASSES).fit(features, labels)
    coefficients, bias = fitted.coef_, fitted.intercept_
    if len(bias) == 1:
        # Of two labels only the difference is kept; half of it for each gives the same probabilities.
        coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.concatenate([-bias, bias]) / 2
    return coefficients.T, bias, [str(label) for label in fitted.classes_]


def _lifted(ngram_reduction: np.ndarray, coefficients: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "ngram_reduction": ngram_reduction,
        "hidden_weights": coefficients,
        "hidden_bias": bias + LIFT,
        "label_weights": np.eye(len(bias)),
        "label_bias": np.full(len(bias), -LIFT),
    }


def _one_ngram(sentences: Sequence[str]) -> TfidfVectorizer:
    """The smallest vocabulary there can be, for a model that does not use it."""
    return TfidfVectorizer(**NGRAMS, max_features=1).fit([normalised(sentence) for sentence in sentences])

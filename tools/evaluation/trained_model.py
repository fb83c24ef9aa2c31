"""Loads the interpreter of a trained model, with its probabilities cached, and measures its speed and size."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from trialguide.nlu.decision import Thresholds
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.message import Probabilities
from trialguide.nlu.resources import Classifier
from trialguide.nlu.sentence_encoder import ENCODER_FOLDER
from trialguide.nlu.training import LEARNED, load_interpreter

MEGABYTE = 1_000_000
ENCODER_FILES = ("encoder.onnx", "tokenizer.json")


class CachedClassifier:
    """A classifier that computes the probabilities of each sentence once, and by itself as the interpreter does."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._cache: dict[str, Probabilities] = {}

    def probabilities(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> list[Probabilities]:
        if meanwhile:
            meanwhile()
        for sentence in sentences:
            if sentence not in self._cache:
                (self._cache[sentence],) = self._classifier.probabilities([sentence])
        return [self._cache[sentence] for sentence in sentences]


@dataclass(frozen=True)
class TrainedModel:
    """The interpreter of a model archive, with the size of the model on disk in millions of bytes."""

    interpreter: Interpreter
    megabytes: float


@dataclass(frozen=True)
class Speed:
    """Milliseconds a message at the median and the 95th percentile; sizes on disk in millions of bytes.

    `processor` is the processor time at the median, `busy` how many processes wanted a core meanwhile, on average.
    """

    p50: float
    p95: float
    processor: float
    messages: int
    model: float
    encoder: float
    busy: float


def load_trained_model(archive: Path, thresholds: Thresholds) -> TrainedModel:
    """Reads a model archive of Rasa."""
    with TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, folder)
        (learned,) = Path(folder).rglob(LEARNED)
        size = sum(file.stat().st_size for file in learned.parent.iterdir()) / MEGABYTE
        return TrainedModel(load_interpreter(learned.parent, asdict(thresholds)), size)


def with_cache(interpreter: Interpreter) -> Interpreter:
    """The same interpreter with a cached classifier."""
    resources = interpreter.resources
    return Interpreter(replace(resources, classifier=CachedClassifier(resources.classifier)))


def measure_speed(model: TrainedModel, texts: Sequence[str]) -> Speed:
    """Times the classifier alone, text by text."""
    classifier = model.interpreter.resources.classifier
    durations = _milliseconds(classifier, texts, time.perf_counter)
    return Speed(
        p50=median(durations),
        p95=float(np.percentile(durations, 95)),
        # Other work on the machine changes it less.
        processor=median(_milliseconds(classifier, texts, time.process_time)),
        messages=len(texts),
        model=model.megabytes,
        encoder=sum((ENCODER_FOLDER / name).stat().st_size for name in ENCODER_FILES) / MEGABYTE,
        busy=os.getloadavg()[1],
    )


def _milliseconds(classifier: Classifier, texts: Sequence[str], clock: Callable[[], float]) -> list[float]:
    durations = []
    for text in texts:
        start = clock()
        classifier.probabilities([text])
        durations.append(1000 * (clock() - start))
    return durations

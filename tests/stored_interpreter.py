"""An interpreter without a trained model: its classifier has known probabilities."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.passages import Passage, Passages
from trialguide.nlu.preprocessing import load_abbreviations, load_courtesies
from trialguide.nlu.resources import Resources
from trialguide.nlu.safety_phrases import load_safety_phrases
from trialguide.nlu.spelling import Speller
from trialguide.places.entities import PlaceEntities
from trialguide.text.feedback import load_following_reader, load_rating_reader
from trialguide.text.meanings import load_meaning_reader
from trialguide.text.terms import term_finder

THRESHOLDS = Thresholds(
    answer=0.6,
    personal=0.34,
    danger=0.7,
    check_in=0.35,
    danger_in_part=0.9,
    danger_as_written=0.9,
    part=0.7,
    look_up=0.3,
    statement=0.5,
    phrase=0.1,
    follow_up=0.35,
)


class StoredProbabilities:
    """A classifier with known probabilities by text; the speller may have changed its case."""

    def __init__(self, rows: Mapping[str, Mapping[str, float]]) -> None:
        self._rows = {text.lower(): row for text, row in rows.items()}

    def probabilities(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> list[Mapping[str, float]]:
        if meanwhile:
            meanwhile()
        return [self._rows[sentence.lower()] for sentence in sentences]


def stored_interpreter(
    rows: Mapping[str, Mapping[str, float]], thresholds: Thresholds, examples: Mapping[str, str] | None = None
) -> Interpreter:
    """An interpreter that classifies by the rows and knows the examples."""
    return Interpreter(
        replace(untrained_resources(), classifier=StoredProbabilities(rows), examples=examples or {}, thresholds=thresholds)
    )


@cache
def untrained_resources() -> Resources:
    """The resources from `data/`, read once: the gazetteer alone takes two seconds."""
    return Resources(
        classifier=StoredProbabilities({}),
        examples={},
        speller=Speller({}),
        abbreviations=load_abbreviations(),
        courtesies=load_courtesies(),
        phrases=load_safety_phrases(),
        places=PlaceEntities(()),
        ratings=load_rating_reader(),
        following=load_following_reader(),
        meanings=load_meaning_reader(),
        terms=term_finder(),
        catalogue=load_catalogue(),
        thresholds=THRESHOLDS,
        executor=ThreadPoolExecutor(1),
        # Alike to every message.
        passages=Passages([Passage("phase_1", "text", 0)], np.ones((1, 1))),
        vector=lambda _: np.ones(1),
    )

"""The model, word lists and thresholds that the stages of the interpreter read."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from trialguide.content.catalogue import Catalogue
from trialguide.nlu.decision import Thresholds, likeliest
from trialguide.nlu.message import Probabilities
from trialguide.nlu.passages import Passages
from trialguide.nlu.preprocessing import Abbreviations, Courtesies
from trialguide.nlu.safety_phrases import SafetyPhrases
from trialguide.nlu.spelling import Speller
from trialguide.places.entities import PlaceEntities
from trialguide.text.feedback import FollowingReader, RatingReader
from trialguide.text.meanings import MeaningReader
from trialguide.text.normalisation import normalised
from trialguide.text.terms import TermFinder


class Classifier(Protocol):
    """A `TopicModel`, or its stored probabilities."""

    def probabilities(
        self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None
    ) -> Sequence[Probabilities]: ...


@dataclass(frozen=True)
class Resources:
    """Everything that the stages share; none of it changes while messages are interpreted.

    `examples` are the labels of the training examples by their normalised text. `executor` runs the second thread beside the
    encoder. `passages` are the paragraphs of the answers, `vector` gives a text's sentence vector to compare them with.
    """

    classifier: Classifier
    examples: Mapping[str, str]
    speller: Speller
    abbreviations: Abbreviations
    courtesies: Courtesies
    phrases: SafetyPhrases
    places: PlaceEntities
    ratings: RatingReader
    following: FollowingReader
    meanings: MeaningReader
    terms: TermFinder
    catalogue: Catalogue
    thresholds: Thresholds
    executor: Executor
    passages: Passages
    vector: Callable[[str], np.ndarray]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The topics and look-ups by their normalised title."""
        return {normalised(title): label for label, title in self.catalogue.titles.items()}

    def probabilities(self, text: str, meanwhile: Callable[[], None] | None = None) -> Probabilities:
        """The classifier's probabilities for one text; `meanwhile` is passed on to the encoder."""
        (probabilities,) = self.classifier.probabilities([text], meanwhile)
        return probabilities

    def topic_of(self, text: str, threshold: float) -> str | None:
        """The topic that a part of a message names with a probability of at least `threshold`."""
        example = self.examples.get(normalised(text))
        probabilities = {example: 1.0} if example else self.probabilities(self.courtesies.strip(text))
        best = likeliest(probabilities)
        return best if best in self.catalogue.topics and probabilities[best] >= threshold else None

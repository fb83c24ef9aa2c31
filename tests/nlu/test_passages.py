"""Paragraphs of the answers, found by likeness of vectors."""

from pathlib import Path

import numpy as np
import pytest

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.passages import BREAK, Passage, Passages, passages_of_answers

ROWS = [Passage("a", "text", 0), Passage("a", "more", 0), Passage("b", "text", 0)]
VECTORS = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]], dtype=np.float32)


@pytest.mark.parametrize(
    ("topic", "vector", "found"),
    [("a", [0.1, 0.9], ROWS[1]), ("a", [0.9, 0.1], ROWS[0]), ("a", [0.5, 0.45], ROWS[1]), ("c", [1, 0], None)],
)
def test_the_nearest_paragraph_of_the_topic(topic: str, vector: list[float], found: Passage | None, tmp_path: Path) -> None:
    passages = Passages(ROWS, VECTORS)
    passages.save(tmp_path)
    for each in (passages, Passages.load(tmp_path)):
        assert each.nearest(topic, np.array(vector, dtype=np.float32)) == found


def test_every_answer_has_its_paragraphs() -> None:
    topics = list(load_catalogue().topics)
    found = passages_of_answers(topics)
    assert {passage.topic for passage, _ in found} == set(topics)
    assert not any(BREAK in text for _, text in found)

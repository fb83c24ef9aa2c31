"""Paragraphs of the answers, found by likeness of sentence vectors: fixed text for a follow-up, never generated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trialguide.content.files import DATA, load_yaml

PARTS = ("text", "more", "simpler")
PASSAGES = "passages.npz"
BREAK = "\n\n"
# Added to the likeness of a paragraph of the longer form: who asks on has read the answer itself.
UNREAD = 0.1


@dataclass(frozen=True)
class Passage:
    """A paragraph of an answer: its topic, the part (`text`, `more` or `simpler`) and its number there, from 0."""

    topic: str
    part: str
    number: int


def passages_of_answers(topics: Sequence[str]) -> list[tuple[Passage, str]]:
    """All paragraphs of the answers in data/faq/, with their text."""
    found = []
    for topic in topics:
        (answer,) = load_yaml(DATA / "faq" / f"{topic}.yml")["responses"][f"utter_faq/{topic}"]
        parts = {"text": answer["text"], **answer["metadata"]}
        for part in PARTS:
            paragraphs = str(parts.get(part) or "").strip().split(BREAK)
            found += [(Passage(topic, part, number), text) for number, text in enumerate(paragraphs) if text]
    return found


class Passages:
    """The paragraphs with their sentence vectors, shape (paragraphs, dimensions), of length 1."""

    def __init__(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = vectors / np.where(lengths, lengths, 1)
        self._rows: dict[str, list[int]] = {}
        for row, passage in enumerate(passages):
            self._rows.setdefault(passage.topic, []).append(row)
        self._passages = list(passages)

    def nearest(self, topic: str, vector: np.ndarray, least: float = -1.0) -> Passage | None:
        """The paragraph of a topic's answer that is most alike to a message's vector, by cosine; one unread counts more.

        None where no cosine reaches `least`.
        """
        rows = self._rows.get(topic, [])
        likeness = self._vectors[rows] @ vector
        if not rows or likeness.max() < least:
            return None
        unread = [UNREAD if self._passages[row].part == "more" else 0.0 for row in rows]
        return self._passages[rows[int(np.argmax(likeness + np.array(unread)))]]

    def save(self, folder: Path) -> None:
        """Writes the vectors, in 16 bits, and what they belong to."""
        described = np.array([f"{row.topic} {row.part} {row.number}" for row in self._passages])
        np.savez(folder / PASSAGES, vectors=self._vectors.astype(np.float16), passages=described)

    @classmethod
    def load(cls, folder: Path) -> "Passages":
        """Reads what `save` wrote."""
        with np.load(folder / PASSAGES, allow_pickle=False) as stored:
            named = (row.split(" ") for row in stored["passages"].tolist())
            return cls(
                [Passage(topic, part, int(number)) for topic, part, number in named], stored["vectors"].astype(np.float32)
            )

"""Test questions with the topics they are about, read from YAML."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trialguide.content.catalogue import Catalogue
from trialguide.content.files import ROOT, load_yaml

QUESTIONS = ROOT / "tests" / "questions"
FIRST_SET = "first"
# Files whose names begin so were written later, by other people.
LATER_SETS = ("second", "third", "fourth")


class UnreadableQuestions(Exception):
    """A question file does not have the form it should; the message names file, entry and remedy."""


@dataclass(frozen=True)
class Question:
    """A question with the topic (an id of the catalogue) it is about, and others whose answers serve as well."""

    text: str
    topic: str
    also: tuple[str, ...] = ()

    def accepts(self, label: str) -> bool:
        return label == self.topic or label in self.also


def sets_of(files: Iterable[Path]) -> dict[str, list[Path]]:
    """The question files by the set they belong to: `second_safety.yml` to the second, those without a prefix to the first."""
    sets: defaultdict[str, list[Path]] = defaultdict(list)
    for file in files:
        prefix = file.stem.partition("_")[0]
        sets[prefix if prefix in LATER_SETS else FIRST_SET].append(file)
    return dict(sets)


def read_questions(files: Iterable[Path], catalogue: Catalogue) -> list[Question]:
    """The questions of some files. Raises UnreadableQuestions."""
    topics = {*catalogue.topics, *catalogue.lookups, *catalogue.conversation, *catalogue.safety}
    questions = []
    for file in files:
        try:
            rows = load_yaml(file)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UnreadableQuestions(f"{file} cannot be read: {error}") from error
        if not isinstance(rows, list):
            raise UnreadableQuestions(f"{file}: write a list of entries with “text:” and “topic:”.")
        for number, row in enumerate(rows, start=1):
            question = _question(row)
            unknown = {question.topic, *question.also} - topics if question else set()
            if question is None or unknown:
                reason = (
                    f"topic {', '.join(sorted(unknown))} is not in data/topics.yml" if unknown else "it needs text and topic"
                )
                raise UnreadableQuestions(f"{file}, entry {number}: {reason}.")
            questions.append(question)
    return questions


def _question(row: Any) -> Question | None:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("topic"), str):
        return None
    return Question(row["text"], row["topic"], tuple(row.get("also") or ()))

"""Accuracy on unseen questions, with floors that only rise."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, load_table
from rapidfuzz import fuzz, process

from tools.evaluation.kinds import (
    SETS,
    follow_up_measures,
    interpret_all,
    measures_of,
    play_pieces,
    read_messages,
    read_pieces,
)
from tools.evaluation.measures import Outcome, measures
from tools.evaluation.questions import read_questions
from tools.evaluation.score import print_tables, understand
from tools.evaluation.trained_model import load_trained_model
from tools.evaluation.training_examples import configured
from trialguide.commands.yaml_lines import examples
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import load_yaml
from trialguide.nlu.follow_up_examples import follow_up_rows
from trialguide.text.normalisation import normalised

QUESTIONS = sorted((ROOT / "tests" / "questions").glob("*.yml"))
# Normalised edit similarity, in per cent.
NEARLY_THE_SAME = 90
# Short phrases such as "tell me more" or "thanks" have few ways to be said.
FEWEST_WORDS = 4
# Decided by the glossary, or measured by the messages of open/ and sealed/, which are labelled by kind, and by the last turns of their conversations.
MEASURED_BY_KIND = re.compile(
    r"statement/|about_bot/|alarm_|check_|emergency_|self_harm_|follow_up$|no_answer$|explain_word$|correction$|helpline$"
)
KINDS = load_table(ROOT / "tests" / "questions" / "floors" / "kinds.yml")
FLOORS = load_table(ROOT / "tests" / "questions" / "floors" / "floors.yml")


def texts_by_kind() -> list[str]:
    """The messages and the last turns of the sets by kind."""
    rows = (
        row for name in SETS for file in sorted((ROOT / "tests" / "questions" / name).glob("*.yml")) for row in load_table(file)
    )
    return [normalised(row["turns"][-1] if "turns" in row else row["text"]) for row in rows]


def training_sentences() -> list[str]:
    files = [*(ROOT / "data" / "faq").glob("*.yml"), *(ROOT / "data" / "nlu").glob("*.yml")]
    blocks = (block for file in files for block in load_yaml(file)["nlu"])
    follow_ups = [normalised(message) for _, message, _ in follow_up_rows()]
    return [normalised(example) for block in blocks for _, example in examples(block["examples"])] + follow_ups


@pytest.fixture(scope="module")
def results(model: Path, catalogue: Catalogue) -> list[Outcome]:
    return understand(read_questions(QUESTIONS, catalogue), model)


def test_every_topic_has_ten_test_questions(catalogue: Catalogue) -> None:
    asked = Counter(question.topic for question in read_questions(QUESTIONS, catalogue))
    assert [topic for topic in (*catalogue.topics, *catalogue.lookups) if asked[topic] < 10] == []
    assert [intent for intent in catalogue.conversation if asked[intent] < 10 and not MEASURED_BY_KIND.match(intent)] == []
    assert asked["out_of_scope"] >= 150
    assert [label for label in catalogue.safety if asked[label] < 60 and not MEASURED_BY_KIND.match(label)] == []


def test_no_test_question_stands_in_the_training_data(catalogue: Catalogue) -> None:
    trained = set(training_sentences()) | {normalised(title) for title in catalogue.titles.values()}
    asked = [normalised(question.text) for question in read_questions(QUESTIONS, catalogue)]
    assert [text for text in asked if text in trained] == []
    # Short ones such as "thank you" have few ways to be said.
    assert sum(text in trained and len(text.split()) >= FEWEST_WORDS for text in texts_by_kind()) == 0


def test_no_test_question_nearly_stands_in_the_training_data(catalogue: Catalogue) -> None:
    trained = [text for text in training_sentences() if len(text.split()) >= FEWEST_WORDS]
    asked = [normalised(question.text) for question in read_questions(QUESTIONS, catalogue)]
    asked = [text for text in (*asked, *texts_by_kind()) if len(text.split()) >= FEWEST_WORDS]
    likeness = process.cdist(asked, trained, scorer=fuzz.ratio, score_cutoff=NEARLY_THE_SAME)
    assert [(asked[row], trained[column]) for row, column in np.argwhere(likeness)] == []


def test_questions_are_understood_as_well_as_before(results: list[Outcome], catalogue: Catalogue) -> None:
    print_tables(results, catalogue)
    fallen = []
    for measure in measures(results, catalogue):
        floor, ceiling = FLOORS[measure.name].get("at_least", 0.0), FLOORS[measure.name].get("at_most", 1.0)
        if not floor <= measure.share <= ceiling:
            fallen.append((measure.name, round(measure.share, 4)))
    assert fallen == []


@pytest.mark.parametrize("name", SETS)
def test_messages_by_kind_are_understood_as_well_as_before(name: str, model: Path, catalogue: Catalogue) -> None:
    interpreter = load_trained_model(model, configured()[1]).interpreter
    last_turns = play_pieces(interpreter, catalogue, read_pieces(name))
    found = [*measures_of(interpret_all(interpreter, read_messages(name))), *follow_up_measures(last_turns)]
    assert {measure.name for measure in found} == set(KINDS[name])
    fallen = []
    for measure in found:
        bounds = KINDS[name][measure.name]
        if not bounds.get("at_least", 0.0) <= measure.share <= bounds.get("at_most", 1.0):
            fallen.append((measure.name, round(measure.share, 4)))
    assert fallen == []

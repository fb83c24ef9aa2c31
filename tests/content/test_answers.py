"""Every topic has the answer it should have: facts, source, date, length, grade, related topics."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, load_table

from trialguide.commands.check import check_content
from trialguide.commands.checking.answers import FEWEST_EXAMPLES, HIGHEST_GRADE, MOST_WORDS_WITH_SOURCES, words_and_grade
from trialguide.commands.yaml_lines import examples
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import load_yaml
from trialguide.content.wording import load_words, source_line
from trialguide.places.directory_files import LINK
from trialguide.text.normalisation import normalised

CATALOGUE = load_catalogue()
TOPICS = sorted(CATALOGUE.topics)
FACTS: dict[str, dict[str, str]] = {
    topic: facts
    for file in sorted((Path(__file__).parent / "facts").glob("*.yml"))
    for topic, facts in load_table(file).items()
}
MOST_WORDS = 90
# The page is not ours to publish, so each run of ten of its words stands here as the first 12 digits of its SHA-256.
COPIED_WORDS = 10
PAGE_RUNS = frozenset((Path(__file__).parent / "page_runs.txt").read_text(encoding="utf-8").split())


def answer_file(topic: str) -> dict[str, Any]:
    return dict(load_yaml(ROOT / "data" / "faq" / f"{topic}.yml"))


def answer(topic: str) -> tuple[str, dict[str, Any]]:
    response = answer_file(topic)["responses"][f"utter_faq/{topic}"]
    assert len(response) == 1, "an answer is one response, without random variants"
    return response[0]["text"], response[0]["metadata"]


def test_the_catalogue_has_every_topic_that_was_asked_for() -> None:
    assert len(TOPICS) == 124
    assert sorted(CATALOGUE.lookups) == ["find_clinic", "find_support_group", "find_trial"]


def test_there_is_one_file_for_each_topic_and_no_other() -> None:
    assert sorted(file.stem for file in (ROOT / "data" / "faq").glob("*.yml")) == TOPICS


def test_the_content_is_in_order() -> None:
    assert [str(finding) for finding in check_content(ROOT / "data") if not finding.warning] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_carries_each_of_its_facts(topic: str) -> None:
    text, _ = answer(topic)
    assert set(FACTS[topic]) == set(CATALOGUE.topics[topic].must)
    missing = [fact for fact, says in FACTS[topic].items() if not re.search(says, text, re.IGNORECASE | re.DOTALL)]
    assert missing == []


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_is_short_and_plain(topic: str) -> None:
    text, metadata = answer(topic)
    # The sentence on what stands behind an answer is the same below all.
    line = source_line(load_words()["source_line"]["text"], metadata["sources"], "")
    for part in (text, metadata["simpler"], metadata.get("more", "")):
        assert words_and_grade(part)[0] <= MOST_WORDS
        assert words_and_grade(f"{part}\n\n{line}")[0] <= MOST_WORDS_WITH_SOURCES
        assert words_and_grade(part)[1] <= HIGHEST_GRADE
    assert words_and_grade(metadata["simpler"])[1] <= 6.0


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_names_its_sources(topic: str) -> None:
    _, metadata = answer(topic)
    assert 1 <= len(metadata["sources"]) <= 4
    assert all(source["organisation"] and LINK.fullmatch(source["link"]) for source in metadata["sources"])
    line = source_line(load_words()["source_line"]["text"], metadata["sources"], "Draft.")
    assert line.startswith("Source: ")
    assert line.endswith(f"{metadata['sources'][-1]['link']}. Draft.")


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_leads_on_to_two_to_four_related_topics(topic: str) -> None:
    related = CATALOGUE.topics[topic].related
    assert 2 <= len(related) <= 4
    assert len(set(related)) == len(related)
    assert all(other in CATALOGUE.titles and other != topic for other in related)


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_is_not_copied_from_the_page(topic: str) -> None:
    text, metadata = answer(topic)
    words = normalised(" ".join([text, metadata["simpler"], metadata.get("more", "")])).split()
    runs = [" ".join(words[start : start + COPIED_WORDS]) for start in range(len(words) - COPIED_WORDS + 1)]
    assert [run for run in runs if hashlib.sha256(run.encode()).hexdigest()[:12] in PAGE_RUNS] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_enough_examples_that_differ(topic: str) -> None:
    written = [normalised(example) for _, example in examples(answer_file(topic)["nlu"][0]["examples"])]
    assert len(written) >= FEWEST_EXAMPLES
    assert len(set(written)) == len(written)


def test_out_of_scope_has_enough_examples() -> None:
    rows = load_yaml(ROOT / "data" / "nlu" / "out_of_scope.yml")["nlu"]
    assert sum(len(examples(row["examples"])) for row in rows) >= 400


def test_the_picture_of_the_phases_has_a_text_alternative() -> None:
    picture = (ROOT / "web" / "pictures" / "phases.svg").read_text(encoding="utf-8")
    for element in ("title", "desc"):
        assert re.search(rf"<{element}[^>]*>\s*\S", picture)
    assert 'role="img"' in picture
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", picture)
    assert all(f"phase {number}" in picture.lower() for number in range(1, 5))

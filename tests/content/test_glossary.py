"""Every rare word that a patient reads in an answer is explained by the glossary."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import ROOT, load_table
from wordfreq import zipf_frequency

from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import load_yaml
from trialguide.content.glossary import Term, load_glossary
from trialguide.text.terms import LINK, TermFinder
from trialguide.text.words import words_of

# Zipf's scale: one occurrence in a thousand million words is 0, in a million 3. "Kidney" has 4, "biopsy" 3.
RARE_BELOW = 3.2
CATALOGUE = load_catalogue()
TERMS = load_glossary()
# With the names that are explained only to those who ask.
FINDER = TermFinder(replace(term, only_asked=frozenset()) for term in TERMS.values())
KNOWN = load_table(ROOT / "tests" / "content" / "known_words.yml")


def texts_of(topic: str) -> tuple[list[str], list[str]]:
    """The texts of an answer, and the organisations of its sources."""
    (answer,) = load_yaml(ROOT / "data" / "faq" / f"{topic}.yml")["responses"][f"utter_faq/{topic}"]
    metadata = answer["metadata"]
    texts = [answer["text"], metadata["simpler"], metadata.get("more", "")]
    return texts, [source["organisation"] for source in metadata["sources"]]


def unexplained(text: str) -> str:
    """The text without its links and without the terms of the glossary."""
    text = LINK.sub(" ", text)
    while found := FINDER.in_text(text):
        for named in found:
            text = re.sub(rf"(?<!\w){re.escape(named.name)}(?!\w)", " , ", text)
    return text


def rare_words(text: str) -> Iterator[str]:
    for word in words_of(unexplained(text)):
        if not word.plain.isdigit() and zipf_frequency(word.plain, "en") < RARE_BELOW:
            yield word.plain


NAMES = {word.plain for topic in CATALOGUE.topics for name in texts_of(topic)[1] for word in words_of(name)}
LISTED = {word for row in KNOWN.values() for word in row["words"]}


@pytest.mark.parametrize("topic", CATALOGUE.topics)
def test_every_rare_word_of_an_answer_is_in_the_glossary(topic: str) -> None:
    texts, _ = texts_of(topic)
    missing = {word for text in texts for word in rare_words(text)} - NAMES - LISTED
    assert missing == set(), "add them to data/glossary.yml, or, if everybody knows them, to known_words.yml"


def test_no_word_is_listed_without_need() -> None:
    used = {word for topic in CATALOGUE.topics for text in texts_of(topic)[0] for word in rare_words(text)}
    assert LISTED - used == set()
    assert LISTED.isdisjoint(NAMES)


@pytest.mark.parametrize("term", TERMS.values(), ids=lambda term: term.id)
def test_a_term_is_found_by_each_of_its_names(term: Term) -> None:
    finder = TermFinder(TERMS.values())
    assert all((named := finder.find(name)) and named.term == term for name in term.names)


def test_the_glossary_is_large() -> None:
    assert len(TERMS) >= 120

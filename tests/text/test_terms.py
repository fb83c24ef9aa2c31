"""Terms of the glossary: those that stand in a text, and those whose meaning is asked."""

import time

import pytest

from trialguide.content.glossary import Term
from trialguide.text.meanings import load_meaning_reader
from trialguide.text.terms import TermFinder, term_finder

READER = load_meaning_reader()


def term(name: str, *forms: str, only_asked: tuple[str, ...] = ()) -> Term:
    return Term(
        name.lower(), name, forms, f"What {name} means.", "Somebody", "https://a.example", only_asked=frozenset(only_asked)
    )


FINDER = TermFinder(
    [
        term("placebo", "placebos"),
        term("placebo effect"),
        term("partial response", "PR"),
        term("CT scan", "CAT scan", "CT"),
        term("Ki-67", "Ki67"),
        term("trial arm", "arm", only_asked=("arm",)),
        term("ClinicalTrials.gov"),
    ]
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A placebo, not a Placebo.", ["placebo"]),
        ("Placebos have no placebo effect.", ["Placebos", "placebo effect"]),
        # The longer name, and whole words alone.
        ("The placebo effect", ["placebo effect"]),
        ("placebo-like, nonplacebo, placebology", ["placebo"]),
        # Abbreviations as they are written.
        ("PR work, a cat scan and good pr", ["PR"]),
        ("A CAT scan or a CT", ["CAT scan"]),
        ("Your KI-67 (Ki67)", ["KI-67"]),
        # Ordinary words are no terms within a text.
        ("Your arm, and the trial arm", ["trial arm"]),
        # No address is marked.
        ("https://clinicaltrials.gov/placebo and ClinicalTrials.gov", ["ClinicalTrials.gov"]),
        ("", []),
    ],
)
def test_terms_in_a_text(text: str, names: list[str]) -> None:
    assert [named.name for named in FINDER.in_text(text)] == names


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("pr", "partial response"),
        ("ki 67", "Ki-67"),
        ("ARM", "trial arm"),
        ("arms", "trial arm"),
        ("Plácebo", "placebo"),
        ("clinical trials", None),
        ("", None),
        ("s", None),
    ],
)
def test_a_term_by_its_name(name: str, found: str | None) -> None:
    named = FINDER.find(name)
    assert (named.term.name if named else None) == found


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("what does PFS mean", "progression_free_survival"),
        ("What does “stable disease” mean exactly?", "stable_disease"),
        ("what is a docking point", "receptor"),
        ("whats a susar??", "susar"),
        ("what's the meaning of baseline", "baseline"),
        ("and what are docking points", "receptor"),
        ("PFS?", "progression_free_survival"),
        ("meaning of chromogranin A", "chromogranin_a"),
        ("adjuvant meaning", "adjuvant_treatment"),
        ("define cohort please", "cohort"),
        ("please explain the word histology to me", "histology"),
        ("never heard of octreotide", "octreotide"),
        ("I've never heard of an orphan drug", "orphan_medicine"),
        ("I don't know what randomised means", "randomisation"),
        ("what do you mean by tracer", "tracer"),
        ("what does the abbreviation SAE stand for?", "serious_adverse_event"),
        ("mitosis means what", "mitotic_rate"),
        ("what is response?", "response"),
        # Nothing that is asked for its meaning.
        ("what does that mean", None),
        ("PFS", None),
        ("what is my response", None),
        ("what does PFS mean for me", None),
        ("is a biopsy painful?", None),
        ("what is a biopsy like", None),
        ("I had a biopsy", None),
        ("what is PFS and what is OS", None),
    ],
)
def test_the_word_that_is_asked(text: str, id: str | None) -> None:
    found = [named for word in READER.asked_words(text) if (named := term_finder().find(word))]
    assert {named.term.id for named in found} == ({id} if id else set())


@pytest.mark.parametrize("text", ["and " * 40, "what is the " * 13, "never heard of " * 10, "? " * 80, "a " * 500])
def test_no_text_keeps_the_reader_busy(text: str) -> None:
    start = time.process_time()
    assert list(READER.asked_words(text)) is not None
    assert time.process_time() - start < 0.2

"""Misspelt words are mended into those of the examples; all others stay."""

import pytest

from trialguide.nlu.spelling import Speller, count_words

COUNTS = {
    "what": 90,
    "is": 90,
    "a": 90,
    "the": 90,
    "in": 80,
    "trial": 70,
    "study": 60,
    "does": 50,
    "s": 40,
    "trail": 9,
    "placebo": 20,
    "neuroendocrine": 12,
    "lanreotide": 5,
    "medicine": 8,
    "medicines": 5,
    "halve": 1,
    "stduy": 1,
    "doess": 1,
    "doest": 60,
    "rare": 2,
}
KNOWN = ["dice", "doc", "grand"]


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        # Right as it is: in the examples, known to the encoder, the plural of one, or too short.
        ("What is a Placebo?", "What is a Placebo?"),
        ("halve the dice", "halve the dice"),
        ("docs", "docs"),
        ("teh", "teh"),
        # One slip: exchanged, left out, added, swapped; capitals and punctuation make no difference.
        ("placibo", "placebo"),
        ("placbo", "placebo"),
        ("placeboo", "placebo"),
        ("palcebo", "placebo"),
        ("PLECEBO?!", "placebo?!"),
        ("whats a plasebo, what", "whats a placebo, what"),
        # Two slips in a long word only, and only behind the right first letter.
        ("nueroendocrin", "neuroendocrine"),
        ("leuroendocrin", "leuroendocrin"),
        ("plaseboo", "placebo"),
        ("plasebu", "plasebu"),
        # The commoner of two that are as near.
        ("traial", "trial"),
        ("medicinex", "medicine"),
        # What is rare in the examples may be a slip itself: nothing is mended into it, and it is mended where just one common
        # word is near.
        ("rarer", "rarer"),
        ("stduy", "study"),
        ("doess", "doess"),
        # Two words in one, but not those of an apostrophe.
        ("whatis", "what is"),
        ("inthe study", "in the study"),
        ("atrial", "a trial"),
        # Letters of one word in another order are a slip before they are two words.
        ("trila", "trial"),
        ("sstudyis", "sstudyis"),
        # Another language, no words, nothing.
        ("¿Qué es esto? 東京 123", "¿Qué es esto? 東京 123"),
        ("", ""),
    ],
)
def test_mended(written: str, mended: str) -> None:
    assert Speller(COUNTS, KNOWN).correct(written) == mended


def test_words_are_counted_without_capitals_and_punctuation() -> None:
    assert count_words(["What's a trial?", "A trial, a TRIAL", "42 b2b"]) == {"a": 3, "b": 2, "s": 1, "trial": 3, "what": 1}


def test_nothing_is_mended_without_words() -> None:
    assert Speller({}).correct("placibo whatis") == "placibo whatis"


def test_memory_is_bounded() -> None:
    spelling = Speller(COUNTS)
    for number in range(5000):
        spelling.correct("zz" + "".join(chr(97 + int(digit)) for digit in str(number)))
    assert spelling._correction.cache_info().currsize <= 4096

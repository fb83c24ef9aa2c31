"""What was found lately is remembered, and nobody's words are."""

from trialguide.runtime.digest_cache import Remembered


def test_what_was_found_is_remembered_by_its_text_alone() -> None:
    remembered = Remembered[list[str]](2)
    assert remembered.of("what is a placebo") is None
    found = ["placebo"]
    assert remembered.keep("what is a placebo", found) is found
    assert remembered.of("what is a placebo") is found
    assert remembered.of("What is a placebo") is None
    assert remembered.of("\ud800") is None


def test_what_was_used_longest_ago_is_forgotten() -> None:
    remembered = Remembered[int](2)
    remembered.keep("one", 1)
    remembered.keep("two", 2)
    remembered.of("one")
    remembered.keep("three", 3)
    assert [remembered.of(text) for text in ("one", "two", "three")] == [1, None, 3]
    assert len(remembered) == 2


def test_no_text_stays_in_memory() -> None:
    remembered = Remembered[int](10)
    remembered.keep("my name is Rosalinde", 1)
    assert "Rosalinde" not in repr(vars(remembered))

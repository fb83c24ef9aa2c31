"""Digest cache: the latest values are found again, and no text is kept."""

from trialguide.runtime.digest_cache import DigestCache


def test_what_was_found_is_remembered_by_its_text_alone() -> None:
    remembered = DigestCache[list[str]](2)
    assert remembered.get("what is a placebo") is None
    found = ["placebo"]
    assert remembered.put("what is a placebo", found) is found
    assert remembered.get("what is a placebo") is found
    assert remembered.get("What is a placebo") is None
    assert remembered.get("\ud800") is None


def test_what_was_used_longest_ago_is_forgotten() -> None:
    remembered = DigestCache[int](2)
    remembered.put("one", 1)
    remembered.put("two", 2)
    remembered.get("one")
    remembered.put("three", 3)
    assert [remembered.get(text) for text in ("one", "two", "three")] == [1, None, 3]
    assert len(remembered) == 2


def test_no_text_stays_in_memory() -> None:
    remembered = DigestCache[int](10)
    remembered.put("my name is Rosalinde", 1)
    assert "Rosalinde" not in repr(vars(remembered))

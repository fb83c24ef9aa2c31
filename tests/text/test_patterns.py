"""Alternations match words literally, and the longest word that fits."""

import re
from collections.abc import Iterable

import pytest

from trialguide.text.patterns import alternation


@pytest.mark.parametrize(
    ("words", "text", "match"),
    [
        (["two", "twofold"], "twofold", "twofold"),
        (["a.c"], "abc", None),
        (["a.c", "(x)"], "(x)", "(x)"),
        ({"one": 1, "two": 2}, "two", "two"),
        ([1, 12], "12", "12"),
    ],
)
def test_alternation(words: Iterable[object], text: str, match: str | None) -> None:
    found = re.match(alternation(words), text)
    assert (found[0] if found else None) == match

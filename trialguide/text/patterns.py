"""Building blocks of regular expressions."""

import re
from collections.abc import Iterable


def alternation(words: Iterable[object]) -> str:
    """A pattern that matches any of the words literally, the longest first."""
    return "|".join(re.escape(word) for word in sorted(map(str, words), key=len, reverse=True))

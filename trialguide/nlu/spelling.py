"""Mends misspelt words, so that a slip of the finger does not change what a question is taken for."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

WORD = re.compile(r"[^\W\d_]+")
# Shorter words have too many neighbours to tell which was meant.
FEWEST_LETTERS = 4
# Up to this length words are alike by chance, so that only one in everyday use is taken for what was meant.
SHORT = 5
# From this length on two letters may be wrong.
LONG = 8
# How often the examples have a word that others are mended into: they hold misspelt words too.
FAMILIAR = 3
EVERYDAY = 8
# A word that the examples have less than FAMILIAR times is a slip itself if just one word this common is near.
COMMON = 50
REMEMBERED = 4096


def count_words(sentences: Iterable[str]) -> dict[str, int]:
    """How often each word stands in the sentences, in lower case."""
    return dict(sorted(Counter(word for sentence in sentences for word in WORD.findall(sentence.lower())).items()))


class Speller:
    """Puts a familiar word in the place of one that nobody knows."""

    def __init__(self, counts: Mapping[str, int], known: Collection[str] = ()) -> None:
        """`counts` are those of `count_words`; words that are `known` are right as well, but none is mended into them."""
        self._counts = counts
        self._known = frozenset(known)
        self._right = self._known.union(counts)
        self._familiar = [
            word
            for word, times in counts.items()
            if len(word) >= FEWEST_LETTERS and times >= (EVERYDAY if len(word) <= SHORT else FAMILIAR)
        ]
        # Bounded, as patients write any word.
        self._remembered = lru_cache(REMEMBERED)(self._mended_word)

    def correct(self, text: str) -> str:
        """The text with its misspelt words mended, in lower case, and everything else as it was."""
        return WORD.sub(lambda found: self._unless_right(found.group()), text)

    def _unless_right(self, written: str) -> str:
        word = written.lower()
        return written if self._is_right(word) else self._remembered(word)

    def _is_right(self, word: str) -> bool:
        if len(word) < FEWEST_LETTERS or word in self._known:
            return True
        seldom = len(word) >= SHORT and self._counts.get(word, FAMILIAR) < FAMILIAR
        return not seldom and (word in self._right or word.removesuffix("s") in self._right)

    def _mended_word(self, word: str) -> str:
        if word in self._right:
            near = self._near(word, 1)
            return near[0] if len(near) == 1 and self._counts[near[0]] >= COMMON else word
        return self._transposition(word) or self._split(word) or self._one_off(word) or self._two_off(word) or word

    def _transposition(self, word: str) -> str | None:
        """The commonest word of the same letters at one slip: "consnet" is no "cons net"."""
        swapped = (near for near in self._near(word, 1) if sorted(near) == sorted(word))
        return max(swapped, key=lambda near: self._counts[near], default=None)

    def _one_off(self, word: str) -> str | None:
        """The commonest word at one slip (OSA distance: letter added, left out, exchanged, or two swapped); the first letter
        is seldom the wrong one."""
        return max(self._near(word, 1), key=lambda near: (near[0] == word[0], self._counts[near]), default=None)

    def _two_off(self, word: str) -> str | None:
        near = self._near(word, 2) if len(word) >= LONG else []
        return max((other for other in near if other[0] == word[0]), key=lambda other: self._counts[other], default=None)

    def _near(self, word: str, slips: int) -> list[str]:
        found = process.extract(word, self._familiar, scorer=OSA.distance, score_cutoff=slips, limit=None)
        return [near for near, _, _ in found]

    def _split(self, word: str) -> str | None:
        """The two everyday words that are written together in this one."""
        cuts = ((word[:at], word[at:]) for at in range(1, len(word)))
        everyday = [cut for cut in cuts if all(self._counts.get(part, 0) >= EVERYDAY and _stands_alone(part) for part in cut)]
        best = max(everyday, key=lambda cut: min(self._counts[part] for part in cut), default=None)
        return " ".join(best) if best else None


def _stands_alone(part: str) -> bool:
    """Other single letters are what an apostrophe leaves: the s of "it's"."""
    return len(part) > 1 or part in ("a", "i")

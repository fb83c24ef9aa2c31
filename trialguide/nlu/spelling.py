"""Corrects misspelt words, so that a typing error does not change the interpretation of a question."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

WORD = re.compile(r"[^\W\d_]+")
# Shorter words have too many neighbours.
FEWEST_LETTERS = 4
# Up to this length words are alike by chance, so only those in everyday use are candidates.
SHORT = 5
# From this length on two letters may be wrong.
LONG = 8
# How often the examples have a candidate for corrections: they hold misspelt words too.
FAMILIAR = 3
EVERYDAY = 8
# A word that the examples have less than FAMILIAR times is an error itself if a word this common is near, and any other near
# one is so many times rarer.
COMMON, RARER = 50, 10
CACHE_SIZE = 4096


def count_words(sentences: Iterable[str]) -> dict[str, int]:
    """The frequency of each word in the sentences, in lower case."""
    return dict(sorted(Counter(word for sentence in sentences for word in WORD.findall(sentence.lower())).items()))


class Speller:
    """Replaces unknown words by similar words of the examples."""

    def __init__(self, counts: Mapping[str, int], known: Collection[str] = ()) -> None:
        """`counts` are those of `count_words`; `known` words are correct as well, but no candidates."""
        self._counts = counts
        self._known = frozenset(known)
        self._vocabulary = self._known.union(counts)
        self._familiar = [
            word
            for word, times in counts.items()
            if len(word) >= FEWEST_LETTERS and times >= (EVERYDAY if len(word) <= SHORT else FAMILIAR)
        ]
        # Bounded, as patients write any word.
        self._correction = lru_cache(CACHE_SIZE)(self._find_correction)

    def knows(self, word: str) -> bool:
        """Whether a word stands in an example or in the encoder's vocabulary."""
        return word.lower() in self._vocabulary

    def correct(self, text: str) -> str:
        """The text with its misspelt words corrected, in lower case, and everything else unchanged."""
        return WORD.sub(lambda found: self._correct_word(found.group()), text)

    def _correct_word(self, written: str) -> str:
        word = written.lower()
        return written if self._is_correct(word) else self._correction(word)

    def _is_correct(self, word: str) -> bool:
        if len(word) < FEWEST_LETTERS or word in self._known:
            return True
        seldom = self._counts.get(word, FAMILIAR) < FAMILIAR
        return not seldom and (word in self._vocabulary or word.removesuffix("s") in self._vocabulary)

    def _find_correction(self, word: str) -> str:
        if word in self._vocabulary:
            near = sorted(self._near(word, 1), key=lambda other: -self._counts[other])
            if not near or self._counts[near[0]] < COMMON:
                return word
            return near[0] if len(near) == 1 or self._counts[near[0]] >= RARER * self._counts[near[1]] else word
        return self._transposition(word) or self._split(word) or self._one_off(word) or self._two_off(word) or word

    def _transposition(self, word: str) -> str | None:
        """The commonest word at one error that has the same letters: "consnet" is no "cons net"."""
        anagrams = (near for near in self._near(word, 1) if sorted(near) == sorted(word))
        return max(anagrams, key=lambda near: self._counts[near], default=None)

    def _one_off(self, word: str) -> str | None:
        """The commonest word at OSA distance 1 (letter added, left out, exchanged, or two swapped); the first letter is seldom
        the wrong one."""
        return max(self._near(word, 1), key=lambda near: (near[0] == word[0], self._counts[near]), default=None)

    def _two_off(self, word: str) -> str | None:
        near = self._near(word, 2) if len(word) >= LONG else []
        return max((other for other in near if other[0] == word[0]), key=lambda other: self._counts[other], default=None)

    def _near(self, word: str, distance: int) -> list[str]:
        found = process.extract(word, self._familiar, scorer=OSA.distance, score_cutoff=distance, limit=None)
        return [near for near, _, _ in found]

    def _split(self, word: str) -> str | None:
        """The two everyday words that are written together as this one."""
        cuts = ((word[:at], word[at:]) for at in range(1, len(word)))
        everyday = [cut for cut in cuts if all(self._counts.get(part, 0) >= EVERYDAY and _stands_alone(part) for part in cut)]
        best = max(everyday, key=lambda cut: min(self._counts[part] for part in cut), default=None)
        return " ".join(best) if best else None


def _stands_alone(part: str) -> bool:
    """Other single letters are what an apostrophe leaves, the s of "it's", and "co" what a hyphen does."""
    return (len(part) > 1 or part in ("a", "i")) and part != "co"

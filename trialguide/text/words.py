"""Tokens of a message, simplified for comparing names: without capitals, diacritics and punctuation."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Letters and digits, with the marks that stand above, below or after them in many scripts.
WORD = re.compile(r"(?:[^\W_]|(?<=\w)[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0dff\u0e31-\u0e4e])+")
# Accents, and the vowel signs that Hebrew and Arabic mostly leave out. Elsewhere a mark is a letter of its own.
MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0655]")


@dataclass(frozen=True)
class Word:
    """A word in its simplified form and as written."""

    plain: str
    written: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.written[0].isupper()


def words_of(text: str) -> list[Word]:
    """The words of a text, in order."""
    return [Word(_plain(match.group()), match.group(), match.start(), match.end()) for match in WORD.finditer(text)]


def simplified(name: str) -> str:
    """A name without diacritics, punctuation and capitals, for comparing."""
    return " ".join(map(_plain, WORD.findall(name)))


def ordinary_words(sentences: Iterable[str]) -> set[str]:
    """The words of sentences that are not about places; a few that are do no harm."""
    return {word.plain for sentence in sentences for word in words_of(sentence)}


def joined(words: Iterable[Word]) -> str:
    """The words as one name."""
    return " ".join(word.plain for word in words)


def runs(words: list[Word], longest: int) -> Iterator[list[Word]]:
    """The prefixes of a list of words, the longest of at most `longest` words first."""
    return (words[:length] for length in range(min(longest, len(words)), 0, -1))


def _plain(written: str) -> str:
    if written.isascii():
        return written.lower()
    return unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFKD", written.casefold())))

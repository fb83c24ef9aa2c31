"""Spans: runs of words in a message that may be a name, with the context that decides how they are read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from trialguide.text.words import Word, joined, simplified

# The lists of words in `data/vocabulary/places.yml`.
KINDS = (
    *("announcing", "joining", "sought", "living", "parts", "speaking"),
    *("everyday", "foreign", "never", "no_place_before", "no_place_after", "announcing_after"),
)


class WordKinds:
    """The words around places by kind: those that announce one, join two, name what is sought, and so on."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        """`rows` are those of `data/vocabulary/places.yml`, which explains the kinds."""
        self._kinds = {kind: frozenset(map(simplified, rows[kind])) for kind in KINDS}

    def __getitem__(self, kind: str) -> Collection[str]:
        return self._kinds[kind]

    def has(self, kind: str, word: Word) -> bool:
        return word.plain in self._kinds[kind]


@dataclass(frozen=True)
class MessageWords:
    """The words of a message, with what holds for all of it."""

    text: str
    words: list[Word]
    # A clinic or the like is looked for, or the writer says where they live.
    seeking: bool
    # Everything is in capitals, so a capital says nothing.
    shouting: bool


@dataclass(frozen=True)
class Span:
    """A run of words that may be a name."""

    message: MessageWords
    words: list[Word]
    before: list[Word]
    after: list[Word]
    # A word beside it announces a place: `in`, `near`.
    announced: bool
    # A country or a state of the US comes right after it.
    followed: bool
    # Punctuation, a joining word or the end of the message comes right after it.
    ends_clause: bool

    @property
    def name(self) -> str:
        return joined(self.words)

    @property
    def alone(self) -> bool:
        return not self.before and not self.after

    @property
    def capital(self) -> bool:
        return self.words[0].capital and not self.message.shouting

    @property
    def expected(self) -> bool:
        """Whether a place is to be expected here."""
        return self.alone or self.announced or self.followed

"""Case endings and particles that mean in, to or from in many languages: `в Вене`, `w Krakowie`, `Budapesten`, `서울에서`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trialguide.text.words import simplified


class CaseEndings:
    """Stemmer of place names; `data/vocabulary/places.yml` explains the rows."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rules = [_Rule(row) for row in rows]

    def has_one(self, name: str) -> bool:
        """Whether a word may have an ending."""
        return any(rule.fits(name) for rule in self._rules)

    def stems(self, name: str, before: str, capital: bool) -> Iterator[str]:
        """The possible stems of a word, the likeliest first; `before` is the word before it."""
        for rule in self._rules:
            if rule.fits(name) and rule.holds(before, capital):
                yield from rule.stems(name)


class _Rule:
    """The endings of a group of languages."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._after = frozenset(map(simplified, row.get("after", ())))
        self._capital = bool(row.get("capital"))
        self._shortest: int = row["shortest"]
        written: Mapping[str, Sequence[str]] = row.get("instead", {})
        self._instead = {simplified(ending): list(map(simplified, ends)) for ending, ends in written.items()}
        self._any = re.compile(row["any"]) if "any" in row else None
        self._longest: int = row.get("longest", 0)
        self._endings = tuple(self._instead)

    def fits(self, name: str) -> bool:
        return bool(self._any.search(name)) if self._any else name.endswith(self._endings)

    def holds(self, before: str, capital: bool) -> bool:
        return not self._after or before in self._after or (self._capital and capital)

    def stems(self, name: str) -> Iterator[str]:
        for length in range(len(name) - 1, max(self._shortest, len(name) - self._longest) - 1, -1) if self._any else ():
            yield name[:length]
        # The longer an ending the surer it is.
        for ending in sorted(self._instead, key=len, reverse=True):
            if name.endswith(ending):
                names = (name.removesuffix(ending) + end for end in self._instead[ending])
                yield from (name for name in names if len(name) >= self._shortest)

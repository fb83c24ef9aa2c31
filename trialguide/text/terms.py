"""Finds the terms of the glossary: by one of their names, and where they stand in a text."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from trialguide.content.glossary import Term, load_glossary
from trialguide.text.words import simplified, words_of

LINK = re.compile(r"https?://\S+")
# "PR", "NETs", "CAT scan": in small letters these are other words, or none.
ABBREVIATION = re.compile("[A-Z]{2}")


@dataclass(frozen=True)
class NamedTerm:
    """A term with the name by which it was found, as the glossary or the text has it."""

    term: Term
    name: str


class TermFinder:
    """Finder of terms."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._by_name: dict[str, NamedTerm] = {}
        # Those that are marked in texts, by their first word, the longest first.
        self._by_first_word: defaultdict[str, list[NamedTerm]] = defaultdict(list)
        for term in terms:
            for name in term.names:
                self._by_name.setdefault(simplified(name), NamedTerm(term, name))
                if name not in term.only_asked:
                    self._by_first_word[words_of(name)[0].plain].append(NamedTerm(term, name))
        for row in self._by_first_word.values():
            row.sort(key=lambda named: -len(named.name))

    def find(self, name: str) -> NamedTerm | None:
        """The term of this name, in any spelling of capitals, accents and punctuation, also in the plural."""
        plain = simplified(name)
        return self._by_name.get(plain) or self._by_name.get(plain.removesuffix("s"))

    def in_text(self, text: str) -> list[NamedTerm]:
        """The terms that stand in a text as whole words, each once, in order, with the names that the text has."""
        plain = LINK.sub(lambda link: " " * len(link[0]), text)
        found: dict[str, NamedTerm] = {}
        end = 0
        for word in words_of(plain):
            if word.start < end:
                continue
            candidates = self._by_first_word.get(word.plain, ())
            named = next((named for named in candidates if _stands_at(named.name, plain, word.start)), None)
            if named:
                end = word.start + len(named.name)
                found.setdefault(named.term.id, NamedTerm(named.term, plain[word.start : end]))
        return list(found.values())


@cache
def term_finder() -> TermFinder:
    """The finder of all terms of `data/glossary.yml`, made once per process."""
    return TermFinder(load_glossary().values())


def _stands_at(name: str, text: str, start: int) -> bool:
    end = start + len(name)
    written = text[start:end]
    alike = written == name or (not ABBREVIATION.search(name) and written.lower() == name.lower())
    return alike and not text[end : end + 1].isalnum()

"""Finds the countries and cities that a message names, in any spelling people use.

Stages of `PlaceFinder.mentions`:

1. Words: the message is split into words without capitals and diacritics (`text.words`); flags are read as their countries.
2. Spans: at each word, runs of up to five words are candidates for a name, the longest first, with their context (`span`).
   Scripts without spaces are searched inside the word instead.
3. Meanings (`name_resolver`), the first that yields candidates wins: the exact name; a nationality beside what is sought; the
   name without a case ending. Only then, and only among the words that are left, a misspelt name.
4. Disambiguation: the mentions of a message narrow each other (`disambiguation`).

Within a name the gazetteer ranks: abbreviations in capitals, countries, then cities by renown. An ordinary word is a place only
where its context expects one. A mention with several candidates is ambiguous; the assistant asks which one is meant.
"""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from trialguide.places.countries import is_country
from trialguide.places.disambiguation import Mention, disambiguated
from trialguide.places.gazetteer import Candidates, Gazetteer, load_place_words
from trialguide.places.name_resolver import FEW_WORDS, SHORTEST_NAME, NameResolver
from trialguide.places.place import Place
from trialguide.places.span import MessageWords, Span, WordKinds
from trialguide.text.words import Word, joined, runs, words_of

LONGEST_NAME = 5
# Scripts that are written without spaces between words.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
FIRST_FLAG_LETTER = 0x1F1E6


class PlaceFinder:
    """Finds places in messages."""

    def __init__(self, ordinary: Collection[str] = ()) -> None:
        """Reads the names; takes about two seconds. `ordinary` are words that are never a misspelt place."""
        rows = load_place_words()
        self.gazetteer = Gazetteer(rows)
        self._ordinary = frozenset(ordinary)
        self._kinds = WordKinds(rows)
        self._resolver = NameResolver(rows, self.gazetteer, self._kinds, self._ordinary)
        self._announcing_unspaced = tuple(word for word in self._kinds["announcing"] if UNSPACED.search(word))

    def mentions(self, text: str) -> list[Mention]:
        """The places in a message, in order, the longest name where they overlap; `Graz, Austria` is one place."""
        words = words_of(text)
        seeking = any(self._kinds.has("sought", word) or self._kinds.has("living", word) for word in words)
        shouting = all(word.written.isupper() for word in words)
        named = self._named(MessageWords(text, words, seeking, shouting))
        found = sorted([*_flags(text), *named], key=lambda mention: mention.start)
        return disambiguated(found, text, self.gazetteer)

    def unknown(self, text: str) -> tuple[int, int] | None:
        """The characters of a name that is announced as a place but not known: `in Narnia`."""
        for before, word in pairwise(words_of(text)):
            if self._kinds.has("announcing", before) and self._is_strange(word):
                return word.start, word.end
        return None

    def _is_strange(self, word: Word) -> bool:
        if word.plain in self._ordinary or len(word.plain) < SHORTEST_NAME or not word.plain.isalpha():
            return False
        return not process.extractOne(word.plain, self._ordinary, scorer=OSA.distance, score_cutoff=1)

    def _named(self, message: MessageWords) -> Iterator[Mention]:
        """The places that words name, first the known names, then the misspelt ones among the remaining words."""
        words, resolver = message.words, self._resolver
        used: set[int] = set()
        exactly = (resolver.exact, resolver.nationality, resolver.without_ending)
        for misspelt, meanings in ((False, exactly), (True, (resolver.misspelt,))):
            for index, word in enumerate(words):
                if index in used:
                    continue
                if UNSPACED.search(word.written):
                    used.add(index)
                    yield from self._inside(word)
                    continue
                announced = self._is_announced(words, index, used)
                likely = len(words) <= FEW_WORDS or announced or (message.seeking and word.capital and index)
                if misspelt and not likely:
                    continue
                end = min((later for later in used if later > index), default=len(words))
                spans = [
                    self._span(message, index, index + len(run), announced)
                    for run in runs(words[index:end], LONGEST_NAME)
                    if misspelt or resolver.may_match(run)
                ]
                candidates = (_mention(span, meaning(span)) for meaning in meanings for span in spans)
                mention = next(filter(None, candidates), None)
                if mention:
                    used |= {at for at in range(index, end) if words[at].start < mention.end}
                    yield mention

    def _is_announced(self, words: list[Word], index: int, used: set[int]) -> bool:
        """Whether a word beside this one announces a place, or "or" joins it to one, however small."""
        word, before, after = words[index], words[max(index - 1, 0)], words[min(index + 1, len(words) - 1)]
        if word.capital:
            if index - 2 in used and self._kinds.has("joining", before):
                return True
            if not self._kinds.has("everyday", word) and self._is_joined(words[index + 1 : index + 3]):
                return True
        return self._kinds.has("announcing", before) or self._kinds.has("announcing_after", after)

    def _is_joined(self, words: list[Word]) -> bool:
        """Whether these words are "or" and a place that is known without it."""
        if len(words) < 2 or not self._kinds.has("joining", words[0]) or not words[1].capital:
            return False
        return not self._kinds.has("everyday", words[1]) and bool(self.gazetteer.of_large(words[1].plain))

    def _span(self, message: MessageWords, start: int, end: int, announced: bool) -> Span:
        words = message.words
        after = words[end:]
        between = message.text[words[end - 1].end : after[0].start] if after else ""
        return Span(
            message,
            words[start:end],
            words[:start],
            after,
            announced or (bool(after) and self._kinds.has("announcing_after", after[0])),
            followed=self._country_follows(after),
            ends_clause=not after or self._kinds.has("joining", after[0]) or not between.isspace(),
        )

    def _country_follows(self, after: list[Word]) -> bool:
        """Whether a country or a state of the US is named right after: `Reading, UK`, `Paris in Texas`."""
        rest = after[1:] if after and self._kinds.has("announcing", after[0]) else after
        if any(joined(run) in self.gazetteer.countries for run in runs(rest, 3)):
            return True
        return bool(rest) and (rest[0].written in self.gazetteer.states or rest[0].written in self.gazetteer.codes)

    def _inside(self, word: Word) -> Iterator[Mention]:
        """The places within a run of characters that is written without spaces."""
        start = 0
        while start < len(word.plain):
            announced = word.plain[:start].endswith(self._announcing_unspaced)
            for end in range(len(word.plain), start + 1, -1):
                name = word.plain[start:end]
                candidates = self.gazetteer.of_large(name)
                if announced and not candidates and len(name) > 2:
                    candidates = self.gazetteer.meant(name, self.gazetteer.cities(name))
                if candidates:
                    yield Mention(word.start + start, word.start + end, candidates.places, candidates.namesakes)
                    break
            else:
                end = start + 1
            start = end


def _mention(span: Span, candidates: Candidates) -> Mention | None:
    if not candidates:
        return None
    return Mention(span.words[0].start, span.words[-1].end, candidates.places, candidates.namesakes)


def _flags(text: str) -> Iterator[Mention]:
    for match in FLAG.finditer(text):
        code = "".join(chr(ord(letter) - FIRST_FLAG_LETTER + ord("A")) for letter in match.group())
        if is_country(code):
            yield Mention(match.start(), match.end(), (Place(code),))

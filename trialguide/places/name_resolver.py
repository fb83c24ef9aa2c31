"""Resolves a span to candidates: by its exact name, as a nationality, without a case ending, or with a letter wrong."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from trialguide.places.case_endings import CaseEndings
from trialguide.places.cities import City
from trialguide.places.gazetteer import LARGE_CITY, NO_MATCH, Candidates, Gazetteer
from trialguide.places.span import Span, WordKinds
from trialguide.text.words import Word, joined

SHORTEST_NAME = 4
# A message of so few words is likely to be nothing but the answer to "For which place?"
FEW_WORDS = 3
# The population from which an ordinary word is read as a city where a place is expected: "geneva", not "hallo".
FAMOUS = 150_000
NOUN_WITHIN = 3
# One-letter words that Hebrew and Arabic write together with the next: and, in, to, from; Arabic melts two of them together.
JOINED = (
    (re.compile(r"^\u0648?\u0644\u0644(?=.{3})"), "\u0627\u0644"),
    (re.compile(r"^(ו?[בלמ]|\u0648?[\u0628\u0644]|\u0648)(?=.{3})"), ""),
)


class NameResolver:
    """Reads spans as names of places."""

    def __init__(self, rows: Mapping[str, Any], gazetteer: Gazetteer, kinds: WordKinds, ordinary: Collection[str]) -> None:
        """`rows` are those of `data/vocabulary/places.yml`; `ordinary` are words that are never a misspelt place."""
        self._gazetteer = gazetteer
        self._kinds = kinds
        self._endings = CaseEndings(rows["endings"])
        self._beside = frozenset().union(*(kinds[kind] for kind in ("announcing", "sought", "living", "joining")))
        self._no_misspelling = frozenset(ordinary) | {*kinds["everyday"]} | self._beside | gazetteer.nationalities.keys()

    def may_match(self, words: list[Word]) -> bool:
        """Whether words are a known name as they stand, or may be one but for an ending or a letter."""
        name = joined(words)
        if self._gazetteer.knows(name) or not name.isascii():
            return True
        if len(words) > 1:
            return bool(self._gazetteer.nearly_country(name))
        return words[0].written in self._gazetteer.codes or self._endings.has_one(name)

    def exact(self, span: Span) -> Candidates:
        """The places of a name as it is written."""
        gazetteer = self._gazetteer
        if len(span.words) == 1 and span.words[0].written in gazetteer.codes:
            return Candidates.of_countries((gazetteer.codes[span.words[0].written],))
        name = span.name
        if self._is_something_else(span):
            return NO_MATCH
        if not name.isascii():
            return self._exact_in_another_script(span)
        if name in gazetteer.countries:
            codes = gazetteer.countries[name]
            return Candidates.of_countries(codes) if len(codes) == 1 or span.expected or span.capital else NO_MATCH
        if len(span.words) > 1 and not gazetteer.knows(name):
            return Candidates.of_countries(gazetteer.nearly_country(name))
        own: Sequence[City] = gazetteer.own.get(name, ())
        # An ordinary word is hardly ever the other name of a city: "more" is no Mora, nor is "More" when nothing else is said.
        other_names = len(name) >= SHORTEST_NAME and ((span.capital and not span.alone) or name not in self._no_misspelling)
        if span.expected:
            may_be_famous = len(name) >= SHORTEST_NAME and not self._is_no_name(name)
            least = 0 if other_names else FAMOUS
            return gazetteer.meant(name, gazetteer.cities(name, least) if other_names or may_be_famous else own)
        if span.capital and other_names:
            own = gazetteer.cities(name, least=LARGE_CITY)
        return gazetteer.meant(name, own) if _is_large(own, name) or (span.message.seeking and span.capital) else NO_MATCH

    def nationality(self, span: Span) -> Candidates:
        """The country of a nationality that says where something is sought: `German clinics`, but not `in Polish`."""
        codes = self._gazetteer.nationalities.get(span.name)
        if not codes or self._is_something_else(span) or (span.after and self._kinds.has("speaking", span.after[0])):
            return NO_MATCH
        around = span.after[:NOUN_WITHIN] or span.before[-NOUN_WITHIN:]
        sought = any(self._kinds.has("sought", word) for word in around)
        part = bool(span.after) and self._kinds.has("parts", span.after[0])
        return Candidates.of_countries(codes) if span.alone or sought or part else NO_MATCH

    def without_ending(self, span: Span) -> Candidates:
        """The places of a word without the ending that says in, to or from; a country before a city."""
        if len(span.words) > 1 or span.name in self._no_misspelling or self._is_something_else(span):
            return NO_MATCH
        # Verbs of many languages end alike.
        if span.words[0].written.islower() and not (span.expected or span.message.seeking):
            return NO_MATCH
        stems = self._endings.stems(span.name, span.before[-1].plain if span.before else "", span.words[0].capital)
        candidates = list(filter(None, map(self._gazetteer.of_large, stems)))
        first = candidates[0] if candidates else NO_MATCH
        return next((found for found in candidates if found.places[0].is_country), first)

    def misspelt(self, span: Span) -> Candidates:
        """The places whose name a span nearly is, where a place is likely."""
        if len(span.words) > 3 or self._kinds.has("announcing", span.words[0]) or self._is_something_else(span):
            return NO_MATCH
        beside = [word.plain for word in (*span.before, *span.after)]
        few = len(span.words) + len(beside) <= FEW_WORDS
        short = few and all(word in self._beside or word in self._gazetteer.countries for word in beside)
        if not (short or span.announced or (span.message.seeking and span.words[0].capital and span.before)):
            return NO_MATCH
        if all(word.plain in self._no_misspelling or any(map(str.isdigit, word.plain)) for word in span.words):
            return NO_MATCH
        # Ordinary words are rarely but two letters away from a name: "in addition" is no Aydın.
        return self._gazetteer.misspelt(span.name, two_wrong=few or span.words[0].capital)

    def _is_no_name(self, name: str) -> bool:
        """Whether this is an everyday word or a nationality, and so never the other name of a city."""
        return name in self._kinds["everyday"] or name in self._gazetteer.nationalities

    def _exact_in_another_script(self, span: Span) -> Candidates:
        for name in _forms(span.words):
            if name in self._gazetteer.countries:
                return Candidates.of_countries(self._gazetteer.countries[name])
            cities = self._gazetteer.cities(name, least=0 if span.expected else LARGE_CITY)
            if cities and (span.expected or len(name) > 2):
                return self._gazetteer.meant(name, cities)
        return NO_MATCH

    def _is_something_else(self, span: Span) -> bool:
        """Whether a name is an everyday word here, or part of a set phrase such as `Brazil nuts`."""
        if span.after and self._kinds.has("no_place_after", span.after[0]):
            return True
        if any(joined(span.before[-length:]) in self._kinds["no_place_before"] for length in (1, 2)):
            return True
        name = span.name
        if name in self._kinds["never"]:
            return not span.followed
        if name in self._kinds["foreign"]:
            return not (span.capital or span.announced or span.followed)
        if name not in self._kinds["everyday"] or span.alone or (span.capital and (span.followed or span.announced)):
            return False
        if name in self._gazetteer.countries:
            if span.ends_clause and span.before and (span.capital or span.before[-1].plain in self._gazetteer.own):
                return False
            beside = (*span.before[-1:], *span.after[:1])
            return not (span.announced or any(self._kinds.has("sought", word) for word in beside))
        large = _is_large(self._gazetteer.own.get(name, ()), name)
        return not (large and span.message.seeking and span.announced and span.ends_clause)


def _forms(words: list[Word]) -> Iterator[str]:
    """The spellings of a name in another script: as it stands, without the word that is joined to it, in one word."""
    written = joined(words)
    for name in dict.fromkeys((written, *(pattern.sub(instead, written) for pattern, instead in JOINED))):
        yield name
        if len(words) > 1:
            yield name.replace(" ", "")


def _is_large(cities: Sequence[City], name: str) -> bool:
    return len(name) >= SHORTEST_NAME and any(city.population >= LARGE_CITY for city in cities)

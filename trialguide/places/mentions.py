"""Finds the countries and cities that a message names, in any spelling people use."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from trialguide.places.case_endings import CaseEndings
from trialguide.places.cities import SEPARATOR, City
from trialguide.places.countries import country_of, is_country
from trialguide.places.gazetteer import LARGE_CITY, NO_MATCH, Candidates, Gazetteer, load_place_words
from trialguide.text.words import Word, joined, runs, simplified, words_of

LONGEST_NAME = 5
SHORTEST_NAME = 4
# A message of so few words is likely to be nothing but the answer to "For which place?"
FEW_WORDS = 3
# So many characters stand between a name and its country: a comma and a space.
FAR_APART = 2
# What an ordinary word stands for only where a place is expected is a city of at least so many people: "geneva", not "hallo".
FAMOUS = 150_000
NOUN_WITHIN = 3
# Scripts that are written without spaces between words.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
# One-letter words that Hebrew and Arabic write together with the next: and, in, to, from; Arabic melts two of them together.
JOINED = (
    (re.compile(r"^\u0648?\u0644\u0644(?=.{3})"), "\u0627\u0644"),
    (re.compile(r"^(ו?[בלמ]|\u0648?[\u0628\u0644]|\u0648)(?=.{3})"), ""),
)
# The lists of words in `data/vocabulary/places.yml`.
KINDS = (
    *("announcing", "joining", "sought", "living", "parts", "speaking"),
    *("everyday", "never", "no_place_before", "no_place_after", "announcing_after"),
)
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
FIRST_FLAG_LETTER = 0x1F1E6


@dataclass(frozen=True)
class Span:
    """Some words of a message that may be a name, with what stands around them."""

    words: list[Word]
    before: list[Word]
    after: list[Word]
    # Whether somebody looks for something in the message; whether all of it is in capitals; whether a country follows.
    seeking: bool
    shouting: bool
    announced: bool
    followed: bool
    ends_clause: bool

    @property
    def name(self) -> str:
        return joined(self.words)

    @property
    def alone(self) -> bool:
        return not self.before and not self.after

    @property
    def capital(self) -> bool:
        return self.words[0].capital and not self.shouting

    @property
    def expected(self) -> bool:
        """Whether a place is to be expected here."""
        return self.alone or self.announced or self.followed


@dataclass(frozen=True)
class Mention:
    """A place in a message: where it stands, what it may mean, the best known first, and what else bears that name."""

    start: int
    end: int
    places: tuple[str, ...]
    namesakes: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        return SEPARATOR.join(self.places)

    @property
    def is_city(self) -> bool:
        return "/" in self.places[0]


class PlaceFinder:
    """Finds places in messages."""

    def __init__(self, ordinary: Collection[str] = ()) -> None:
        """Reads the names; takes about two seconds. `ordinary` are words that nobody misspells a place with."""
        rows = load_place_words()
        self.gazetteer = Gazetteer(rows)
        self._ordinary = frozenset(ordinary)
        self._kinds = {kind: frozenset(map(simplified, rows[kind])) for kind in KINDS}
        self._beside = frozenset().union(*(self._kinds[kind] for kind in ("announcing", "sought", "living", "joining")))
        self._announcing_unspaced = tuple(word for word in self._kinds["announcing"] if UNSPACED.search(word))
        self._endings = CaseEndings(rows["endings"])
        self._no_misspelling = self._ordinary | self._kinds["everyday"] | self._beside | self.gazetteer.nationalities.keys()

    def mentions(self, text: str) -> list[Mention]:
        """The places in a message, in order, the longest name where they overlap; `Graz, Austria` is one place."""
        words = words_of(text)
        found = sorted([*_flags(text), *self._named(text, words)], key=lambda mention: mention.start)
        countries = {mention.places[0] for mention in found if len(mention.places) == 1 and not mention.is_city}
        narrowed = [self._within_countries(mention, countries, text) for mention in found]
        narrowed = [mention for mention in narrowed if not _is_elsewhere(mention, found)]
        said_by_city = {country_of(place) for mention in narrowed for place in mention.places if "/" in place}
        kept = [mention for mention in narrowed if mention.is_city or not set(mention.places) & said_by_city]
        single = {country_of(mention.places[0]) for mention in kept if len(mention.places) == 1}
        unique: dict[tuple[str, ...], Mention] = {}
        for mention in kept:
            chosen = _beside(mention, single)
            unique.setdefault(chosen.places, chosen)
        return list(unique.values())

    def unknown(self, text: str) -> tuple[int, int] | None:
        """Where a name stands that is announced as a place and is none that is known: `in Narnia`."""
        for before, word in pairwise(words_of(text)):
            if self._is(before, "announcing") and self._is_strange(word):
                return word.start, word.end
        return None

    def _is_strange(self, word: Word) -> bool:
        if word.plain in self._ordinary or len(word.plain) < SHORTEST_NAME or not word.plain.isalpha():
            return False
        return not process.extractOne(word.plain, self._ordinary, scorer=OSA.distance, score_cutoff=1)

    def _is(self, word: Word, kind: str) -> bool:
        return word.plain in self._kinds[kind]

    def _named(self, text: str, words: list[Word]) -> Iterator[Mention]:
        """The places that words name; what is misspelt is looked for only among the words that are left."""
        seeking = any(self._is(word, "sought") or self._is(word, "living") for word in words)
        shouting = all(word.written.isupper() for word in words)
        taken: set[int] = set()
        for misspelt, meanings in ((False, (self._exact, self._nationality, self._with_ending)), (True, (self._misspelt,))):
            for index, word in enumerate(words):
                if index in taken:
                    continue
                if UNSPACED.search(word.written):
                    taken.add(index)
                    yield from self._inside(word)
                    continue
                end = min((later for later in taken if later > index), default=len(words))
                # A name that "or" joins to a place is one, too, however small.
                around = words[index - 1] if index else word, words[min(index + 1, len(words) - 1)]
                beside = word.capital and (
                    (index - 2 in taken and self._is(around[0], "joining"))
                    or (not self._is(word, "everyday") and self._is_joined(words[index + 1 : index + 3]))
                )
                announced = beside or self._is(around[0], "announcing") or self._is(around[1], "announcing_after")
                if misspelt and not (len(words) <= FEW_WORDS or announced or (seeking and word.capital and index)):
                    continue
                spans = [
                    self._span(text, words, index, index + len(run), seeking, shouting, announced)
                    for run in runs(words[index:end], LONGEST_NAME)
                    if misspelt or self._is_known(run)
                ]
                candidates = (_mention(span, meaning(span)) for meaning in meanings for span in spans)
                mention = next(filter(None, candidates), None)
                if mention:
                    taken |= {at for at in range(index, end) if words[at].start < mention.end}
                    yield mention

    def _is_known(self, words: list[Word]) -> bool:
        """Whether words are a name as it stands, or may be one with an ending or but for a letter."""
        name = joined(words)
        if self.gazetteer.knows(name) or not name.isascii():
            return True
        if len(words) > 1:
            return bool(self.gazetteer.nearly_country(name))
        return words[0].written in self.gazetteer.codes or self._endings.has_one(name)

    def _is_joined(self, words: list[Word]) -> bool:
        """Whether these words are "or" and a place that is known without it."""
        if len(words) < 2 or not self._is(words[0], "joining") or not words[1].capital:
            return False
        return not self._is(words[1], "everyday") and bool(self.gazetteer.of_large(words[1].plain))

    def _span(self, text: str, words: list[Word], start: int, end: int, seeking: bool, shouting: bool, announced: bool) -> Span:
        after = words[end:]
        return Span(
            words[start:end],
            words[:start],
            after,
            seeking,
            shouting,
            announced or (bool(after) and self._is(after[0], "announcing_after")),
            followed=self._country_follows(after),
            ends_clause=not after or self._is(after[0], "joining") or not text[words[end - 1].end : after[0].start].isspace(),
        )

    def _exact(self, span: Span) -> Candidates:
        if len(span.words) == 1 and span.words[0].written in self.gazetteer.codes:
            return Candidates((self.gazetteer.codes[span.words[0].written],))
        name = span.name
        if self._is_something_else(span):
            return NO_MATCH
        if not name.isascii():
            return self._exact_in_another_script(span)
        if name in self.gazetteer.countries:
            codes = self.gazetteer.countries[name]
            return Candidates(codes) if len(codes) == 1 or span.expected or span.capital else NO_MATCH
        if len(span.words) > 1 and not self.gazetteer.knows(name):
            return Candidates(self.gazetteer.nearly_country(name))
        own: Sequence[City] = self.gazetteer.own.get(name, ())
        # An ordinary word is hardly ever the other name of a city: "more" is no Mora, nor is "More" when nothing else is said.
        other_names = len(name) >= SHORTEST_NAME and ((span.capital and not span.alone) or name not in self._no_misspelling)
        if span.expected:
            may_be_famous = len(name) >= SHORTEST_NAME and not self._is_no_name(name)
            least = 0 if other_names else FAMOUS
            return self.gazetteer.meant(name, self.gazetteer.cities(name, least) if other_names or may_be_famous else own)
        if span.capital and other_names:
            own = self.gazetteer.cities(name, least=LARGE_CITY)
        return self.gazetteer.meant(name, own) if _is_large(own, name) or (span.seeking and span.capital) else NO_MATCH

    def _is_no_name(self, name: str) -> bool:
        """Whether this is an everyday word or a nationality, which no city's other name is meant by."""
        return name in self._kinds["everyday"] or name in self.gazetteer.nationalities

    def _exact_in_another_script(self, span: Span) -> Candidates:
        for name in _forms(span.words):
            if name in self.gazetteer.countries:
                return Candidates(self.gazetteer.countries[name])
            cities = self.gazetteer.cities(name, least=0 if span.expected else LARGE_CITY)
            if cities and (span.expected or len(name) > 2):
                return self.gazetteer.meant(name, cities)
        return NO_MATCH

    def _is_something_else(self, span: Span) -> bool:
        """Whether a name is an everyday word here, or part of a set phrase such as `Brazil nuts`."""
        if span.after and self._is(span.after[0], "no_place_after"):
            return True
        if any(joined(span.before[-length:]) in self._kinds["no_place_before"] for length in (1, 2)):
            return True
        name = span.name
        if name in self._kinds["never"]:
            return not span.followed
        if name not in self._kinds["everyday"] or span.alone or (span.capital and (span.followed or span.announced)):
            return False
        if name in self.gazetteer.countries:
            if span.ends_clause and span.before and (span.capital or span.before[-1].plain in self.gazetteer.own):
                return False
            beside = (*span.before[-1:], *span.after[:1])
            return not (span.announced or any(self._is(word, "sought") for word in beside))
        large = _is_large(self.gazetteer.own.get(name, ()), name)
        return not (large and span.seeking and span.announced and span.ends_clause)

    def _country_follows(self, after: list[Word]) -> bool:
        """Whether a country or a state of the US is named right after: `Reading, UK`, `Paris in Texas`."""
        rest = after[1:] if after and self._is(after[0], "announcing") else after
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
                meaning = self.gazetteer.of_large(name)
                if announced and not meaning and len(name) > 2:
                    meaning = self.gazetteer.meant(name, self.gazetteer.cities(name))
                if meaning:
                    yield Mention(word.start + start, word.start + end, meaning.places, meaning.namesakes)
                    break
            else:
                end = start + 1
            start = end

    def _with_ending(self, span: Span) -> Candidates:
        """What a word means without the ending that says in, to or from; a country before a city."""
        if len(span.words) > 1 or span.name in self._no_misspelling or self._is_something_else(span):
            return NO_MATCH
        stems = self._endings.stems(span.name, span.before[-1].plain if span.before else "", span.words[0].capital)
        meanings = list(filter(None, map(self.gazetteer.of_large, stems)))
        return next((meaning for meaning in meanings if "/" not in meaning.places[0]), meanings[0] if meanings else NO_MATCH)

    def _nationality(self, span: Span) -> Candidates:
        """What a nationality means that says where something is sought: `German clinics`, but not `in Polish`."""
        codes = self.gazetteer.nationalities.get(span.name)
        if not codes or self._is_something_else(span) or (span.after and self._is(span.after[0], "speaking")):
            return NO_MATCH
        around = span.after[:NOUN_WITHIN] or span.before[-NOUN_WITHIN:]
        sought = any(self._is(word, "sought") for word in around)
        part = bool(span.after) and self._is(span.after[0], "parts")
        return Candidates(codes) if span.alone or sought or part else NO_MATCH

    def _misspelt(self, span: Span) -> Candidates:
        if len(span.words) > 3 or self._is(span.words[0], "announcing") or self._is_something_else(span):
            return NO_MATCH
        beside = [word.plain for word in (*span.before, *span.after)]
        few = len(span.words) + len(beside) <= FEW_WORDS
        short = few and all(word in self._beside or word in self.gazetteer.countries for word in beside)
        if not (short or span.announced or (span.seeking and span.words[0].capital and span.before)):
            return NO_MATCH
        if all(word.plain in self._no_misspelling or any(map(str.isdigit, word.plain)) for word in span.words):
            return NO_MATCH
        # Ordinary words are rarely but two letters away from a name: "in addition" is no Aydın.
        return self.gazetteer.misspelt(span.name, two_wrong=few or span.words[0].capital)

    def _within_countries(self, mention: Mention, countries: set[str], text: str) -> Mention:
        """The city of that name in a country, or in a state of the US, that the message names too, where there is one."""
        if not mention.is_city:
            return mention
        after = words_of(text[mention.end :])
        states = {
            code
            for code, state in self.gazetteer.states.items()
            for word in after
            if word.written == code or word.plain == simplified(state).split(" ")[0]
        }
        written = simplified(text[mention.start : mention.end])
        for name in (written, simplified(mention.places[0].partition("/")[2])):
            bearing = (*self.gazetteer.own.get(name, ()), *self.gazetteer.others.get(name, ()))
            inside = [city for city in bearing if city.country in countries or (city.country == "US" and city.region in states)]
            if inside:
                best = max(inside, key=lambda city: (simplified(city.name) == name, city.renown))
                return Mention(mention.start, mention.end, (best.place,))
        return mention


def _forms(words: list[Word]) -> Iterator[str]:
    """How a name in another script may be written: as it stands, without the word that is joined to it, in one word."""
    written = joined(words)
    for name in dict.fromkeys((written, *(pattern.sub(instead, written) for pattern, instead in JOINED))):
        yield name
        if len(words) > 1:
            yield name.replace(" ", "")


def _beside(mention: Mention, countries: set[str]) -> Mention:
    """Of several places of one name that in a country of the other places: `Bilbao or Vitoria`."""
    same = tuple(place for place in mention.places if country_of(place) in countries)
    return replace(mention, places=same) if len(mention.places) > 1 and len(same) == 1 else mention


def _is_elsewhere(mention: Mention, found: list[Mention]) -> bool:
    """Whether a name of several places is that of another one, in the country right after it: `Victoria, Australia`."""
    after = next((other for other in found if 0 < other.start - mention.end <= FAR_APART and not other.is_city), None)
    if after is None or not mention.is_city or len(mention.places) == 1:
        return False
    return not {country_of(place) for place in (*mention.places, *mention.namesakes)} & set(after.places)


def _is_large(cities: Sequence[City], name: str) -> bool:
    return len(name) >= SHORTEST_NAME and any(city.population >= LARGE_CITY for city in cities)


def _mention(span: Span, meaning: Candidates) -> Mention | None:
    if not meaning:
        return None
    return Mention(span.words[0].start, span.words[-1].end, meaning.places, meaning.namesakes)


def _flags(text: str) -> Iterator[Mention]:
    for match in FLAG.finditer(text):
        code = "".join(chr(ord(letter) - FIRST_FLAG_LETTER + ord("A")) for letter in match.group())
        if is_country(code):
            yield Mention(match.start(), match.end(), (code,))

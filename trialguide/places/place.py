"""The place value: a country, a city in it or a point in it, with the one form in which places are stored and sent.

That form is `DE`, `DE/Berlin` or `NO/59.91,10.75`: the country's ISO 3166-1 alpha-2 code, then the main name of the city or
decimal degrees (WGS 84), latitude first. The candidates for an ambiguous name are joined by `|`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from trialguide.places.countries import is_country

Coordinates = tuple[float, float]

WITHIN = "/"
OR = "|"
# Whole numbers are more likely something else.
DECIMAL_DEGREES = re.compile(r"\s*(-?\d{1,2}\.\d+)\s*,\s*(-?\d{1,3}\.\d+)\s*", re.ASCII)
# A point to about a kilometre is all that a distance needs, and no address.
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A country, or a city or a point in it: at most one of `city` and `coordinates` is set."""

    country: str
    city: str | None = None
    coordinates: Coordinates | None = None

    @classmethod
    def at(cls, country: str, latitude: float, longitude: float) -> "Place":
        """A point in a country, rounded to two decimals."""
        return cls(country, coordinates=(round(latitude, DECIMALS), round(longitude, DECIMALS)))

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place of a stored form; whether the city exists is for `Cities` to say. Raises ValueError."""
        country, within, rest = text.partition(WITHIN)
        if not is_country(country) or bool(within) != bool(rest):
            raise ValueError(f"not a place: {text!r}")
        coordinates = parse_coordinates(rest)
        return cls.at(country, *coordinates) if coordinates else cls(country, rest or None)

    def __str__(self) -> str:
        if self.coordinates:
            return f"{self.country}{WITHIN}" + ",".join(f"{degrees:.{DECIMALS}f}" for degrees in self.coordinates)
        return f"{self.country}{WITHIN}{self.city}" if self.city else self.country

    @property
    def is_country(self) -> bool:
        """Whether this is a country as a whole."""
        return self.city is None and self.coordinates is None


def parse_candidates(text: str) -> tuple[Place, ...]:
    """The places of a stored form that may hold several; text that is no place yields none."""
    return tuple(filter(None, map(_parsed, text.split(OR))))


def join_candidates(places: Iterable[Place]) -> str:
    """The stored form of several places, each once."""
    return OR.join(dict.fromkeys(map(str, places)))


def parse_coordinates(text: str) -> Coordinates | None:
    """Latitude and longitude, where a text is nothing but these (`59.91, 10.75`)."""
    match = DECIMAL_DEGREES.fullmatch(text)
    if not match:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _parsed(text: str) -> Place | None:
    try:
        return Place.parse(text)
    except ValueError:
        return None

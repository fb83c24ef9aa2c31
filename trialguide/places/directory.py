"""The directory of clinics, support groups and trial registries.

Unverified rows are dropped when the files are read (`directory_files`), so no search can show one.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from trialguide.content.files import DIRECTORY
from trialguide.places.cities import City
from trialguide.places.countries import continent_of, country_name
from trialguide.places.directory_files import EUROPEAN, INTERNATIONAL, Row, verified_rows

# Members of the European Union and the European Economic Area, for registries of the whole area.
EUROPEAN_AREA = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split())

EARTH_RADIUS_KM = 6371.0
CONFIRMED_WITHIN_KM = 300
SHOWN = 5


@dataclass(frozen=True)
class Clinic:
    """A clinic; coordinates in decimal degrees (WGS 84), of the hospital or of its city."""

    row: Row
    latitude: float
    longitude: float
    confirmed: bool

    @property
    def country(self) -> str:
        return self.row["country"]


@dataclass(frozen=True)
class NearestClinics:
    """A clinic in a search result, with its distance in kilometres if the search was near a city."""

    clinic: Clinic
    distance_km: float | None


class Directory:
    """The verified rows, with searches over them."""

    def __init__(self, folder: Path = DIRECTORY) -> None:
        """Reads the CSV files. Raises OSError, and ValueError with file, line and remedy where a row is broken."""
        self._clinics = [
            Clinic(row, float(row["latitude"]), float(row["longitude"]), row["specialist_confirmed"] == "true")
            for row in verified_rows(folder / "clinics.csv")
        ]
        self._groups = verified_rows(folder / "support_groups.csv")
        self._registries = [
            row for row in verified_rows(folder / "registries.csv") if row["kind"] in ("trial registry", "registry portal")
        ]

    def clinics(self, country: str) -> list[NearestClinics]:
        """The clinics of a country by city; unconfirmed ones only where no confirmed one lies within 300 km of them."""
        inside = sorted(
            (clinic for clinic in self._clinics if clinic.country == country), key=lambda clinic: clinic.row["city"]
        )
        return [
            NearestClinics(clinic, None) for clinic in inside if clinic.confirmed or not self._confirmed_near(clinic, inside)
        ]

    def nearest_clinics(self, city: City, countries: Callable[[str], bool]) -> list[NearestClinics]:
        """The clinics of the wanted countries, the nearest to a city first.

        A clinic whose source only suggests that it treats NETs appears only where no confirmed one lies within 300 km of
        the city.
        """
        found = [NearestClinics(clinic, _distance(clinic, city)) for clinic in self._clinics if countries(clinic.country)]
        found.sort(key=lambda item: item.distance_km or 0)
        confirmed = [item for item in found if item.clinic.confirmed]
        near = any((item.distance_km or 0) <= CONFIRMED_WITHIN_KM for item in confirmed)
        return confirmed if near else found

    @staticmethod
    def _confirmed_near(clinic: Clinic, others: list[Clinic]) -> bool:
        confirmed = [other for other in others if other.confirmed]
        here = (clinic.latitude, clinic.longitude)
        return any(great_circle_km(*here, other.latitude, other.longitude) <= CONFIRMED_WITHIN_KM for other in confirmed)

    def support_groups(self, country: str) -> list[Row]:
        """The support groups of a country (`INT` for the international ones), those for NETs first."""
        groups = [row for row in self._groups if row["country"] == country]
        return sorted(groups, key=lambda row: row["scope"] != "NET-specific")

    def groups_in_languages(self, languages: Collection[str], countries: Callable[[str], bool]) -> list[Row]:
        """The support groups for NETs of the wanted countries that work in one of these languages."""
        wanted = [row for row in self._groups if row["scope"] == "NET-specific" and countries(row["country"])]
        return [row for row in wanted if set(row["languages"].split("; ")) & set(languages)]

    def registries(self, country: str) -> list[tuple[Row, str]]:
        """The trial registries that cover a country, each with a link, filled in with a search where possible."""
        fitting = [row for row in self._registries if _covers(row, country)]
        # Its own first, then those of the whole area, then those of the world.
        fitting.sort(key=lambda row: ("", EUROPEAN, INTERNATIONAL).index(_area(row)))
        return [(row, search_link(row, country_name(country))) for row in fitting][:SHOWN]


def search_link(registry: Row, country: str, condition: str = "neuroendocrine tumour") -> str:
    """The registry's search address with the condition and the country's name filled in, or its home page."""
    pattern = registry["search_url_pattern"]
    if not pattern:
        return registry["home_url"]
    # Registries write out "and", and leave out what Unicode CLDR adds: Hong Kong SAR China, Myanmar (Burma).
    plain = country.partition(" (")[0].removesuffix(" SAR China").replace("&", "and").replace("’", "'")
    for name, value in (("condition", condition), ("terms", condition), ("country", plain)):
        pattern = pattern.replace("{" + name + "}", quote(value))
    return quote(pattern, safe=":/?#&=%")


def link_host(link: str) -> str:
    """The host of a link, for naming a source."""
    return urlsplit(link).netloc.removeprefix("www.")


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Distance over the Earth's surface in kilometres, by the haversine formula (Sinnott 1984)."""
    first, second = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def _distance(clinic: Clinic, city: City | None) -> float | None:
    if city is None:
        return None
    return great_circle_km(city.latitude, city.longitude, clinic.latitude, clinic.longitude)


def _area(registry: Row) -> str:
    return registry["country"] if registry["country"] in (EUROPEAN, INTERNATIONAL) else ""


def _covers(registry: Row, country: str) -> bool:
    """Whether a registry covers a country: its own, or one of an area that includes it."""
    if registry["country"] == EUROPEAN:
        return country in EUROPEAN_AREA
    if registry["coverage"] == "Africa":
        return continent_of(country) == "AF"
    return registry["country"] in (country, INTERNATIONAL) or country_name(country) in registry["coverage"]

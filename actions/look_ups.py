"""Searches the directory and selects the replies with their fields; their words are in data/words/lookups.yml."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.places.cities import Cities, all_cities
from trialguide.places.countries import country_in_sentence, country_name, language_names, languages_of
from trialguide.places.directory import SHOWN, Directory, NearestClinics, link_host
from trialguide.places.directory_files import INTERNATIONAL, Row
from trialguide.places.place import Place

# Words of the directory's notes for a phone number that is not the unit's own.
SWITCHBOARD = re.compile("switchboard|hospital number|main number", re.IGNORECASE)
AUDIENCE = VOCABULARY / "audience.yml"


@dataclass(frozen=True)
class Reply:
    """A response by name, with the values of its fields."""

    response: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """A look-up: its id in the catalogue, the place, the only country wanted, and the number of results shown before."""

    lookup: str
    place: Place
    only: str | None = None
    shown: int = 0

    @classmethod
    def from_slot(cls, value: Mapping[str, Any]) -> "Search":
        """The search in slot `last_search`. Raises ValueError."""
        return cls(**(dict(value) | {"place": Place.parse(value["place"])}))

    def to_slot(self) -> dict[str, Any]:
        """The value for slot `last_search`."""
        return asdict(self) | {"place": str(self.place)}


@dataclass(frozen=True)
class DirectorySearch:
    """Look-ups over a directory, the cities and the countries that the service does not address."""

    directory: Directory
    places: Cities
    excluded: frozenset[str]
    authorities: Mapping[str, Mapping[str, str]]

    def answer(self, search: Search) -> list[Reply]:
        """The replies to a search."""
        country = search.only or search.place.country
        if country in self.excluded:
            return [Reply("excluded_country", {"country": country_in_sentence(country), **self.authorities.get(country, {})})]
        answers: dict[str, Callable[[Search], list[Reply]]] = {
            "find_clinic": self._clinics,
            "find_support_group": self._support_groups,
            "find_trial": self._trials,
        }
        return answers[search.lookup](search)

    def _clinics(self, search: Search) -> list[Reply]:
        heading, found = self._clinics_found(search)
        page = found[search.shown : search.shown + SHOWN]
        left = len(found) - search.shown - len(page)
        if not page:
            return [Reply("no_more_clinics" if search.shown else "no_clinics")]
        more = [Reply("more_clinics", {"left": left})] if left > 0 else []
        return [Reply("further_clinics") if search.shown else heading, *map(clinic_reply, page), *more]

    def _clinics_found(self, search: Search) -> tuple[Reply, list[NearestClinics]]:
        city, country = self.places.city(search.place), search.place.country
        own = self.directory.clinics(country)
        named = {"country": country_in_sentence(search.only or country), "city": city.name if city else None}
        if city and search.only:
            return Reply("clinics_only", named), self.directory.nearest_clinics(city, lambda other: other == search.only)
        if own and not city:
            return Reply("clinics_of_country", named), own
        centre = city or self.places.largest_city(country)
        nearest = self.directory.nearest_clinics(centre, self._is_addressed) if centre else []
        measured_from = {"centre": centre.name if centre else None}
        return Reply("clinics" if own else "clinics_abroad", named | measured_from), nearest

    def _support_groups(self, search: Search) -> list[Reply]:
        country = search.place.country
        own = self.directory.support_groups(country)
        everywhere = [_group_reply(row) for row in self.directory.support_groups(INTERNATIONAL)]
        named = {"country": country_in_sentence(country)}
        if own:
            return [Reply("support_groups", named), *map(_group_reply, own), Reply("international_groups"), *everywhere]
        languages = languages_of(country)
        elsewhere = self.excluded | {INTERNATIONAL}
        kindred = self.directory.groups_in_languages(languages, lambda other: other not in elsewhere)
        regional = [Reply("kindred_groups", {"languages": language_names("; ".join(languages))}), *map(_group_reply, kindred)]
        return [Reply("no_support_groups", named), *(regional if kindred else []), Reply("international_groups"), *everywhere]

    def _trials(self, search: Search) -> list[Reply]:
        country = search.place.country
        registries = self.directory.registries(country)
        of_country = any(row["country"] != INTERNATIONAL for row, _ in registries)
        heading = Reply("trials" if of_country else "trials_international", {"country": country_in_sentence(country)})
        return [heading, *(_registry_reply(*row) for row in registries), Reply("trials_next")]

    def _is_addressed(self, country: str) -> bool:
        return country not in self.excluded


@cache
def look_ups() -> DirectorySearch:
    """Look-ups over the project's own data, read once per process."""
    audience = load_yaml(AUDIENCE)
    return DirectorySearch(Directory(), all_cities(), frozenset(audience["excluded"]), audience["authorities"])


def next_search(last: Search | None, lookup: str, place: Place, narrowed: bool, further: bool) -> Search:
    """The next search.

    Clinics in a country that restricts the last search (`only in Austria`) are still sorted by distance from its place. A
    request for others at the same place continues with the next page.
    """
    if last is None or lookup != "find_clinic":
        return Search(lookup, place)
    if narrowed and place.is_country and not last.place.is_country:
        return Search(lookup, last.place, only=place.country)
    if further and last.lookup == lookup and (place == last.place or (place.is_country and place.country == last.only)):
        return next_page(last)
    return Search(lookup, place)


def next_page(last: Search) -> Search:
    """The search for the next page of results."""
    return replace(last, shown=last.shown + SHOWN)


def closer_search(last: Search | None) -> Search | Reply:
    """The search or reply after "anything nearer?"."""
    if last is None or (last.lookup == "find_clinic" and last.place.is_country):
        return Reply("nearer_to_where")
    if last.lookup != "find_clinic":
        return Reply("nearer_group" if last.lookup == "find_support_group" else "nearer_trial")
    return replace(last, only=None, shown=0) if last.only else Reply("nearest_already")


def clinic_reply(found: NearestClinics) -> Reply:
    """The card of a clinic."""
    row = found.clinic.row
    fields = _shown(row, "name", "department", "street_address", "postcode", "city", "website", "accreditation") | _checked(row)
    fields["country"] = country_name(found.clinic.country)
    if row["accreditation"]:
        fields["accreditation_detail"] = row["accreditation_detail"]
    if found.distance_km is not None:
        fields["distance"] = max(1, round(found.distance_km))
    fields["map"] = map_link(row)
    fields["switchboard" if SWITCHBOARD.search(row["note"]) else "phone"] = row["phone"]
    return Reply("clinic" if found.clinic.confirmed else "clinic_unconfirmed", fields)


def map_link(row: Row) -> str:
    """A link to OpenStreetMap: the hospital itself, or its city where only that is known."""
    at = f"{row['latitude']}/{row['longitude']}"
    if row["coord_precision"] == "address":
        return f"https://www.openstreetmap.org/?mlat={row['latitude']}&mlon={row['longitude']}#map=16/{at}"
    return f"https://www.openstreetmap.org/#map=12/{at}"


def _group_reply(row: Row) -> Reply:
    fields = _shown(row, "name", "offers", "website", "email", "phone", "scope") | _checked(row)
    return Reply("support_group", fields | {"languages": language_names(row["languages"])})


def _registry_reply(row: Row, link: str) -> Reply:
    kind = "search" if "{" in row["search_url_pattern"] else "website"
    return Reply("registry", _shown(row, "name", "coverage") | _checked(row) | {kind: link})


def _shown(row: Row, *columns: str) -> dict[str, Any]:
    return {column: row[column] for column in columns}


def _checked(row: Row) -> dict[str, Any]:
    return {"source": link_host(row["source_url"]), "checked_on": row["checked_on"]}

"""What a look-up answers: which replies, with which fields. The words of the replies are in data/words/lookups.yml."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actions.directory import INTERNATIONAL, Directory, Found, Row, link_host
from actions.places import City, Gazetteer, country_name, country_of, gazetteer, language_names

# How the notes of the directory say that a phone number is not that of the unit.
SWITCHBOARD = re.compile("switchboard|hospital number|main number", re.IGNORECASE)
AUDIENCE = Path(__file__).resolve().parents[1] / "data" / "audience.yml"


@dataclass(frozen=True)
class Reply:
    """Words by name, and what to fill into it."""

    words: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LookUps:
    """The look-ups over a directory, a gazetteer and the countries that the service does not address."""

    directory: Directory
    places: Gazetteer
    excluded: Mapping[str, Mapping[str, str]]

    def answer(self, lookup: str, place: str) -> list[Reply]:
        """The replies to a look-up (an id of the catalogue) at a place such as `DE` or `DE/Berlin`."""
        country = country_of(place)
        if country in self.excluded:
            return [Reply("excluded_country", {"country": country_name(country), **self.excluded[country]})]
        answers: dict[str, Callable[[str, City | None], list[Reply]]] = {
            "find_clinic": self._clinics,
            "find_support_group": self._support_groups,
            "find_trial": self._trials,
        }
        return answers[lookup](place, self.places.city(place))

    def _clinics(self, place: str, city: City | None) -> list[Reply]:
        country = country_of(place)
        found = self.directory.clinics(country, city)
        if found:
            heading = Reply("clinics", {"city": city.name}) if city else Reply("clinics_of_country")
            heading.fields["country"] = country_name(country)
            return [heading, *map(_clinic_reply, found)]
        centre = city or self.places.largest_city(country)
        abroad = self.directory.nearest_clinics(centre, frozenset(self.excluded)) if centre else []
        if not abroad:
            return [Reply("no_clinics")]
        return [Reply("clinics_abroad", {"country": country_name(country)}), *map(_clinic_reply, abroad)]

    def _support_groups(self, place: str, city: City | None) -> list[Reply]:
        country = country_of(place)
        own = self.directory.support_groups(country)
        everywhere = [_group_reply(row) for row in self.directory.support_groups(INTERNATIONAL)]
        if not own:
            return [Reply("no_support_groups", {"country": country_name(country)}), *everywhere]
        heading = Reply("support_groups", {"country": country_name(country)})
        return [heading, *map(_group_reply, own), Reply("international_groups"), *everywhere]

    def _trials(self, place: str, city: City | None) -> list[Reply]:
        country = country_of(place)
        registries = self.directory.registries(country)
        return [Reply("trials", {"country": country_name(country)}), *(_registry_reply(*row) for row in registries)]


@cache
def look_ups() -> LookUps:
    """The look-ups over the project's own data, read once a process."""
    excluded = yaml.safe_load(AUDIENCE.read_text(encoding="utf-8"))["excluded"]
    return LookUps(Directory(), gazetteer(), excluded)


def _clinic_reply(found: Found) -> Reply:
    row = found.clinic.row
    fields = _shown(row, "name", "department", "street_address", "postcode", "city", "website", "accreditation") | _checked(row)
    fields["country"] = country_name(found.clinic.country)
    if row["accreditation"]:
        fields["accreditation_detail"] = row["accreditation_detail"]
    if found.distance_km is not None:
        fields["distance"] = max(1, round(found.distance_km))
    fields["switchboard" if SWITCHBOARD.search(row["note"]) else "phone"] = row["phone"]
    return Reply("clinic" if found.clinic.confirmed else "clinic_unconfirmed", fields)


def _group_reply(row: Row) -> Reply:
    fields = _shown(row, "name", "offers", "website", "email", "phone", "scope") | _checked(row)
    return Reply("support_group", fields | {"languages": language_names(row["languages"])})


def _registry_reply(row: Row, link: str) -> Reply:
    return Reply("registry", _shown(row, "name", "coverage") | _checked(row) | {"link": link})


def _shown(row: Row, *columns: str) -> dict[str, Any]:
    return {column: row[column] for column in columns}


def _checked(row: Row) -> dict[str, Any]:
    return {"source": link_host(row["source_url"]), "checked_on": row["checked_on"]}

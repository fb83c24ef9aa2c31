"""Resolves answers to "For which country or city?" to a place, a choice or another question."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from trialguide.content.files import load_yaml
from trialguide.places.cities import Cities, place_name
from trialguide.places.countries import PLACE_WORDS
from trialguide.places.place import Place, parse_candidates

MOST_TRIES = 2
# Too many buttons are not read.
MOST_CHOICES = 8
Candidates = tuple[Place, ...]

POSTCODE = re.compile(r"\s*[A-Z]{0,2}[- ]?\d[\dA-Z -]{2,9}\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ResolvedPlace:
    """The place that was meant, or the choices, or the response for none; `tries` counts the answers that named no place."""

    place: Place | None
    tries: int
    response: str | None = None
    choices: tuple[Place, ...] = ()

    @property
    def exhausted(self) -> bool:
        """Whether it has failed too often to ask again."""
        return self.place is None and self.tries >= MOST_TRIES


@dataclass(frozen=True)
class TypedPlace:
    """A place that a message names: the candidates for it, and less known places of the same name."""

    candidates: tuple[Place, ...]
    namesakes: tuple[Place, ...]


def typed_places(message: Mapping[str, Any]) -> list[TypedPlace]:
    """The places that a message names."""
    return [
        TypedPlace(parse_candidates(str(entity.get("value"))), tuple(map(Place.parse, entity.get("namesakes") or ())))
        for entity in message.get("entities") or []
        if entity["entity"] in ("city", "country")
    ]


def former_country(events: Iterable[Mapping[str, Any]], candidates: Candidates, places: Cities) -> str | None:
    """The country of the last place that the conversation was about before slot `place` held these candidates."""
    values = [event["value"] for event in events if event.get("event") == "slot" and event.get("name") == "place"]
    former = (parse_candidates(value) for value in reversed(values) if value)
    return next((before[0].country for before in former if len(before) == 1 and _differs(before, candidates, places)), None)


def chosen_by_country(typed: list[TypedPlace], candidates: Candidates, country: str | None) -> Candidates:
    """The only candidate, or else namesake, in the country that the conversation is about; or all candidates."""
    if len(typed) != 1 or not country:
        return candidates
    inside = tuple(place for place in candidates if place.country == country)
    inside = inside or tuple(place for place in typed[0].namesakes if place.country == country)
    return inside if len(inside) == 1 else candidates


def chosen_from_offer(offered: Candidates, candidates: Candidates, text: str) -> Candidates:
    """The offered place that is named now, by itself or by its country; or all candidates."""
    # The title of a button may have several meanings: the button "Georgia" is the country alone.
    named = tuple(place for place in offered if place_name(place).casefold() == text.strip().casefold())
    meant = tuple(place for place in offered if place in candidates)
    inside = tuple(place for place in offered if not place.is_country and candidates == (Place(place.country),))
    return next((places for places in (named, meant, inside) if len(places) == 1), candidates)


def resolve_place(candidates: Candidates, typed: str, tries: int, places: Cities) -> ResolvedPlace:
    """The result of an answer with these candidates: one place, a choice, or none that is known in what was typed."""
    known = tuple(place for place in candidates if places.known(place))[:MOST_CHOICES]
    if len(known) == 1:
        return ResolvedPlace(known[0], 0)
    if known:
        return ResolvedPlace(None, tries, choices=known)
    if POSTCODE.fullmatch(typed):
        return ResolvedPlace(None, tries + 1, "postcode_given")
    return ResolvedPlace(None, tries + 1, "place_too_large" if _holds_one_of(typed, "areas") else "place_unknown")


def restricts_country(text: str) -> bool:
    """Whether a message restricts the last search to a country: `only in Austria`."""
    return _holds_one_of(text, "restricting")


def asks_for_more(text: str) -> bool:
    """Whether a message asks for the next results of the last search: `show me more clinics`."""
    return _holds_one_of(text, "asking_further")


def _differs(before: Candidates, candidates: Candidates, places: Cities) -> bool:
    return before != candidates and places.known(before[0])


def _holds_one_of(text: str, kind: str) -> bool:
    return not _words()[kind].isdisjoint(re.findall(r"\w+", text.casefold()))


@cache
def _words() -> dict[str, frozenset[str]]:
    rows = load_yaml(PLACE_WORDS)
    return {kind: frozenset(rows[kind]) for kind in ("restricting", "asking_further", "areas")}

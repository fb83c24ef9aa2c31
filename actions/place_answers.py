"""What an answer to "For which country or city?" comes to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from trialguide.places.cities import SEPARATOR, Cities, place_name
from trialguide.places.countries import PLACE_WORDS, country_of

MOST_TRIES = 2
# More buttons than this nobody reads.
MOST_CHOICES = 8
POSTCODE = re.compile(r"\s*[A-Z]{0,2}[- ]?\d[\dA-Z -]{2,9}\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ResolvedPlace:
    """The place that was meant, or those to choose from, or the words for none; `tries` counts what could not be used."""

    place: str | None
    tries: int
    words: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def exhausted(self) -> bool:
        """Whether it has failed too often to ask again."""
        return self.place is None and self.tries >= MOST_TRIES


@dataclass(frozen=True)
class TypedPlaces:
    """A place as a message names it: what slot `place` makes of it, and less known places of the same name."""

    value: str
    namesakes: tuple[str, ...]


def places_said(message: Mapping[str, Any]) -> list[TypedPlaces]:
    """The places that a message names."""
    entities = message.get("entities") or []
    found = [entity for entity in entities if entity["entity"] in ("city", "country")]
    return [TypedPlaces(str(entity.get("value")), tuple(entity.get("namesakes") or ())) for entity in found]


def former_country(events: Iterable[Mapping[str, Any]], value: str, places: Cities) -> str | None:
    """The country of the place that the conversation was about before slot `place` got this value."""
    said = [event["value"] for event in events if event.get("event") == "slot" and event.get("name") == "place"]
    return next((country_of(place) for place in reversed(said) if place and place != value and places.known(place)), None)


def chosen_by_country(said: list[TypedPlaces], value: str, country: str | None) -> str:
    """Of the places that one name may mean, that in the country which the conversation is about; or the value as it is."""
    if len(said) != 1 or not country:
        return value
    inside = [place for place in value.split(SEPARATOR) if country_of(place) == country]
    inside = inside or [place for place in said[0].namesakes if country_of(place) == country]
    return inside[0] if len(inside) == 1 else value


def chosen_from_offer(choices: Iterable[str], value: str, text: str) -> str:
    """Of the places that were offered last, the one that is named now, by itself or by its country; or the value as it is."""
    offered = list(choices)
    # What a button says may mean several places: the button "Georgia" is the country alone.
    named = [place for place in offered if place_name(place).casefold() == text.strip().casefold()]
    meant = [place for place in offered if place in value.split(SEPARATOR)]
    inside = [place for place in offered if "/" in place and country_of(place) == value]
    return next((places[0] for places in (named, meant, inside) if len(places) == 1), value)


def resolve_place(value: str, tries: int, places: Cities) -> ResolvedPlace:
    """What slot `place` holds, taken for a place: one, one of several, or none that is known."""
    meant = [place for place in value.split(SEPARATOR) if places.known(place)][:MOST_CHOICES]
    if len(meant) == 1:
        return ResolvedPlace(meant[0], 0)
    if meant:
        return ResolvedPlace(None, tries, choices=tuple(meant))
    if POSTCODE.fullmatch(value):
        return ResolvedPlace(None, tries + 1, "postcode_given")
    return ResolvedPlace(None, tries + 1, "place_too_large" if _holds_one_of(value, "areas") else "place_unknown")


def restricts_country(text: str) -> bool:
    """Whether a message narrows the last search: `only in Austria`."""
    return _holds_one_of(text, "restricting")


def asks_for_more(text: str) -> bool:
    """Whether a message asks for what the last search has left: `show me more clinics`."""
    return _holds_one_of(text, "asking_further")


def _holds_one_of(text: str, kind: str) -> bool:
    return not _words()[kind].isdisjoint(re.findall(r"\w+", text.casefold()))


@cache
def _words() -> dict[str, frozenset[str]]:
    rows = yaml.safe_load(PLACE_WORDS.read_text(encoding="utf-8"))
    return {kind: frozenset(rows[kind]) for kind in ("restricting", "asking_further", "areas")}

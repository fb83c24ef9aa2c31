"""Writes the places that a message names as entities."""

from collections.abc import Collection
from typing import Any

from trialguide.places.cities import SEPARATOR, all_cities, coordinates
from trialguide.places.mentions import PlaceFinder
from trialguide.text.normalisation import MAX_CHARACTERS

# The intents whose examples are about places.
ABOUT_PLACES = frozenset({"inform_place", "find_clinic", "find_support_group", "find_trial"})

Entity = dict[str, Any]


class PlaceEntities:
    """Finds an entity for each place in a message.

    `country` (value `DE`), `city` (value `DE/Berlin`, or `NO/59.91,10.75` for a location that is shared), or `unknown_place`
    (value as written) where a place is announced that nobody knows. Where it is open which place is meant the value holds all
    of them, joined by `|`. `namesakes` are less known places of the same name.
    """

    def __init__(self, ordinary: Collection[str]) -> None:
        """`ordinary` are words that nobody misspells a place with."""
        self._finder = PlaceFinder(ordinary)

    def of(self, text: str) -> list[Entity]:
        """The entities, with `start` and `end`; none in a message that is too long to be read."""
        if len(text) > MAX_CHARACTERS:
            return []
        location = coordinates(text)
        if location:
            return [_entity("city", 0, len(text), all_cities().place_at(*location))]
        mentions = self._finder.mentions(text)
        value = SEPARATOR.join(dict.fromkeys(place for mention in mentions for place in mention.places))
        kind = "city" if "/" in value else "country"
        if mentions:
            return [_entity(kind, found.start, found.end, value, namesakes=list(found.namesakes)) for found in mentions]
        strange = self._finder.unknown(text)
        return [_entity("unknown_place", *strange, text[slice(*strange)])] if strange else []


def _entity(kind: str, start: int, end: int, value: str, **more: Any) -> Entity:
    return {"entity": kind, "start": start, "end": end, "value": value, "extractor": PlaceEntities.__name__, **more}

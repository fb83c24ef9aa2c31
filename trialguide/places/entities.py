"""Rasa entities for the places in a message."""

from collections.abc import Collection
from typing import Any

from trialguide.places.cities import all_cities
from trialguide.places.mentions import PlaceFinder
from trialguide.places.place import join_candidates, parse_coordinates
from trialguide.text.normalisation import MAX_CHARACTERS

# The intents whose examples are about places.
ABOUT_PLACES = frozenset({"inform_place", "find_clinic", "find_support_group", "find_trial"})

Entity = dict[str, Any]


class PlaceEntities:
    """Extracts an entity for each place in a message.

    `country` (value `DE`), `city` (value `DE/Berlin`, or `NO/59.91,10.75` for a location that is shared), or `unknown_place`
    (value as written) where an unknown place is announced. Each value holds all candidates of the message, joined by `|`.
    `namesakes` are less known places of the same name.
    """

    def __init__(self, ordinary: Collection[str]) -> None:
        """`ordinary` are words that are never a misspelt place."""
        self._finder = PlaceFinder(ordinary)

    def of(self, text: str) -> list[Entity]:
        """The entities, with `start` and `end`; none in a message that is too long to be read."""
        if len(text) > MAX_CHARACTERS:
            return []
        location = parse_coordinates(text)
        if location:
            return [_entity("city", 0, len(text), str(all_cities().place_at(*location)))]
        mentions = self._finder.mentions(text)
        if mentions:
            places = [place for mention in mentions for place in mention.places]
            kind = "country" if all(place.is_country for place in places) else "city"
            value = join_candidates(places)
            return [
                _entity(kind, mention.start, mention.end, value, namesakes=list(map(str, mention.namesakes)))
                for mention in mentions
            ]
        strange = self._finder.unknown(text)
        return [_entity("unknown_place", *strange, text[slice(*strange)])] if strange else []


def _entity(kind: str, start: int, end: int, value: str, **more: Any) -> Entity:
    return {"entity": kind, "start": start, "end": end, "value": value, "extractor": PlaceEntities.__name__, **more}

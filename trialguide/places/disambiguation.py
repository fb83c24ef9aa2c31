"""Mentions of places, and how those of one message narrow each other: `Graz, Austria`, `Bilbao or Vitoria`."""

from dataclasses import dataclass, replace

from trialguide.places.gazetteer import Gazetteer
from trialguide.places.place import Place, join_candidates
from trialguide.text.words import simplified, words_of

# Characters between a name and its country: a comma and a space.
FAR_APART = 2


@dataclass(frozen=True)
class Mention:
    """A place in a message: its characters, its candidates, the best known first, and less known places of that name."""

    start: int
    end: int
    places: tuple[Place, ...]
    namesakes: tuple[Place, ...] = ()

    @property
    def value(self) -> str:
        return join_candidates(self.places)

    @property
    def is_city(self) -> bool:
        return not self.places[0].is_country

    @property
    def countries(self) -> set[str]:
        """The codes of the candidates that are whole countries."""
        return {place.country for place in self.places if place.is_country}


def disambiguated(found: list[Mention], text: str, gazetteer: Gazetteer) -> list[Mention]:
    """The mentions of a text, in order, narrowed by each other; those that only repeat or qualify another are left out."""
    countries = {mention.places[0].country for mention in found if len(mention.places) == 1 and not mention.is_city}
    narrowed = [_within_countries(mention, countries, text, gazetteer) for mention in found]
    narrowed = [mention for mention in narrowed if not _is_elsewhere(mention, found)]
    of_cities = {place.country for mention in narrowed for place in mention.places if not place.is_country}
    rest = [mention for mention in narrowed if mention.is_city or not mention.countries & of_cities]
    certain = {mention.places[0].country for mention in rest if len(mention.places) == 1}
    unique: dict[tuple[Place, ...], Mention] = {}
    for mention in rest:
        chosen = _beside(mention, certain)
        unique.setdefault(chosen.places, chosen)
    return list(unique.values())


def _within_countries(mention: Mention, countries: set[str], text: str, gazetteer: Gazetteer) -> Mention:
    """The city of that name in a country, or in a state of the US, that the message names too, where there is one."""
    if not mention.is_city:
        return mention
    after = words_of(text[mention.end :])
    states = {
        code
        for code, state in gazetteer.states.items()
        for word in after
        if word.written == code or word.plain == simplified(state).split(" ")[0]
    }
    written = simplified(text[mention.start : mention.end])
    for name in (written, simplified(mention.places[0].city or "")):
        bearing = (*gazetteer.own.get(name, ()), *gazetteer.others.get(name, ()))
        inside = [city for city in bearing if city.country in countries or (city.country == "US" and city.region in states)]
        if inside:
            best = max(inside, key=lambda city: (simplified(city.name) == name, city.renown))
            return Mention(mention.start, mention.end, (best.place,))
    return mention


def _beside(mention: Mention, countries: set[str]) -> Mention:
    """Of several candidates the only one in a country of the other places: `Bilbao or Vitoria`."""
    same = tuple(place for place in mention.places if place.country in countries)
    return replace(mention, places=same) if len(mention.places) > 1 and len(same) == 1 else mention


def _is_elsewhere(mention: Mention, found: list[Mention]) -> bool:
    """Whether an ambiguous name belongs to an unlisted place in the country right after it: `Victoria, Australia`."""
    after = next((other for other in found if 0 < other.start - mention.end <= FAR_APART and not other.is_city), None)
    if after is None or not mention.is_city or len(mention.places) == 1:
        return False
    return not {place.country for place in (*mention.places, *mention.namesakes)} & after.countries

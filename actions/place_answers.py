"""What an answer to "For which country or city?" comes to."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from actions.places import BETWEEN, Cities, place_name

WORDS = Path(__file__).resolve().parents[1] / "data" / "places.yml"
MOST_TRIES = 2
POSTCODE = re.compile(r"\s*[A-Z]{0,2}[- ]?\d[\dA-Z -]{2,9}\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Checked:
    """The place that was meant, or those to choose from, or the words for none; `tries` counts what could not be used."""

    place: str | None
    tries: int
    words: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def given_up(self) -> bool:
        """Whether it has failed too often to ask again."""
        return self.place is None and self.tries >= MOST_TRIES


def checked_place(value: str, tries: int, places: Cities) -> Checked:
    """What slot `place` holds, taken for a place: one, one of several, or none that is known."""
    meant = [place for place in value.split(BETWEEN) if places.known(place)]
    if len(meant) == 1:
        return Checked(meant[0], 0)
    if meant:
        return Checked(None, tries, choices=tuple(map(place_name, meant)))
    words = "postcode_given" if POSTCODE.fullmatch(value) else "place_unknown"
    return Checked(None, tries + 1, words)


def narrows(text: str) -> bool:
    """Whether a message narrows the last search: `only in Austria`."""
    return bool(_restricting() & set(re.findall(r"\w+", text.casefold())))


@cache
def _restricting() -> frozenset[str]:
    return frozenset(yaml.safe_load(WORDS.read_text(encoding="utf-8"))["restricting"])

"""Places are found in what people write, and ordinary words are not taken for them."""

import pytest
from conftest import ROOT, load_table

from actions.places import Gazetteer, gazetteer, language_names, place_name


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return gazetteer()


@pytest.mark.parametrize(("text", "found"), load_table(ROOT / "tests" / "actions" / "places.yml").items())
def test_places_in_a_message(places: Gazetteer, text: str, found: list[str]) -> None:
    assert [mention.place for mention in places.mentions(text)] == found


def test_a_mention_says_where_it_stands(places: Gazetteer) -> None:
    text = "a clinic near München please"
    mention = places.mentions(text)[0]
    assert text[mention.start : mention.end] == "München"


@pytest.mark.parametrize(
    ("place", "name"), [("DE", "Germany"), ("AT/Vienna", "Vienna, Austria"), ("XQ", "XQ"), ("GB", "United Kingdom")]
)
def test_names_for_patients(place: str, name: str) -> None:
    assert place_name(place) == name


def test_language_names() -> None:
    assert language_names("nl; fr") == "Dutch, French"
    assert language_names("en; interpreter") == "English, interpreter"

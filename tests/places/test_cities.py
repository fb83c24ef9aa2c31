"""Coordinates, distances and names of cities."""

import pytest

from trialguide.places.cities import all_cities, place_in_sentence, place_name
from trialguide.places.countries import language_names, languages_of
from trialguide.places.place import Place


@pytest.mark.parametrize(
    ("place", "name", "in_sentence"),
    [
        (Place("DE"), "Germany", "Germany"),
        (Place("AT", "Vienna"), "Vienna, Austria", "Vienna, Austria"),
        (Place("XQ"), "XQ", "XQ"),
        (Place("GB"), "United Kingdom", "the United Kingdom"),
    ],
)
def test_names_for_patients(place: Place, name: str, in_sentence: str) -> None:
    assert place_name(place) == name
    assert place_in_sentence(place) == in_sentence


def test_language_names() -> None:
    assert language_names("nl; fr") == "Dutch, French"
    assert language_names("en; interpreter") == "English, interpreter"
    assert languages_of("AT") == ["de"]


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (Place("DE"), True),
        (Place("AT", "Graz"), True),
        (Place("AT", "Narnia"), False),
        (Place("EU"), False),
        (Place("de"), False),
    ],
)
def test_which_places_exist(place: Place, known: bool) -> None:
    assert all_cities().known(place) is known


def test_the_largest_city_of_a_country() -> None:
    largest = all_cities().largest_city("AT")
    assert largest is not None
    assert largest.place == Place("AT", "Vienna")


@pytest.mark.parametrize(
    ("latitude", "longitude", "place", "name"),
    [
        (59.949123, 10.715987, "NO/59.95,10.72", "Oslo, Norway"),
        (51.5072, -0.1276, "GB/51.51,-0.13", "London, United Kingdom"),
        # Across the date line, and in the middle of an ocean.
        (-16.8, -179.98, "FJ/-16.80,-179.98", "Labasa, Fiji"),
        (0.0, -30.0, "BR/0.00,-30.00", "Extremoz, Brazil"),
    ],
)
def test_a_location_is_a_place(latitude: float, longitude: float, place: str, name: str) -> None:
    found = all_cities().place_at(latitude, longitude)
    assert str(found) == place
    assert all_cities().known(found)
    assert place_name(found) == name
    city = all_cities().city(found)
    assert city is not None
    assert (city.latitude, city.longitude) == (round(latitude, 2), round(longitude, 2))

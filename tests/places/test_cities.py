"""Where places lie and how they are named."""

import pytest

from trialguide.places.cities import all_cities, coordinates, place_name
from trialguide.places.countries import country_of, language_names, languages_of


@pytest.mark.parametrize(
    ("place", "name"), [("DE", "Germany"), ("AT/Vienna", "Vienna, Austria"), ("XQ", "XQ"), ("GB", "United Kingdom")]
)
def test_names_for_patients(place: str, name: str) -> None:
    assert place_name(place) == name


def test_language_names() -> None:
    assert language_names("nl; fr") == "Dutch, French"
    assert language_names("en; interpreter") == "English, interpreter"
    assert languages_of("AT") == ["de"]


@pytest.mark.parametrize(
    ("place", "known"), [("DE", True), ("AT/Graz", True), ("AT/Narnia", False), ("EU", False), ("", False), ("de", False)]
)
def test_which_places_exist(place: str, known: bool) -> None:
    assert all_cities().known(place) is known


def test_the_largest_city_of_a_country() -> None:
    largest = all_cities().largest_city("AT")
    assert largest is not None
    assert largest.place == "AT/Vienna"
    assert country_of(largest.place) == "AT"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("59.91, 10.75", (59.91, 10.75)),
        (" -33.8688,151.2093 ", (-33.8688, 151.2093)),
        ("59, 10", None),
        ("95.00, 10.75", None),
        ("59.91, 190.75", None),
        ("59.91, 10.75 please", None),
        ("", None),
    ],
)
def test_coordinates(text: str, found: tuple[float, float] | None) -> None:
    assert coordinates(text) == found


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
    assert all_cities().place_at(latitude, longitude) == place
    assert all_cities().known(place)
    assert place_name(place) == name
    city = all_cities().city(place)
    assert city is not None
    assert (city.latitude, city.longitude) == (round(latitude, 2), round(longitude, 2))

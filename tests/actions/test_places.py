"""Where places lie and how they are named."""

import pytest

from actions.places import all_cities, country_of, language_names, languages_of, place_name


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

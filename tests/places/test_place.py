"""Places have one stored form, which is read back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialguide.places.place import Coordinates, Place, join_candidates, parse_candidates, parse_coordinates


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("DE", Place("DE")),
        ("DE/Berlin", Place("DE", "Berlin")),
        ("CH/Biel/Bienne", Place("CH", "Biel/Bienne")),
        ("NO/59.91,10.75", Place("NO", coordinates=(59.91, 10.75))),
        ("FJ/-16.80,-179.98", Place("FJ", coordinates=(-16.8, -179.98))),
    ],
)
def test_a_place_is_written_and_read(text: str, place: Place) -> None:
    assert Place.parse(text) == place
    assert str(place) == text
    assert place.is_country is ("/" not in text)


@pytest.mark.parametrize("text", ["", "de", "EU", "Narnia", "and/or", "DE/", "/Berlin", "10115", "'; DROP TABLE clinics; --"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a place"):
        Place.parse(text)
    assert parse_candidates(text) == ()


def test_candidates_are_joined_and_each_is_named_once() -> None:
    places = (Place("ES", "Valencia"), Place("VE", "Valencia"), Place("ES", "Valencia"))
    assert join_candidates(places) == "ES/Valencia|VE/Valencia"
    assert parse_candidates("ES/Valencia|Narnia|VE/Valencia") == places[:2]
    assert join_candidates(()) == ""


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_point_is_stored_to_two_decimals(latitude: float, longitude: float) -> None:
    place = Place.at("NO", latitude, longitude)
    assert Place.parse(str(place)) == place


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
def test_coordinates(text: str, found: Coordinates | None) -> None:
    assert parse_coordinates(text) == found

"""Answers to the question for a place become a place, a choice or another question."""

import pytest

from actions.place_answers import Checked, checked_place, narrows
from actions.places import all_cities


@pytest.mark.parametrize(
    ("value", "tries", "checked"),
    [
        ("DE", 1, Checked("DE", 0)),
        ("AT/Graz", 0, Checked("AT/Graz", 0)),
        ("ES/Valencia|VE/Valencia", 1, Checked(None, 1, choices=("Valencia, Spain", "Valencia, Venezuela"))),
        ("Narnia", 0, Checked(None, 1, "place_unknown")),
        ("10115", 0, Checked(None, 1, "postcode_given")),
        ("SW1A 1AA", 0, Checked(None, 1, "postcode_given")),
        ("'; DROP TABLE clinics; --", 0, Checked(None, 1, "place_unknown")),
        ("", 0, Checked(None, 1, "place_unknown")),
    ],
)
def test_what_is_answered(value: str, tries: int, checked: Checked) -> None:
    assert checked_place(value, tries, all_cities()) == checked


def test_two_failed_tries_are_enough() -> None:
    assert not checked_place("Narnia", 0, all_cities()).given_up
    assert checked_place("Narnia", 1, all_cities()).given_up
    assert not checked_place("DE", 1, all_cities()).given_up


@pytest.mark.parametrize(("text", "narrowed"), [("only in Austria", True), ("and in Vienna?", False), ("Just Spain", True)])
def test_words_that_narrow(text: str, narrowed: bool) -> None:
    assert narrows(text) is narrowed

"""Answers to the question for a place become a place, a choice or another question."""

import pytest

from actions.place_answers import (
    MOST_CHOICES,
    ResolvedPlace,
    TypedPlace,
    asks_for_more,
    chosen_by_country,
    chosen_from_offer,
    former_country,
    resolve_place,
    restricts_country,
    typed_places,
)
from trialguide.places.cities import all_cities
from trialguide.places.place import Place, parse_candidates


@pytest.mark.parametrize(
    ("value", "tries", "checked"),
    [
        ("DE", 1, ResolvedPlace(Place("DE"), 0)),
        ("AT/Graz", 0, ResolvedPlace(Place("AT", "Graz"), 0)),
        ("ES/Valencia|VE/Valencia", 1, ResolvedPlace(None, 1, choices=parse_candidates("ES/Valencia|VE/Valencia"))),
        ("Narnia", 0, ResolvedPlace(None, 1, "place_unknown")),
        ("anywhere in Europe", 0, ResolvedPlace(None, 1, "place_too_large")),
        ("10115", 0, ResolvedPlace(None, 1, "postcode_given")),
        ("SW1A 1AA", 0, ResolvedPlace(None, 1, "postcode_given")),
        ("'; DROP TABLE clinics; --", 0, ResolvedPlace(None, 1, "place_unknown")),
        ("", 0, ResolvedPlace(None, 1, "place_unknown")),
    ],
)
def test_what_is_answered(value: str, tries: int, checked: ResolvedPlace) -> None:
    assert resolve_place(parse_candidates(value), value, tries, all_cities()) == checked


def test_two_failed_tries_are_enough() -> None:
    assert not resolve_place((), "Narnia", 0, all_cities()).exhausted
    assert resolve_place((), "Narnia", 1, all_cities()).exhausted
    assert not resolve_place((Place("DE"),), "DE", 1, all_cities()).exhausted


@pytest.mark.parametrize(("text", "narrowed"), [("only in Austria", True), ("and in Vienna?", False), ("Just Spain", True)])
def test_words_that_narrow(text: str, narrowed: bool) -> None:
    assert restricts_country(text) is narrowed


@pytest.mark.parametrize(
    ("text", "further"), [("show me more clinics", True), ("any others?", True), ("a clinic in Graz", False)]
)
def test_words_that_ask_for_what_is_left(text: str, further: bool) -> None:
    assert asks_for_more(text) is further


def test_many_places_in_one_message_become_a_few_choices() -> None:
    many = "|".join(["FR/Lyon", "CH/Genève", "AT/Graz", "DE", "NO", "SE", "ES", "IT", "PT"])
    checked = resolve_place(parse_candidates(many), many, 1, all_cities())
    assert checked.place is None
    assert checked.tries == 1
    assert checked.choices[:3] == parse_candidates("FR/Lyon|CH/Genève|AT/Graz")
    assert len(checked.choices) == MOST_CHOICES


CORDOBA = "AR/Córdoba|ES/Córdoba"


def typed(candidates: str, *namesakes: str) -> TypedPlace:
    return TypedPlace(parse_candidates(candidates), tuple(map(Place.parse, namesakes)))


@pytest.mark.parametrize(
    ("said", "value", "country", "chosen"),
    [
        ([typed(CORDOBA)], CORDOBA, "ES", "ES/Córdoba"),
        ([typed(CORDOBA)], CORDOBA, "NO", CORDOBA),
        ([typed(CORDOBA)], CORDOBA, None, CORDOBA),
        ([typed("ES/Barcelona", "VE/Barcelona")], "ES/Barcelona", "VE", "VE/Barcelona"),
        ([typed("ES/Barcelona", "VE/Barcelona")], "ES/Barcelona", "ES", "ES/Barcelona"),
        # Two places that are both named are never narrowed to one of them.
        ([typed("FR/Lyon|CH/Genève")] * 2, "FR/Lyon|CH/Genève", "CH", "FR/Lyon|CH/Genève"),
        ([], "Narnia", "ES", ""),
    ],
)
def test_the_country_of_the_conversation_chooses(said: list[TypedPlace], value: str, country: str | None, chosen: str) -> None:
    assert chosen_by_country(said, parse_candidates(value), country) == parse_candidates(chosen)


def test_the_country_of_the_conversation_is_that_of_the_place_before() -> None:
    events = [{"event": "slot", "name": "place", "value": value} for value in ("NO/Oslo", "ES", None, CORDOBA)]
    assert former_country(events, parse_candidates(CORDOBA), all_cities()) == "ES"
    assert former_country(events[:1], (Place("NO", "Oslo"),), all_cities()) is None
    assert former_country([], parse_candidates(CORDOBA), all_cities()) is None


@pytest.mark.parametrize(
    ("offered", "value", "text", "meant"),
    [
        (["ES/Valencia", "VE/Valencia"], "ES", "the one in Spain", "ES/Valencia"),
        (["ES/Valencia", "VE/Valencia"], "DE", "Germany", "DE"),
        (["US/Springfield", "US/Columbia"], "US", "USA", "US"),
        (["ES/Barcelona", "ES/Valencia"], "ES/Valencia|VE/Valencia", "Valencia", "ES/Valencia"),
        # The button of the country bears a name that a state of the US has, too.
        (["US", "GE"], "US|GE", "Georgia", "GE"),
        (["US", "GE"], "US|GE", "in Georgia", "US|GE"),
        ([], "ES", "Spain", "ES"),
    ],
)
def test_what_is_named_chooses_among_what_was_offered(offered: list[str], value: str, text: str, meant: str) -> None:
    choices = tuple(map(Place.parse, offered))
    assert chosen_from_offer(choices, parse_candidates(value), text) == parse_candidates(meant)


def test_places_are_read_from_the_entities() -> None:
    entities = [
        {"entity": "city", "value": "ES/Barcelona", "namesakes": ["VE/Barcelona"]},
        {"entity": "unknown_place", "value": "Narnia"},
    ]
    assert typed_places({"entities": entities}) == [typed("ES/Barcelona", "VE/Barcelona")]
    assert typed_places({}) == []

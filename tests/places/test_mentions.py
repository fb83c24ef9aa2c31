"""Places are found in what people write, and ordinary words are not taken for them."""

from typing import Any

import pytest
from conftest import ROOT, load_table
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rapidfuzz import process
from rapidfuzz.distance import OSA

from trialguide.commands.yaml_lines import examples
from trialguide.content.files import load_yaml
from trialguide.places.case_endings import CaseEndings
from trialguide.places.cities import City, all_cities, city_rows, place_name
from trialguide.places.entities import ABOUT_PLACES
from trialguide.places.gazetteer import LARGE_CITY, load_place_words
from trialguide.places.mentions import PlaceFinder
from trialguide.places.place import Place
from trialguide.text.words import ordinary_words, simplified

TABLE = ROOT / "tests" / "places"
FIRST: dict[str, Any] = load_table(TABLE / "places.yml")
SECOND: dict[str, Any] = load_table(TABLE / "places_second.yml")
THIRD: dict[str, Any] = load_table(TABLE / "places_third.yml")
PLACES = FIRST | SECOND | THIRD
KNOWN_FAILURES = frozenset(load_table(TABLE / "places_known_failures.yml"))


def training_sentences() -> list[str]:
    files = [*(ROOT / "data" / "faq").glob("*.yml"), *(ROOT / "data" / "nlu").glob("*.yml")]
    blocks = [block for file in files for block in load_yaml(file)["nlu"]]
    return [text for block in blocks if block["intent"] not in ABOUT_PLACES for _, text in examples(block["examples"])]


ORDINARY = ordinary_words(training_sentences())
FINDER = PlaceFinder(ORDINARY)
ENDINGS = CaseEndings(load_place_words()["endings"])


def is_right(text: str) -> bool:
    wanted, found = PLACES[text], FINDER.mentions(text)
    if isinstance(wanted, dict):
        return len(found) == 1 and set(wanted["ambiguous"]) <= set(map(str, found[0].places))
    return [mention.value for mention in found] == wanted


@pytest.mark.parametrize(("table", "places", "no_places"), [(FIRST, 300, 60), (SECOND, 150, 50), (THIRD, 200, 90)])
def test_the_tables_are_large_and_hold_what_is_no_place(table: dict[str, Any], places: int, no_places: int) -> None:
    assert sum(bool(wanted) for wanted in table.values()) >= places
    assert sum(not wanted for wanted in table.values()) >= no_places
    assert len(KNOWN_FAILURES & table.keys()) <= 0.03 * len(table)


def test_no_line_stands_in_two_tables_and_every_place_exists() -> None:
    assert len(PLACES) == len(FIRST) + len(SECOND) + len(THIRD)
    for text, wanted in PLACES.items():
        named = wanted["ambiguous"] if isinstance(wanted, dict) else wanted
        assert all(all_cities().known(Place.parse(place)) for place in named), text


@pytest.mark.parametrize("text", [text for text in PLACES if text not in KNOWN_FAILURES])
def test_places_in_a_message(text: str) -> None:
    assert is_right(text), [mention.value for mention in FINDER.mentions(text)]


@pytest.mark.parametrize("text", sorted(KNOWN_FAILURES))
def test_a_known_failure_still_fails_or_leaves_the_list(text: str) -> None:
    assert not is_right(text)


def test_a_mention_says_where_it_stands() -> None:
    text = "a clinic near München please"
    (mention,) = FINDER.mentions(text)
    assert text[mention.start : mention.end] == "München"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a clinic in Narnia", "Narnia"),
        ("near Qwertzuiopville please", "Qwertzuiopville"),
        ("in my area", None),
        ("in Oslo", None),
    ],
)
def test_a_place_that_nobody_knows_is_seen(text: str, name: str | None) -> None:
    found = None if FINDER.mentions(text) else FINDER.unknown(text)
    assert (text[slice(*found)] if found else None) == name


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_text_can_be_searched(text: str) -> None:
    for mention in FINDER.mentions(text):
        assert 0 <= mention.start < mention.end <= len(text)
        assert mention.places
    FINDER.unknown(text)


LARGE = [city for city, _ in city_rows() if city.population >= LARGE_CITY]
# A name that two places of a country share stands for the larger of them, and some are better known as regions or countries.
LONG = sorted({city.name: city for city in LARGE if len(city.name) >= 8 and city.name.isascii() and city.name.isalpha()})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LARGE))
def test_the_own_name_of_a_large_city_finds_it_or_says_what_else_it_may_mean(city: City) -> None:
    (mention, *others) = FINDER.mentions(f"a clinic in {city.name}, please")
    assert not others
    known = {*mention.places, *mention.namesakes}
    assert city.place in known or any(place.is_country for place in mention.places), mention


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [city for city in LARGE if simplified(city.name) not in FINDER.gazetteer.countries and city.country != "HK"]
    )
)
def test_what_a_button_says_is_understood_as_its_place(city: City) -> None:
    (mention,) = FINDER.mentions(place_name(city.place))
    place = all_cities().city(Place.parse(mention.value))
    assert place is not None
    # One city in Mexico is in GeoNames as two, with and without an accent. All of Hong Kong is taken for one city.
    assert simplified(place_name(place.place)) == simplified(place_name(city.place))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(LONG), st.data())
def test_a_wrong_letter_in_a_long_name_still_finds_it_or_asks(name: str, data: st.DataObject) -> None:
    at, letter = data.draw(st.integers(1, len(name) - 1)), data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    right = {place for mention in FINDER.mentions(f"in {name}") for place in (*mention.places, *mention.namesakes)}
    for wrong in (name[:at] + name[at + 1 :], name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :]):
        # What is the right name of another place, with or without a case ending, is no misspelling; of a country or region as near the country is taken.
        plain = simplified(wrong)
        assume(not process.extractOne(plain, list(FINDER.gazetteer.countries), scorer=OSA.distance, score_cutoff=2))
        assume(not any(map(FINDER.gazetteer.knows, (plain, *ENDINGS.stems(plain, "in", False)))))
        # Nor is an ordinary word: "prepare" is no Parepare.
        assume(plain not in ORDINARY)
        found = FINDER.mentions(f"in {wrong}")
        assert any(right & {*mention.places, *mention.namesakes} for mention in found), (wrong, found)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["Netherlands", "Portugal", "Switzerland", "Australia", "Copenhagen", "Amsterdam"]), st.data())
def test_a_letter_left_out_or_doubled_changes_nothing(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 1))
    for wrong in (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:]):
        assert [m.places for m in FINDER.mentions(f"in {wrong}")] == [m.places for m in FINDER.mentions(f"in {name}")]

"""Places are found in what people write, and ordinary words are not taken for them."""

from typing import Any

import pytest
import yaml
from conftest import ROOT, load_table
from hypothesis import given, settings
from hypothesis import strategies as st

from components.place_extractor import ABOUT_PLACES
from components.place_names import PlaceFinder, ordinary_words
from tools.content import examples

TABLE = ROOT / "tests" / "components"
PLACES: dict[str, Any] = load_table(TABLE / "places.yml")
KNOWN_FAILURES = frozenset(load_table(TABLE / "places_known_failures.yml"))


def training_sentences() -> list[str]:
    files = [*(ROOT / "data" / "faq").glob("*.yml"), *(ROOT / "data" / "nlu").glob("*.yml")]
    blocks = [block for file in files for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]]
    return [text for block in blocks if block["intent"] not in ABOUT_PLACES for _, text in examples(block["examples"])]


FINDER = PlaceFinder(ordinary_words(training_sentences()))


def is_right(text: str) -> bool:
    wanted, found = PLACES[text], FINDER.mentions(text)
    if isinstance(wanted, dict):
        return len(found) == 1 and set(wanted["ambiguous"]) <= set(found[0].places)
    return [mention.value for mention in found] == wanted


def test_the_table_is_large_and_holds_what_is_no_place() -> None:
    assert len(PLACES) >= 300
    assert sum(not places for places in PLACES.values()) >= 60
    assert len(KNOWN_FAILURES) <= 0.03 * len(PLACES)


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


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["Netherlands", "Portugal", "Switzerland", "Australia", "Copenhagen", "Amsterdam"]), st.data())
def test_a_letter_left_out_or_doubled_changes_nothing(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 1))
    for wrong in (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:]):
        assert [m.places for m in FINDER.mentions(f"in {wrong}")] == [m.places for m in FINDER.mentions(f"in {name}")]

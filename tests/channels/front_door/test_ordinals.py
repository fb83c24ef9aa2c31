"""A choice is picked by its place, in figures or words; whatever says more than that is read as ever."""

import pytest

from trialguide.channels.front_door.ordinals import MAX_ORDINAL, Ordinal, choice_for, last_offer, load_ordinal_parser
from trialguide.channels.front_door.transcript import ASSISTANT, PATIENT, Choice, Entry

PICKS = load_ordinal_parser()


def entry(*titles: str, author: str = ASSISTANT) -> Entry:
    choices = tuple(Choice(title, f"c.1.{place}", title) for place, title in enumerate(titles))
    return Entry(1, author, "text", "Which?", choices=choices)


@pytest.mark.parametrize(
    "text",
    ["2", "2.", " 2) ", "number 2", "Number 2.", "No. 2", "#2", "option 2", "2 please", "i'd like 2", "option ②"],
)
def test_a_number_is_a_choice(text: str) -> None:
    pick = PICKS.parse(text, numbered=True)
    assert pick
    assert pick.place == 2


@pytest.mark.parametrize("text", ["２", "٢", "②", "❷", "⓶", "⒉", "⑵", "2️⃣"])
def test_a_number_in_other_signs_is_a_choice(text: str) -> None:
    pick = PICKS.parse(text, numbered=True)
    assert pick
    assert pick.place == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("the second one", 2),
        ("Second.", 2),
        ("2nd", 2),
        ("ok, the 2nd pls", 2),
        ("i meant the frist one", 1),
        ("First!", 1),
        ("yes the third one, thank you", 3),
        ("option two", 2),
        ("option 2", 2),
        ("the second option", 2),
        ("number one please", 1),
        ("Number 3", 3),
        ("it's the last one", -1),
        ("LAST", -1),
    ],
)
def test_words_pick_a_choice_wherever_choices_are_shown(text: str, place: int) -> None:
    for numbered in (False, True):
        pick = PICKS.parse(text, numbered)
        assert pick
        assert pick.place == place


@pytest.mark.parametrize("text", ["2", "2.", "٢"])
def test_a_mere_figure_picks_nothing_where_choices_have_no_number(text: str) -> None:
    assert PICKS.parse(text, numbered=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "112",
        "phase 2",
        "2 or 3",
        "2.5",
        "½",
        "②½",
        "two",
        "",
        "-",
        "no one",
        "second opinion",
        "i want a second opinion",
        "the first trial was hard",
        "first, what is a placebo",
        "how long do the last ones take",
        "this is the last straw, i want it to end",
        "2 stars",
        "at last",
        "the one",
        "please",
        "x" * MAX_ORDINAL + " 2",
        "the " * 30 + "second",
        5,
        None,
    ],
)
def test_other_texts_are_no_choice(text: object) -> None:
    assert PICKS.parse(text, numbered=True) is None


def test_what_was_offered_last_is_picked() -> None:
    first, second, said = entry("One", "Two"), entry("Three"), entry(author=PATIENT)
    assert [choice.title for choice in last_offer([said, first, second, said, entry()])] == ["One", "Two", "Three"]
    assert [choice.title for choice in last_offer([first, said, second])] == ["Three"]
    assert last_offer([said]) == []


@pytest.mark.parametrize(("place", "title"), [(1, "One"), (3, "Three"), (-1, "Three"), (4, None), (0, None)])
def test_a_choice_that_was_not_offered_is_none(place: int, title: str | None) -> None:
    choice = choice_for(Ordinal(place, just_now=True), [entry("One", "Two", "Three")])
    assert (choice.title if choice else None) == title
    assert choice_for(Ordinal(place, just_now=True), []) is None


@pytest.mark.parametrize(
    ("text", "numbered", "just_now"),
    [
        ("2", True, False),
        ("option 2", True, False),
        ("option 2", False, True),
        ("option two", True, True),
        ("last", True, True),
    ],
)
def test_only_a_number_that_was_shown_still_stands_later(text: str, numbered: bool, just_now: bool) -> None:
    pick = PICKS.parse(text, numbered)
    assert pick
    assert pick.just_now == just_now


def test_what_is_picked_just_now_is_nothing_of_an_earlier_turn() -> None:
    said = entry(author=PATIENT)
    history = [said, entry("One", "Two"), said, entry()]
    assert choice_for(Ordinal(-1, just_now=True), history) is None
    number = choice_for(Ordinal(2, just_now=False), history)
    assert number
    assert number.title == "Two"

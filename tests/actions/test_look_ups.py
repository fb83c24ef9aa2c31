"""Look-ups answer with the right words and the rows that belong to them."""

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_look_up import ActionLookUp
from actions.look_ups import look_ups
from components.wording import fill, load_words


def said(lookup: str, place: str) -> list[str]:
    return [reply.words for reply in look_ups().answer(lookup, place)]


@pytest.mark.parametrize(
    ("lookup", "place", "words"),
    [
        ("find_clinic", "NO/Oslo", ["clinics", "clinic"]),
        ("find_clinic", "JP", ["clinics_of_country", "clinic"]),
        ("find_clinic", "LT", ["clinics_of_country", "clinic_unconfirmed", "clinic_unconfirmed"]),
        ("find_clinic", "LU", ["clinics_abroad", *["clinic"] * 5]),
        ("find_clinic", "FR/Paris", ["excluded_country"]),
        ("find_support_group", "AT", ["no_support_groups", "support_group", "support_group"]),
        ("find_support_group", "IE", ["support_groups", "support_group", "international_groups", *["support_group"] * 2]),
        ("find_support_group", "GB", ["excluded_country"]),
        ("find_trial", "US/Chicago", ["excluded_country"]),
        ("find_trial", "CA", ["excluded_country"]),
    ],
)
def test_words(lookup: str, place: str, words: list[str]) -> None:
    assert said(lookup, place) == words


@pytest.mark.parametrize("country", ["GB", "US", "CA", "FR"])
def test_an_excluded_country_gets_its_own_authority(country: str) -> None:
    (reply,) = look_ups().answer("find_trial", country)
    assert reply.fields["authority"]
    assert reply.fields["link"].startswith("https://")


@pytest.mark.parametrize("place", ["DE/Berlin", "NO", "LT", "LU", "AU/Sydney", "BR", "IN", "ZA", "FR"])
@pytest.mark.parametrize("lookup", ["find_clinic", "find_support_group", "find_trial"])
def test_every_reply_reads_as_a_whole(lookup: str, place: str) -> None:
    words = load_words()
    for reply in look_ups().answer(lookup, place):
        text = fill(words[reply.words]["text"], reply.fields)
        assert text
        assert "{" not in text
        assert ": \n" not in text
        if words[reply.words].get("continues") and reply.words != "international_groups":
            assert "Source: " in text
            assert "Checked 20" in text


def test_the_action_says_what_the_look_up_answers_and_keeps_the_place() -> None:
    dispatcher = CollectingDispatcher()
    tracker = Tracker("me", {"lookup": "find_clinic", "place": "NO"}, {}, [], False, None, {}, "")
    events = ActionLookUp().run(dispatcher, tracker, {})
    assert [message["response"] for message in dispatcher.messages] == said("find_clinic", "NO")
    assert [(event["event"], event["name"], event["value"]) for event in events] == [("slot", "lookup", None)]


@pytest.mark.parametrize("slots", [{}, {"lookup": "find_clinic"}, {"place": "NO"}])
def test_the_action_without_what_it_needs_asks(slots: dict[str, Any]) -> None:
    dispatcher = CollectingDispatcher()
    ActionLookUp().run(dispatcher, Tracker("me", slots, {}, [], False, None, {}, ""), {})
    assert [message["response"] for message in dispatcher.messages] == ["utter_anything_else"]

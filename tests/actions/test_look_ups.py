"""Look-ups answer with the right words and the rows that belong to them."""

from dataclasses import replace
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_look_up import ActionLookUp, ActionLookUpMore, ActionLookUpNearer
from actions.look_ups import Search, clinic_reply, look_ups, next_page, next_search
from trialguide.content.wording import fill, load_words
from trialguide.places.directory import NearestClinics
from trialguide.places.place import Place


def search(lookup: str, place: str, only: str | None = None, shown: int = 0) -> Search:
    return Search(lookup, Place.parse(place), only, shown)


def said(lookup: str, place: str) -> list[str]:
    return [reply.response for reply in look_ups().answer(search(lookup, place))]


@pytest.mark.parametrize(
    ("lookup", "place", "words"),
    [
        ("find_clinic", "NO/Oslo", ["clinics", *["clinic"] * 5, "more_clinics"]),
        ("find_clinic", "JP", ["clinics_of_country", "clinic"]),
        ("find_clinic", "LT", ["clinics_of_country", "clinic_unconfirmed"]),
        ("find_clinic", "LU", ["clinics_abroad", *["clinic"] * 5, "more_clinics"]),
        ("find_clinic", "FR/Paris", ["excluded_country"]),
        ("find_trial", "DE", ["trials", *["registry"] * 5, "trials_next"]),
        ("find_trial", "MX", ["trials_international", *["registry"] * 2, "trials_next"]),
        (
            "find_support_group",
            "AT",
            ["no_support_groups", "kindred_groups", "support_group", "international_groups", *["support_group"] * 2],
        ),
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
    (reply,) = look_ups().answer(search("find_trial", country))
    assert reply.fields["authority"]
    assert reply.fields["link"].startswith("https://")


@pytest.mark.parametrize("place", ["DE/Berlin", "NO", "LT", "LU", "AU/Sydney", "BR", "IN", "ZA", "FR"])
@pytest.mark.parametrize("lookup", ["find_clinic", "find_support_group", "find_trial"])
def test_every_reply_reads_as_a_whole(lookup: str, place: str) -> None:
    words = load_words()
    for reply in look_ups().answer(search(lookup, place)):
        text = fill(words[reply.response]["text"], reply.fields)
        assert text
        assert "{" not in text
        assert ": \n" not in text
        if reply.response in ("clinic", "clinic_unconfirmed", "support_group", "registry"):
            assert "Source: " in text
            assert "Checked 20" in text


def tracker(slots: dict[str, Any], *entities: str) -> Tracker:
    return Tracker("me", slots, {"entities": [{"entity": entity} for entity in entities]}, [], False, None, {}, "")


def play(action: Action, tracker: Tracker) -> tuple[list[str], dict[str, Any]]:
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, tracker, {})
    return [message["response"] for message in dispatcher.messages], {event["name"]: event["value"] for event in events}


def test_the_action_says_what_the_look_up_answers_and_remembers_it() -> None:
    words, slots = play(ActionLookUp(), tracker({"lookup": "find_clinic", "place": "NO"}, "country"))
    assert words == said("find_clinic", "NO")
    assert slots == {"last_search": search("find_clinic", "NO").to_slot(), "looked_up": True, "searched": True, "tries": 0}


def test_a_remembered_place_is_said() -> None:
    words, _ = play(ActionLookUp(), tracker({"lookup": "find_clinic", "place": "NO"}))
    assert words == [*said("find_clinic", "NO"), "remembered_place"]


@pytest.mark.parametrize(
    ("slots", "words"),
    [({}, "utter_anything_else"), ({"lookup": "find_clinic"}, "search_given_up"), ({"place": "NO"}, "utter_anything_else")],
)
def test_the_action_without_what_it_needs_says_so(slots: dict[str, Any], words: str) -> None:
    assert play(ActionLookUp(), tracker(slots))[0] == [words]


def test_a_place_named_after_nearer_is_searched_for() -> None:
    assert play(ActionLookUpNearer(), tracker({}))[1] == {"looked_up": True, "searched": True, "lookup": "find_clinic"}
    group = {"last_search": search("find_support_group", "NO").to_slot()}
    assert play(ActionLookUpNearer(), tracker(group))[1]["lookup"] == "find_support_group"


def test_nearer_leaves_the_country_that_narrowed_the_search() -> None:
    last = {"last_search": search("find_clinic", "DE/Munich", only="AT").to_slot()}
    slots = play(ActionLookUpNearer(), tracker(last))[1]
    assert slots["place"] == "DE/Munich"
    assert slots["last_search"] == search("find_clinic", "DE/Munich").to_slot()


def test_another_large_city_of_the_same_name_is_mentioned() -> None:
    entity = {"entity": "city", "value": "ES/Barcelona", "namesakes": ["VE/Barcelona"]}
    asking = Tracker("me", {"lookup": "find_clinic", "place": "ES/Barcelona"}, {"entities": [entity]}, [], False, None, {}, "")
    assert play(ActionLookUp(), asking)[0] == [*said("find_clinic", "ES/Barcelona"), "namesakes"]


@pytest.mark.parametrize(
    ("note", "label"),
    [("Phone: switchboard of the hospital", "switchboard"), ("Main number", "switchboard"), ("Number of the unit", "phone")],
)
def test_a_switchboard_is_labelled_as_one(note: str, label: str) -> None:
    berlin = look_ups().answer(search("find_clinic", "DE/Berlin"))[1]
    assert "switchboard" in berlin.fields
    assert "phone" not in berlin.fields
    clinic = look_ups().directory.clinics("DE")[0].clinic
    fields = clinic_reply(NearestClinics(replace(clinic, row=clinic.row | {"note": note, "phone": "+49 1"}), None)).fields
    assert fields[label] == "+49 1"
    assert len({"switchboard", "phone"} & fields.keys()) == 1


def test_only_in_a_country_keeps_what_the_search_was_near_to() -> None:
    last = search("find_clinic", "DE/Munich")
    only_in_austria = search("find_clinic", "DE/Munich", only="AT")
    assert next_search(last, "find_clinic", Place.parse("AT"), narrowed=True, further=False) == only_in_austria
    assert next_search(last, "find_clinic", Place.parse("AT"), narrowed=False, further=False) == search("find_clinic", "AT")
    assert next_search(None, "find_clinic", Place.parse("AT"), narrowed=True, further=False) == search("find_clinic", "AT")


@pytest.mark.parametrize("lookup", ["find_support_group", "find_trial"])
def test_groups_and_trials_are_sought_in_the_country_that_narrows(lookup: str) -> None:
    last = search(lookup, "CH/Zürich")
    assert next_search(last, lookup, Place.parse("DE"), narrowed=True, further=False) == search(lookup, "DE")


def test_who_asks_for_others_at_the_same_place_gets_those_that_are_left() -> None:
    last = search("find_clinic", "DE/Munich", shown=5)
    assert next_search(last, "find_clinic", Place.parse("DE/Munich"), narrowed=False, further=True) == next_page(last)
    assert next_search(last, "find_clinic", Place.parse("DE/Berlin"), narrowed=False, further=True) == search(
        "find_clinic", "DE/Berlin"
    )
    assert next_search(last, "find_trial", Place.parse("DE/Munich"), narrowed=False, further=True) == search(
        "find_trial", "DE/Munich"
    )
    replies = look_ups().answer(search("find_clinic", "DE/Munich", only="AT"))
    assert replies[0].response == "clinics_only"
    assert {reply.fields["country"] for reply in replies[1:] if "clinic" in reply.response} == {"Austria"}


def test_more_goes_on_to_the_end_without_showing_a_clinic_twice() -> None:
    page, names = search("find_clinic", "DE"), []
    while (replies := look_ups().answer(page))[0].response != "no_more_clinics":
        names += [reply.fields["name"] for reply in replies if reply.response == "clinic"]
        page = next_page(page)
    assert len(names) == len(set(names)) > 10


@pytest.mark.parametrize(
    ("action", "last", "words"),
    [
        (ActionLookUpMore(), None, ["utter_anything_else"]),
        (ActionLookUpMore(), search("find_trial", "NO"), ["no_more_found"]),
        (ActionLookUpNearer(), search("find_clinic", "DE/Berlin"), ["nearest_already"]),
        (ActionLookUpNearer(), search("find_clinic", "DE"), ["nearer_to_where"]),
        (ActionLookUpNearer(), search("find_support_group", "DE/Berlin"), ["nearer_group"]),
        (ActionLookUpNearer(), search("find_trial", "DE"), ["nearer_trial"]),
        (ActionLookUpNearer(), search("find_clinic", "DE/Munich", only="AT"), said("find_clinic", "DE/Munich")),
        (ActionLookUpNearer(), None, ["nearer_to_where"]),
    ],
)
def test_what_follows_on_a_search(action: Action, last: Search | None, words: list[str]) -> None:
    assert play(action, tracker({"last_search": last.to_slot() if last else None}))[0] == words


@pytest.mark.parametrize("place", ["DE", "DE/Munich", "NO/59.91,10.75"])
def test_a_search_is_stored_in_a_slot_as_plain_values(place: str) -> None:
    stored = search("find_clinic", place, only="AT", shown=5).to_slot()
    assert stored == {"lookup": "find_clinic", "place": place, "only": "AT", "shown": 5}
    assert Search.from_slot(stored) == search("find_clinic", place, only="AT", shown=5)

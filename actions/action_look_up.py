"""Actions that answer look-ups."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.look_ups import Search, closer_search, look_ups, next_page, next_search
from actions.place_answers import asks_for_more, restricts_country, typed_places
from trialguide.places.cities import place_name
from trialguide.places.place import Place


class ActionLookUp(Action):
    """Answers the look-up in slot `lookup` for the place in slot `place`, and stores the search for follow-ups."""

    def name(self) -> str:
        return "action_look_up"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        lookup, stored = tracker.get_slot("lookup"), tracker.get_slot("place")
        if not lookup or not stored:
            dispatcher.utter_message(response="search_given_up" if lookup else "utter_anything_else")
            return [SlotSet("tries", 0)]
        place = Place.parse(stored)
        text = tracker.latest_message.get("text") or ""
        search = next_search(last_search(tracker), lookup, place, restricts_country(text), asks_for_more(text))
        utter(dispatcher, search)
        typed = typed_places(tracker.latest_message)
        if not typed:
            dispatcher.utter_message(response="remembered_place")
        elif len(typed) == 1 and typed[0].candidates == (place,) and typed[0].namesakes:
            dispatcher.utter_message(response="namesakes", namesakes=" / ".join(map(place_name, typed[0].namesakes)))
        return [*searched(search), SlotSet("tries", 0)]


class ActionLookUpMore(Action):
    """Answers "more" after a look-up."""

    def name(self) -> str:
        return "action_look_up_more"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        last = last_search(tracker)
        if last is None:
            dispatcher.utter_message(response="utter_anything_else")
            return []
        if last.lookup != "find_clinic":
            dispatcher.utter_message(response="no_more_found")
            return []
        search = next_page(last)
        utter(dispatcher, search)
        return searched(search)


class ActionLookUpNearer(Action):
    """Answers "anything nearer?" after a look-up."""

    def name(self) -> str:
        return "action_look_up_nearer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        last = last_search(tracker)
        nearer = closer_search(last)
        lookup = SlotSet("lookup", last.lookup if last else "find_clinic")
        if isinstance(nearer, Search):
            utter(dispatcher, nearer)
            return [*searched(nearer), lookup, SlotSet("place", str(nearer.place))]
        dispatcher.utter_message(response=nearer.response)
        # The next place that is named starts a search.
        return [SlotSet("looked_up", True), SlotSet("searched", True), lookup]


def last_search(tracker: Tracker) -> Search | None:
    """The search in slot `last_search`."""
    stored = tracker.get_slot("last_search")
    return Search.from_slot(stored) if stored else None


def searched(search: Search) -> list[EventType]:
    """The slots that store an answered search."""
    return [SlotSet("last_search", search.to_slot()), SlotSet("looked_up", True), SlotSet("searched", True)]


def utter(dispatcher: CollectingDispatcher, search: Search) -> None:
    """Utters the replies to a search."""
    for reply in look_ups().answer(search):
        dispatcher.utter_message(response=reply.response, **reply.fields)

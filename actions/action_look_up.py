"""The action that answers look-ups."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.look_ups import look_ups


class ActionLookUp(Action):
    """Answers the look-up in slot `lookup` for the place in slot `place`, and remembers the place for the next one."""

    def name(self) -> str:
        return "action_look_up"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        lookup, place = tracker.get_slot("lookup"), tracker.get_slot("place")
        if not lookup or not place:
            dispatcher.utter_message(response="utter_anything_else")
            return []
        for reply in look_ups().answer(lookup, place):
            dispatcher.utter_message(response=reply.words, **reply.fields)
        return [SlotSet("lookup", None)]

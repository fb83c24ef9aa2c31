"""The check of the place that a look-up is for."""

from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.place_answers import chosen_by_country, chosen_from_offer, former_country, places_said, resolve_place
from trialguide.places.cities import all_cities


class ValidateLookupForm(FormValidationAction):
    """Says when no place is known, leaves a choice to the next question, and ends the form after too many tries."""

    def name(self) -> str:
        return "validate_lookup_form"

    def validate_place(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The place, or none where it has to be asked for again."""
        places, message = all_cities(), tracker.latest_message
        named = chosen_from_offer(tracker.get_slot("choices") or (), str(value), message.get("text") or "")
        meant = chosen_by_country(places_said(message), named, former_country(tracker.events, named, places))
        checked = resolve_place(meant, int(tracker.get_slot("tries") or 0), places)
        if checked.exhausted:
            return {"place": None, "tries": 0, "choices": None, "requested_slot": None}
        if checked.words:
            dispatcher.utter_message(response=checked.words)
        return {"place": checked.place, "tries": checked.tries, "choices": list(checked.choices) or None}

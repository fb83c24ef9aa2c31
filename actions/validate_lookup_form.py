"""Validates the place of a look-up."""

from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.place_answers import chosen_by_country, chosen_from_offer, former_country, resolve_place, typed_places
from trialguide.places.cities import all_cities
from trialguide.places.place import Place, parse_candidates


class ValidateLookupForm(FormValidationAction):
    """Asks again for an unknown place, offers a choice between several, and ends the form after too many tries."""

    def name(self) -> str:
        return "validate_lookup_form"

    def validate_place(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The slots after an answer; `place` is None where it has to be asked for again."""
        places, message, typed = all_cities(), tracker.latest_message, str(value)
        offered = tuple(map(Place.parse, tracker.get_slot("choices") or ()))
        named = chosen_from_offer(offered, parse_candidates(typed), message.get("text") or "")
        meant = chosen_by_country(typed_places(message), named, former_country(tracker.events, named, places))
        resolved = resolve_place(meant, typed, int(tracker.get_slot("tries") or 0), places)
        if resolved.exhausted:
            return {"place": None, "tries": 0, "choices": None, "requested_slot": None}
        if resolved.response:
            dispatcher.utter_message(response=resolved.response)
        place = str(resolved.place) if resolved.place else None
        return {"place": place, "tries": resolved.tries, "choices": list(map(str, resolved.choices)) or None}

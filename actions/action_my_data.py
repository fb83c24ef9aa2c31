"""Actions that report the stored data of a person and erase it."""

from typing import Any

from babel.dates import format_datetime
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.database import NotStored, in_database
from trialguide.content.wording import buttons, load_words
from trialguide.storage.retention import DataSummary, summarise
from trialguide.storage.turn_summary import ERASED

# The reply that asks whether to erase.
ASKED = "ask_to_erase"


class ActionMyData(Action):
    """Reports how much is stored of the person."""

    def name(self) -> str:
        return "action_my_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        kept = await kept_of_sender(tracker)
        if kept is None:
            dispatcher.utter_message(response="my_data_away")
        elif kept.is_empty:
            dispatcher.utter_message(response="nothing_kept")
        else:
            since = format_datetime(kept.since, "d MMMM yyyy", locale="en") if kept.since else None
            numbers = {"ratings": kept.ratings, "follows": kept.follows, "unanswered": kept.unanswered}
            dispatcher.utter_message(response="my_data", messages=kept.messages, since=since, **numbers)
        return []


class ActionDeleteMyData(Action):
    """Asks for confirmation before the data of the person is erased."""

    def name(self) -> str:
        return "action_delete_my_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        await ask(dispatcher, tracker)
        return []


class ActionEraseMyData(Action):
    """Confirms the erasure after the question; the data is erased when the turn with this reply is saved."""

    def name(self) -> str:
        return "action_erase_my_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if last_reply(tracker) == ASKED:
            dispatcher.utter_message(response=ERASED)
        else:
            await ask(dispatcher, tracker)
        return []


async def ask(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Asks for confirmation, unless nothing is stored."""
    kept = await kept_of_sender(tracker)
    if kept and kept.is_empty:
        dispatcher.utter_message(response="nothing_kept")
    else:
        words = load_words()
        choices = buttons(words[name]["text"] for name in ("yes_erase", "no_keep"))
        dispatcher.utter_message(response=ASKED, buttons=choices)


async def kept_of_sender(tracker: Tracker) -> DataSummary | None:
    """A summary of the stored data of a person; None when the database is unavailable."""
    sender = tracker.sender_id
    try:
        return await in_database(lambda connection: summarise(connection, sender))
    except NotStored:
        return None


def last_reply(tracker: Tracker) -> str | None:
    """The name of the reply that came before the latest message."""
    replies = [event["metadata"].get("utter_action") for event in tracker.events if event["event"] == "bot"]
    return replies[-1] if replies else None

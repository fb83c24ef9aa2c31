"""Actions that report the stored data of a person, give them a copy, and erase it."""

import asyncio
from time import time
from typing import Any

from babel.dates import format_datetime
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.database import NotStored, in_database
from trialguide.content.wording import buttons, fill, load_words
from trialguide.storage.data_copy import copy_of
from trialguide.storage.data_copy_text import COPY, as_parts
from trialguide.storage.retention import DataSummary, summarise
from trialguide.storage.turn_summary import ERASED
from trialguide.text.normalisation import normalised

# The reply that asks whether to erase.
ASKED = "ask_to_erase"
# Parts of a copy in one turn: the first has everything but the conversation, the second the end of that.
PARTS = 2
# Characters of a part. Channels cut it into messages; each 160 characters of an SMS cost.
PART_LENGTH, SMS_PART_LENGTH = 2500, 600
# What a part says of the copy: its number, and until when the conversation is in it.
PART, UNTIL = "part", "until"


class ActionMyData(Action):
    """Reports how much is stored of the person, and shows the first parts of a copy; after those the next ones."""

    def name(self) -> str:
        return "action_my_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        shown = last_part(tracker) if asks_for_next(tracker) else None
        if shown:
            await show_parts(dispatcher, tracker, shown[PART], shown[UNTIL])
            return []
        kept = await kept_of_sender(tracker)
        if kept is None:
            dispatcher.utter_message(response="my_data_away")
        elif kept.is_empty:
            dispatcher.utter_message(response="nothing_kept")
        else:
            since = format_datetime(kept.since, "d MMMM yyyy", locale="en") if kept.since else None
            numbers = {"ratings": kept.ratings, "follows": kept.follows, "unanswered": kept.unanswered}
            dispatcher.utter_message(response="my_data", messages=kept.messages, since=since, **numbers)
            await show_parts(dispatcher, tracker, 0, time())
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


async def show_parts(dispatcher: CollectingDispatcher, tracker: Tracker, shown: int, until: float) -> None:
    """Utters the parts of the copy after the first `shown` ones, the last of them with a button for the next."""
    sender, words = tracker.sender_id, load_words()
    length = SMS_PART_LENGTH if tracker.get_latest_input_channel() == "sms" else PART_LENGTH
    try:
        copy = await in_database(lambda connection: copy_of(connection, sender))
    except NotStored:
        dispatcher.utter_message(response="my_data_away")
        return
    parts = await asyncio.to_thread(as_parts, copy, length, until)
    last = min(shown + PARTS, len(parts))
    for number, part in enumerate(parts[shown:last], start=shown + 1):
        heading = fill(words["copy_part"]["text"], {"part": number, "parts": len(parts)})
        choices = buttons([words["copy_next"]["text"]]) if number == last < len(parts) else []
        marks: dict[str, Any] = {"utter_action": COPY, PART: number, UNTIL: until}
        dispatcher.utter_message(text=f"{heading}\n\n{part}", buttons=choices, **marks)


async def kept_of_sender(tracker: Tracker) -> DataSummary | None:
    """A summary of the stored data of a person; None when the database is unavailable."""
    sender = tracker.sender_id
    try:
        return await in_database(lambda connection: summarise(connection, sender))
    except NotStored:
        return None


def last_reply(tracker: Tracker) -> str | None:
    """The name of the reply that came before the latest message."""
    return _last_metadata(tracker).get("utter_action")


def last_part(tracker: Tracker) -> dict[str, Any] | None:
    """What the last reply says of the copy of which it is a part; None for another reply."""
    metadata = _last_metadata(tracker)
    return metadata if metadata.get("utter_action") == COPY else None


def asks_for_next(tracker: Tracker) -> bool:
    """Whether the latest message is that of the button for the next part."""
    text = (tracker.latest_message or {}).get("text") or ""
    return normalised(text) == normalised(load_words()["copy_next"]["text"])


def _last_metadata(tracker: Tracker) -> dict[str, Any]:
    replies = [event["metadata"] for event in tracker.events if event["event"] == "bot"]
    return replies[-1] if replies else {}

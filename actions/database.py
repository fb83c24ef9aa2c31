"""The database of the conversations, for actions that keep something in it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from typing import Any, TypeVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.engine import Connection, Engine

from trialguide.runtime.settings import process_settings
from trialguide.storage.database import FAILURES, database_address, open_engine

Result = TypeVar("Result")
Run = Callable[[Any, CollectingDispatcher, Tracker, dict[str, Any]], Awaitable[list[EventType]]]


class NotStored(Exception):
    """The database did not do what it was asked for."""


async def in_database(work: Callable[[Connection], Result]) -> Result:
    """Does work in a transaction and in a thread. Raises NotStored when the database is away."""

    def within() -> Result:
        with _database().begin() as connection:
            return work(connection)

    try:
        return await asyncio.to_thread(within)
    except FAILURES as problem:
        raise NotStored from problem


def reply_if_not_stored(run: Run) -> Run:
    """Has an action say so when the database is away, in place of its reply."""

    @wraps(run)
    async def watched(
        self: Action, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        try:
            return await run(self, dispatcher, tracker, domain)
        except NotStored:
            dispatcher.utter_message(response="not_kept")
            return []

    return watched


@cache
def _database() -> Engine:
    """The database that the Rasa server uses, which has made the tables when it started."""
    return open_engine(database_address(process_settings().conversations))

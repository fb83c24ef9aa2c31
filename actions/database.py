"""Access to the conversations' database for actions."""

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
    """The database is unavailable, or refused the transaction."""


async def in_database(work: Callable[[Connection], Result]) -> Result:
    """Runs work in a transaction, in a thread. Raises NotStored when the database is unavailable."""

    def within() -> Result:
        with _database().begin() as connection:
            return work(connection)

    try:
        return await asyncio.to_thread(within)
    except FAILURES as problem:
        raise NotStored from problem


def reply_if_not_stored(run: Run) -> Run:
    """Decorator that replaces an action's reply by an apology when the database is unavailable."""

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
    """The Rasa server's database; the server creates the tables when it starts."""
    return open_engine(database_address(process_settings().conversations))

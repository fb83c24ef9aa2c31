"""The database of the conversations, for actions that keep something in it."""

import asyncio
import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from sqlalchemy.engine import Connection, Engine

from stores.database import FAILURES, database_address, open_engine

Result = TypeVar("Result")


class NotKept(Exception):
    """The database did not do what it was asked for."""


async def in_database(work: Callable[[Connection], Result]) -> Result:
    """Does work in a transaction and in a thread. Raises NotKept when the database is away."""

    def within() -> Result:
        with _database().begin() as connection:
            return work(connection)

    try:
        return await asyncio.to_thread(within)
    except FAILURES as problem:
        raise NotKept from problem


@cache
def _database() -> Engine:
    """The database that the Rasa server uses, which has made the tables when it started."""
    return open_engine(database_address(os.environ.get("CONVERSATIONS", "conversations.db")))

"""Retention: deletes expired data a minute after start-up, then hourly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic

from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure
from trialguide.runtime.settings import process_settings
from trialguide.storage.retention import delete_expired
from trialguide.storage.tracker_store import ConversationStore

logger = logging.getLogger(__name__)

FIRST_SECONDS = 60
INTERVAL_SECONDS = 60 * 60
# Between two batches, so that turns are not held up by the database lock.
PAUSE_SECONDS = 0.2


class Retention(InputChannel):
    """A periodic job, in the form of a channel because Rasa loads it as one."""

    def __init__(self) -> None:
        self._days = process_settings().conversation_days
        self._job: asyncio.Task[None] | None = None

    @classmethod
    def name(cls) -> str:
        return "retention"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "Retention":
        """Creates the job with the setting of the environment. Raises ValueError if that is invalid."""
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """No routes; the job starts and stops with the server."""
        blueprint = Blueprint("retention")

        @blueprint.listener("after_server_start")
        async def start(app: Sanic, _: Any) -> None:
            self._job = asyncio.create_task(self._run(app))

        @blueprint.listener("before_server_stop")
        async def stop(_: Sanic, __: Any) -> None:
            if self._job:
                self._job.cancel()
                with suppress(asyncio.CancelledError):
                    await self._job

        return blueprint

    async def _run(self, app: Sanic) -> None:
        wait: float = FIRST_SECONDS
        while True:
            await asyncio.sleep(wait)
            wait = INTERVAL_SECONDS
            try:
                number = await delete_all_expired(app.ctx.agent.tracker_store, self._days)
                logger.info("%s rows that were old enough have been deleted.", number)
            except Unavailable:
                # Retried at the next run; the store has logged the outage.
                continue
            except Exception as error:
                log_failure("What is old could not be deleted", error)


async def delete_all_expired(store: ConversationStore, days: int) -> int:
    """Deletes all expired rows in batches and returns their number. Raises Unavailable."""
    deleted = 0
    while number := await store.run(lambda connection: delete_expired(connection, days)):
        deleted += number
        await asyncio.sleep(PAUSE_SECONDS)
    if deleted:
        await store.scrub()
    return deleted

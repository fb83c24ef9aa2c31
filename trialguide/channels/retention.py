"""Deletes what has been kept for long enough, as long as the server runs: hourly, and soon after the start."""

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
AGAIN_SECONDS = 60 * 60
# Between two batches, so that those who write are not held up.
REST_SECONDS = 0.2


class Retention(InputChannel):
    """Rasa loads it as a channel; nobody talks through it."""

    def __init__(self) -> None:
        self._days = process_settings().conversation_days
        self._forgetting: asyncio.Task[None] | None = None

    @classmethod
    def name(cls) -> str:
        return "retention"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "Retention":
        """The setting comes from the environment."""
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """No routes: what is done from the start to the end of the server."""
        blueprint = Blueprint("retention")

        @blueprint.listener("after_server_start")
        async def begin(app: Sanic, _: Any) -> None:
            self._forgetting = asyncio.create_task(self._forget(app))

        @blueprint.listener("before_server_stop")
        async def end(_: Sanic, __: Any) -> None:
            if self._forgetting:
                self._forgetting.cancel()
                with suppress(asyncio.CancelledError):
                    await self._forgetting

        return blueprint

    async def _forget(self, app: Sanic) -> None:
        wait: float = FIRST_SECONDS
        while True:
            await asyncio.sleep(wait)
            wait = AGAIN_SECONDS
            try:
                number = await forget_all_old(app.ctx.agent.tracker_store, self._days)
                logger.info("%s rows that were old enough have been deleted.", number)
            except Unavailable:
                # It is tried again in an hour; the store has said that it is away.
                continue
            except Exception as error:
                log_failure("What is old could not be deleted", error)


async def forget_all_old(store: ConversationStore, days: int) -> int:
    """Deletes all that has been kept for long enough, a batch at a time; how many rows. Raises Unavailable."""
    deleted = 0
    while number := await store.run(lambda connection: delete_expired(connection, days)):
        deleted += number
        await asyncio.sleep(REST_SECONDS)
    return deleted

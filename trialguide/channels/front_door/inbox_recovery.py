"""Recovery of orphaned messages: accepted ones whose server crashed, or whose turn could not be saved, are resumed."""

import asyncio
import logging
from typing import Protocol

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.front_door.server_context import ServerContext
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure
from trialguide.storage.inbox import Message

logger = logging.getLogger(__name__)

# A stored message without a saved turn after so long is an orphan.
ORPHAN_SECONDS = 15
POLL_SECONDS = 5


class ResumableChannel(Protocol):
    """The part of a channel that recovery uses."""

    prefix: str

    def name(self) -> str:
        """The name of the channel."""

    def in_progress(self) -> list[Message]:
        """Stored messages that this server still works on."""

    async def resume(self, message: Message) -> None:
        """Starts the turn of an orphaned message. Raises Unavailable and Rejected."""


class InboxRecovery:
    """Polls the inbox for orphaned messages of one channel, of this server or of one that has ended."""

    def __init__(self, channel: ResumableChannel, server: ServerContext) -> None:
        self._channel, self._server = channel, server
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts to poll, in a task."""
        self._polling = asyncio.create_task(self._poll())

    def stop(self) -> None:
        """Stops to poll."""
        if self._polling:
            self._polling.cancel()

    async def recover(self) -> None:
        """Resumes each orphaned message once. Raises Unavailable and Rejected; the rest are orphans again later."""
        inbox = self._server.inbox
        await inbox.renew(self._channel.in_progress())
        for message in await inbox.claim_orphans(ORPHAN_SECONDS, f"{self._channel.prefix}:"):
            logger.warning("A message that was left on %s is taken up.", self._channel.name())
            await self._channel.resume(message)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.recover()
            except (Unavailable, Rejected):
                continue
            except Exception as error:
                log_failure("Messages that were left could not be taken up", error)

"""What a messaging service sends to people."""

import logging
from collections.abc import Awaitable, Callable

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.messaging.conversation_queue import ConversationQueue
from trialguide.channels.messaging.http_client import ApiError
from trialguide.runtime.logs import log_failure

logger = logging.getLogger(__name__)

# What may wait to be sent to one person.
MOST_UNSENT = 100


class DeliveryQueue:
    """Sends to each person one thing after the other. What fails is logged, and keeps nobody else waiting."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._lines = ConversationQueue(MOST_UNSENT)

    def submit(self, sender: str, sending: Callable[[], Awaitable[None]]) -> bool:
        """Sends something, now or when what is before it is sent; whether it found a place."""
        try:
            self._lines.submit(sender, lambda: self._tried(sending))
        except Rejected:
            logger.error("Something on %s was dropped: too much waits to be sent to one person.", self._channel)
            return False
        return True

    async def finish(self, seconds: float) -> None:
        """Waits until all is sent, at most so many seconds."""
        await self._lines.finish(seconds)

    async def _tried(self, sending: Callable[[], Awaitable[None]]) -> None:
        try:
            await sending()
        except ApiError as refusal:
            logger.error("%s did not take what it was sent: %s", self._channel, refusal)
        except Exception as error:
            log_failure(f"Nothing could be sent on {self._channel}", error)

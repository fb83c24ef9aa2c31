"""Queue of the calls that send messages to people."""

import logging
from collections.abc import Awaitable, Callable

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.messaging.conversation_queue import ConversationQueue
from trialguide.channels.messaging.http_client import ApiError
from trialguide.runtime.logs import log_failure

logger = logging.getLogger(__name__)

# Calls that may be queued for one person.
MAX_UNSENT = 100


class DeliveryQueue:
    """Runs the calls for each person in order. A failed call is logged, and delays nobody else."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._queue = ConversationQueue(MAX_UNSENT)

    def submit(self, sender: str, call: Callable[[], Awaitable[None]]) -> bool:
        """Queues a call; False when the queue is full."""
        try:
            self._queue.submit(sender, lambda: self._run(call))
        except Rejected:
            logger.error("Something on %s was dropped: too much waits to be sent to one person.", self._channel)
            return False
        return True

    async def finish(self, seconds: float) -> None:
        """Waits until all calls are done, at most so many seconds."""
        await self._queue.finish(seconds)

    async def _run(self, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        except ApiError as error:
            logger.error("%s did not take what it was sent: %s", self._channel, error)
        except Exception as error:
            log_failure(f"Nothing could be sent on {self._channel}", error)

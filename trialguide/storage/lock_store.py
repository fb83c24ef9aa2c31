"""The lock store: one turn at a time per conversation, in the order in which the messages arrived, across all servers.

Without REDIS_URL a fair lock per conversation in this process is enough. With it, each conversation has a queue of tickets:

1. A turn takes a ticket: it acquires a lease (redis-py's `Lock`, which expires after 8 seconds) and appends the ticket to a
   Redis list. The turns of one process do this one after another. Now the place is certain, and the message is acknowledged.
2. It polls until its ticket is first. A Lua script decides, and removes expired tickets before it: those of crashed or frozen
   servers.
3. It runs, while a task renews the lease every 2 seconds. If the lease is lost, the turn is cancelled with `LockLost`: another
   server may have started the next one.
4. It removes its ticket and its lease. While Redis is unavailable, it retries in the background until the lease has expired.

The lock is reentrant: tasks started by a turn may lock its conversation again.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

from rasa.core.lock_store import LockStore
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from trialguide.runtime.circuit_breaker import REDIS_SECONDS, CircuitBreaker, Unavailable, redis_circuit_breaker
from trialguide.runtime.keyed_lock import KeyedLock
from trialguide.runtime.settings import process_settings

# Lease of a ticket: a crashed server blocks its conversations for so long.
EXPIRY_SECONDS = 8.0
RENEW_SECONDS = 2.0
# How often a waiting turn polls.
POLL_SECONDS = 0.02
# How often the removal of a ticket is retried while Redis is unavailable.
RELEASE_RETRY_SECONDS = 0.3
# Expiry of an unused queue.
QUEUE_SECONDS = 600

# Whether the ticket ARGV[1] is first in the queue KEYS[1]: 1 yes, 0 no, -1 it is gone. Removes expired tickets before it.
IS_FIRST = """
while true do
  local first = redis.call('LINDEX', KEYS[1], 0)
  if not first then return -1 end
  if first == ARGV[1] then return 1 end
  if redis.call('EXISTS', KEYS[1] .. ':' .. first) == 1 then return 0 end
  redis.call('LPOP', KEYS[1])
end
"""


@dataclass
class _HeldLock:
    conversation_id: str
    released: bool = False


# Locks held by the running task and by those that started it: makes the lock reentrant.
_held_locks: ContextVar[tuple[_HeldLock, ...]] = ContextVar("held_locks", default=())
# Keeps tasks from being garbage-collected.
_releasing: set["asyncio.Task[None]"] = set()


class LockLost(Exception):
    """The lease of a turn expired, so another server may have taken its conversation."""


class ConversationLocks(LockStore):
    """Fair locks by conversation: in this process or, with REDIS_URL, in Redis.

    Rasa's own Redis lock store issues a ticket in two steps, so that two servers can issue the same; it polls once a second.
    """

    def __init__(self, endpoint_config: Any = None) -> None:
        address = process_settings().redis
        timeouts = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._redis = Redis.from_url(address, **timeouts) if address else None
        self.service = redis_circuit_breaker() if address else None
        self.local_locks = KeyedLock()

    @contextlib.asynccontextmanager
    async def lock(self, conversation_id: str, *, queued: "asyncio.Future[None] | None" = None) -> AsyncIterator[None]:
        """Holds the lock of a conversation; `queued` resolves once the turn has its place in the queue.

        Raises Unavailable when Redis does not answer, and LockLost.
        """
        if any(held.conversation_id == conversation_id and not held.released for held in _held_locks.get()):
            yield
            return
        async with self._acquired(conversation_id, queued or asyncio.get_running_loop().create_future()):
            held = _HeldLock(conversation_id)
            before = _held_locks.set((*_held_locks.get(), held))
            try:
                yield
            finally:
                held.released = True
                _held_locks.reset(before)

    async def ping(self) -> None:
        """Checks that Redis answers, if it is used. Raises Unavailable."""
        if self._redis and self.service:
            await self.service.call(self._redis.ping)

    async def close(self) -> None:
        """Closes the connections."""
        if self._redis:
            await self._redis.close()
            await self._redis.connection_pool.disconnect()

    @contextlib.asynccontextmanager
    async def _acquired(self, conversation_id: str, queued: "asyncio.Future[None]") -> AsyncIterator[None]:
        if self._redis is None or self.service is None:
            queued.set_result(None)
            async with self.local_locks.hold(conversation_id):
                yield
            return
        ticket = Ticket(self._redis, self.service, conversation_id)
        try:
            # One after another, so that tickets are taken in the order of the messages.
            async with self.local_locks.hold(conversation_id):
                await ticket.take()
            queued.set_result(None)
            async with ticket.turn():
                yield
        finally:
            await ticket.release()


class Ticket:
    """A place in the queue of a conversation in Redis."""

    def __init__(self, redis: Redis, service: CircuitBreaker, conversation_id: str) -> None:
        self._redis, self._service = redis, service
        self._queue, self._id = f"turns:{conversation_id}", uuid.uuid4().hex
        self._lease = Lock(redis, f"{self._queue}:{self._id}", timeout=EXPIRY_SECONDS, thread_local=False)
        # The result of IS_FIRST.
        self._status = 0

    async def take(self) -> None:
        """Appends the ticket to the queue. Raises Unavailable."""
        self._status = await self._service.call(self._take)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits until the ticket is first, and renews its lease until the end. Raises Unavailable and LockLost."""
        renewing = asyncio.create_task(self._renew(asyncio.current_task()))
        try:
            while self._status == 0:
                await asyncio.sleep(POLL_SECONDS)
                self._status = int(await self._service.call(lambda: self._redis.eval(IS_FIRST, 1, self._queue, self._id)))
            if self._status < 0:
                raise LockLost
            yield
        except asyncio.CancelledError:
            if renewing.done():
                raise LockLost from None
            raise
        finally:
            renewing.cancel()

    async def release(self) -> None:
        """Removes ticket and lease; while Redis is unavailable, retries in the background until the lease expires."""
        releasing = asyncio.create_task(self._retry_release())
        _releasing.add(releasing)
        releasing.add_done_callback(_releasing.discard)
        if self._service.closed:
            # The next turn of this server finds the queue up to date.
            await asyncio.wait({releasing}, timeout=REDIS_SECONDS)

    async def _take(self) -> int:
        # The lease first: a ticket without one counts as expired.
        await self._lease.acquire(blocking=False)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.rpush(self._queue, self._id).expire(self._queue, QUEUE_SECONDS).eval(IS_FIRST, 1, self._queue, self._id)
            return int((await pipeline.execute())[-1])

    async def _retry_release(self) -> None:
        deadline = monotonic() + EXPIRY_SECONDS
        while monotonic() < deadline:
            try:
                return await self._service.call(self._remove)
            except Unavailable:
                await asyncio.sleep(RELEASE_RETRY_SECONDS)

    async def _remove(self) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            await pipeline.lrem(self._queue, 1, self._id).delete(self._lease.name).execute()

    async def _renew(self, turn: "asyncio.Task[Any] | None") -> None:
        """Renews the lease until cancelled; cancels the turn when the lease is lost."""
        renewed = monotonic()
        while monotonic() - renewed < EXPIRY_SECONDS:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(Unavailable):
                if not await self._service.call(self._reacquire):
                    break
                renewed = monotonic()
        if turn:
            turn.cancel()

    async def _reacquire(self) -> bool:
        try:
            return bool(await self._lease.reacquire())
        except LockError:
            return False

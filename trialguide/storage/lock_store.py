"""The lock store: one turn at a time for each conversation, in the order in which the messages came, over all servers."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from rasa.core.lock_store import LockStore
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from trialguide.runtime.circuit_breaker import REDIS_SECONDS, CircuitBreaker, Unavailable, redis_circuit_breaker
from trialguide.runtime.settings import process_settings

# A server that ends without a word leaves its conversations to the others after so long.
EXPIRY_SECONDS = 8.0
RENEW_SECONDS = 2.0
# How often a turn that waits looks whether it is next.
LOOK_SECONDS = 0.02
# How often a ticket that is done with is taken back to a Redis that is away.
LEAVE_SECONDS = 0.3
# A queue that nobody uses any more goes by itself.
QUEUE_SECONDS = 600

# Whether the ticket ARGV[1] is first in the queue KEYS[1]: 1 yes, 0 no, -1 it has gone. On the way, tickets whose leases have
# run out are taken out.
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
class _Hold:
    conversation_id: str
    over: bool = False


# What the running task and those that it has started hold; whoever holds a lock does not wait for itself.
_held: ContextVar[tuple[_Hold, ...]] = ContextVar("held", default=())


_leaving: set["asyncio.Task[None]"] = set()


class LockLost(Exception):
    """A server was away for so long that another one may have taken its conversation."""


@dataclass
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class ConversationLocks(LockStore):
    """Locks in this process or, when REDIS_URL names one, in Redis.

    Rasa's own lock reads from Redis and writes to it in two steps, so that two servers issue the same ticket, and a turn that
    waits looks once a second. Here every turn takes a ticket in a Redis list, and redis-py's `Lock` is the ticket's lease,
    renewed as long as the turn waits and runs: the first ticket with a lease has the conversation.
    """

    def __init__(self, endpoint_config: Any = None) -> None:
        address = process_settings().redis
        seconds = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._redis = Redis.from_url(address, **seconds) if address else None
        self.service = redis_circuit_breaker() if address else None
        self._lines: dict[str, _Line] = {}

    @contextlib.asynccontextmanager
    async def lock(
        self, conversation_id: str, *_: Any, entered: "asyncio.Future[None] | None" = None, **__: Any
    ) -> AsyncIterator[None]:
        """Holds the lock of a conversation; `entered` is done when the place in line is sure.

        Raises Unavailable when Redis does not answer, and LockLost.
        """
        if any(hold.conversation_id == conversation_id and not hold.over for hold in _held.get()):
            yield
            return
        async with self._waited(conversation_id, entered or asyncio.get_running_loop().create_future()):
            hold = _Hold(conversation_id)
            before = _held.set((*_held.get(), hold))
            try:
                yield
            finally:
                hold.over = True
                _held.reset(before)

    async def ping(self) -> None:
        """Asks Redis, if there is one, whether it is there. Raises Unavailable."""
        if self._redis and self.service:
            await self.service.call(self._redis.ping)

    async def close(self) -> None:
        """Closes the connections."""
        if self._redis:
            await self._redis.close()
            await self._redis.connection_pool.disconnect()

    @contextlib.asynccontextmanager
    async def _waited(self, conversation_id: str, entered: "asyncio.Future[None]") -> AsyncIterator[None]:
        if self._redis is None or self.service is None:
            entered.set_result(None)
            async with self._here(conversation_id):
                yield
            return
        ticket = Ticket(self._redis, self.service, conversation_id)
        try:
            # One after another, so that tickets are taken in the order in which the turns came.
            async with self._here(conversation_id):
                await ticket.take()
            entered.set_result(None)
            async with ticket.turn():
                yield
        finally:
            await ticket.leave()

    @contextlib.asynccontextmanager
    async def _here(self, conversation_id: str) -> AsyncIterator[None]:
        line = self._lines.setdefault(conversation_id, _Line())
        line.users += 1
        try:
            async with line.lock:
                yield
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[conversation_id]


class Ticket:
    """A place in the line of a conversation in Redis."""

    def __init__(self, redis: Redis, service: CircuitBreaker, conversation_id: str) -> None:
        self._redis, self._service = redis, service
        self._queue, self._id = f"turns:{conversation_id}", uuid.uuid4().hex
        self._lease = Lock(redis, f"{self._queue}:{self._id}", timeout=EXPIRY_SECONDS, thread_local=False)
        self._place = 0

    async def take(self) -> None:
        """Goes to the end of the line. Raises Unavailable."""
        self._place = await self._service.call(self._take)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for the turn and keeps it. Raises Unavailable and LockLost."""
        renewing = asyncio.create_task(self._renew(asyncio.current_task()))
        try:
            while self._place == 0:
                await asyncio.sleep(LOOK_SECONDS)
                self._place = int(await self._service.call(lambda: self._redis.eval(IS_FIRST, 1, self._queue, self._id)))
            if self._place < 0:
                raise LockLost
            yield
        except asyncio.CancelledError:
            if renewing.done():
                raise LockLost from None
            raise
        finally:
            renewing.cancel()

    async def leave(self) -> None:
        """Leaves nothing behind. If Redis is away, that is done when it is back; at the latest the lease runs out."""
        leaving = asyncio.create_task(self._leave_until_it_is_done())
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)
        if self._service.closed:
            # Whoever comes next finds the line as it is.
            await asyncio.wait({leaving}, timeout=REDIS_SECONDS)

    async def _take(self) -> int:
        # The lease first: without it the ticket would be taken for one of a server that has ended.
        await self._lease.acquire(blocking=False)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.rpush(self._queue, self._id).expire(self._queue, QUEUE_SECONDS).eval(IS_FIRST, 1, self._queue, self._id)
            return int((await pipeline.execute())[-1])

    async def _leave_until_it_is_done(self) -> None:
        deadline = monotonic() + EXPIRY_SECONDS
        while monotonic() < deadline:
            try:
                return await self._service.call(self._leave)
            except Unavailable:
                await asyncio.sleep(LEAVE_SECONDS)

    async def _leave(self) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            await pipeline.lrem(self._queue, 1, self._id).delete(self._lease.name).execute()

    async def _renew(self, turn: "asyncio.Task[Any] | None") -> None:
        """Renews the lease until it is cancelled; cancels the turn when the lease is lost."""
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

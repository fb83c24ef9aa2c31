"""Queue of work per sender: the work of one sender runs in order, that of different senders concurrently."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from trialguide.channels.front_door.incoming import Rejected

Result = TypeVar("Result")


@dataclass
class _KeyedLock:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    holders: int = 0


class ConversationQueue:
    """Bounded FIFO queue for each sender."""

    def __init__(self, capacity: int) -> None:
        """`capacity` bounds the jobs of one sender, the running one included."""
        self._capacity = capacity
        self._locks: dict[str, _KeyedLock] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def submit(self, sender: str, job: Callable[[], Coroutine[Any, Any, Result]]) -> "asyncio.Task[Result]":
        """Starts a job after the sender's jobs before it. Raises Rejected when the queue is full."""
        lock = self._locks.setdefault(sender, _KeyedLock())
        if lock.holders >= self._capacity:
            raise Rejected("busy")
        lock.holders += 1
        task = asyncio.create_task(self._run(sender, lock, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self, seconds: float) -> None:
        """Waits until all jobs are done, at most so many seconds."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def _run(self, sender: str, lock: _KeyedLock, job: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        try:
            async with lock.lock:
                return await job()
        finally:
            lock.holders -= 1
            if not lock.holders:
                del self._locks[sender]

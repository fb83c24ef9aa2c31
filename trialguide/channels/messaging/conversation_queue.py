"""Work queues, one per sender."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from trialguide.channels.front_door.incoming import Rejected
from trialguide.runtime.keyed_lock import KeyedLock

Result = TypeVar("Result")


class ConversationQueue:
    """Runs the work of each sender one after another, in the order in which it came, and that of other senders meanwhile."""

    def __init__(self, most: int) -> None:
        """`most` bounds the running and waiting work of one sender."""
        self._most = most
        self._lock = KeyedLock()
        self._tasks: dict[str, set[asyncio.Task[Any]]] = {}

    def submit(self, sender: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> "asyncio.Task[Result]":
        """Queues work. Raises Rejected when the queue of the sender is full."""
        if len(self._tasks.get(sender, ())) >= self._most:
            raise Rejected("busy")
        task = asyncio.create_task(self._run(sender, work))
        self._tasks.setdefault(sender, set()).add(task)
        task.add_done_callback(lambda _: self._discard(sender, task))
        return task

    async def finish(self, seconds: float) -> None:
        """Waits until all queues are empty, for at most `seconds`."""
        tasks = {task for own in self._tasks.values() for task in own}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def _run(self, sender: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        async with self._lock.hold(sender):
            return await work()

    def _discard(self, sender: str, task: "asyncio.Task[Any]") -> None:
        self._tasks[sender].discard(task)
        if not self._tasks[sender]:
            del self._tasks[sender]

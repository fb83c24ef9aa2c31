"""Work for a person that is done one after another, while that for others goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from trialguide.channels.front_door.incoming import Rejected

Result = TypeVar("Result")


@dataclass
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class ConversationQueue:
    """Does the work for each sender in the order in which it came."""

    def __init__(self, most: int) -> None:
        """`most` is how much work for a sender may be done or wait at once."""
        self._most = most
        self._lines: dict[str, _Line] = {}
        self._running: set[asyncio.Task[Any]] = set()

    def submit(self, sender: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> "asyncio.Task[Result]":
        """Starts the work, now or when that before it is done. Raises Rejected when too much waits already."""
        line = self._lines.setdefault(sender, _Line())
        if line.waiting >= self._most:
            raise Rejected("busy")
        line.waiting += 1
        task = asyncio.create_task(self._in_line(sender, line, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def finish(self, seconds: float) -> None:
        """Waits until all work is done, at most so many seconds."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)

    async def _in_line(self, sender: str, line: _Line, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        try:
            async with line.lock:
                return await work()
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[sender]

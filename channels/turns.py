"""One turn at a time for each sender."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from channels.incoming import Refused

Result = TypeVar("Result")


@dataclass
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    turns: int = 0


class Turns:
    """Runs the turns of a sender one after another, in the order in which they came, and those of others beside them."""

    def __init__(self, most: int) -> None:
        """`most` is how many turns of a sender may run or wait at once."""
        self._most = most
        self._lines: dict[str, _Line] = {}
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, sender: str, turn: Callable[[], Coroutine[Any, Any, Result]]) -> "asyncio.Task[Result]":
        """Starts a turn, now or when those before it have ended. Raises Refused when too many wait already."""
        line = self._lines.setdefault(sender, _Line())
        if line.turns >= self._most:
            raise Refused("busy")
        line.turns += 1
        task = asyncio.create_task(self._in_line(sender, line, turn))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def running(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return sender in self._lines

    async def finish(self, seconds: float) -> None:
        """Waits until all turns have ended, at most so many seconds."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)

    async def _in_line(self, sender: str, line: _Line, turn: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        try:
            async with line.lock:
                return await turn()
        finally:
            line.turns -= 1
            if not line.turns:
                del self._lines[sender]

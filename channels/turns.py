"""The turns that run and wait, by sender."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from channels.incoming import Refused

Result = TypeVar("Result")
Entered = asyncio.Future[None]


class Turns:
    """Runs turns, not too many of one sender at once. The lock store keeps those of one sender in their order."""

    def __init__(self, most: int) -> None:
        """`most` is how many turns of a sender may run or wait at once."""
        self._most = most
        self._numbers: Counter[str] = Counter()
        self._running: set[asyncio.Task[Any]] = set()

    async def start(self, sender: str, turn: Callable[[Entered], Coroutine[Any, Any, Result]]) -> "asyncio.Task[Result]":
        """Starts a turn; gives it when its place in line is sure, which the turn says through the future that it is handed.

        Raises Refused when too many wait already, and what ends the turn before it has its place.
        """
        if self._numbers[sender] >= self._most:
            raise Refused("busy")
        self._numbers[sender] += 1
        entered: Entered = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(turn(entered))
        self._running.add(task)

        def ended(_: "asyncio.Task[Result]") -> None:
            self._running.discard(task)
            self._numbers[sender] -= 1
            if not self._numbers[sender]:
                del self._numbers[sender]
            if not entered.done():
                entered.cancel()

        task.add_done_callback(ended)
        await asyncio.wait((task, entered), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        return task

    def running(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return sender in self._numbers

    async def finish(self, seconds: float) -> None:
        """Waits until all turns have ended, at most so many seconds."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)

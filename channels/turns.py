"""The turns that run and wait, by sender."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from channels.incoming import Refused

Result = TypeVar("Result")
Entered = asyncio.Future[None]


@dataclass(frozen=True)
class Started(Generic[Result]):
    """A turn that waits or runs; `entered` is done when its place in line is sure."""

    task: "asyncio.Task[Result]"
    entered: Entered

    async def in_line(self) -> "asyncio.Task[Result]":
        """The turn, when its place is sure. Raises what ended it before."""
        await asyncio.wait((self.task, self.entered), return_when=asyncio.FIRST_COMPLETED)
        if not self.entered.done() or self.entered.cancelled():
            self.task.result()
        return self.task


class Turns(Generic[Result]):
    """Runs turns, not too many of one sender at once. The lock store keeps those of one sender in their order."""

    def __init__(self, most: int) -> None:
        """`most` is how many turns of a sender may run or wait at once."""
        self._most = most
        self._numbers: Counter[str] = Counter()
        self._started: dict[tuple[str, str], Started[Result]] = {}

    def started(self, sender: str, id: str) -> Started[Result] | None:
        """The turn of a message, or None when it neither waits nor runs here."""
        return self._started.get((sender, id))

    def start(self, sender: str, id: str, turn: Callable[[Entered], Coroutine[Any, Any, Result]]) -> Started[Result]:
        """Starts the turn of a message, which is handed the future by which it says that it has its place in line.

        Raises Refused when too many wait already.
        """
        if self._numbers[sender] >= self._most:
            raise Refused("busy")
        entered: Entered = asyncio.get_running_loop().create_future()
        started = self._started[sender, id] = Started(asyncio.create_task(turn(entered)), entered)
        self._numbers[sender] += 1

        def ended(_: "asyncio.Task[Result]") -> None:
            entered.cancel()
            del self._started[sender, id]
            self._numbers[sender] -= 1
            if not self._numbers[sender]:
                del self._numbers[sender]

        started.task.add_done_callback(ended)
        return started

    def running(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return sender in self._numbers

    async def finish(self, seconds: float) -> None:
        """Waits until all turns have ended, at most so many seconds."""
        if self._started:
            await asyncio.wait([started.task for started in self._started.values()], timeout=seconds)

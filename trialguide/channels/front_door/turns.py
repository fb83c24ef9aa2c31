"""The turns that run and wait, by sender."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trialguide.channels.front_door.incoming import Rejected

Result = TypeVar("Result")
Entered = asyncio.Future[None]


@dataclass(frozen=True)
class PendingTurn(Generic[Result]):
    """A turn that waits or runs: `entered` is done when its place in line is sure, `answer` when there is a word about it."""

    queued: Entered
    answer: "asyncio.Future[Result]"

    async def enqueued(self) -> "asyncio.Future[Result]":
        """The answer to come, when the place is sure. Raises what ended the turn before."""
        await asyncio.wait((self.answer, self.queued), return_when=asyncio.FIRST_COMPLETED)
        if not self.queued.done() or self.queued.cancelled():
            self.answer.result()
        return self.answer


class TurnQueue(Generic[Result]):
    """Runs turns, not too many of one sender at once. The lock store keeps those of one sender in their order."""

    def __init__(self, most: int) -> None:
        """`most` is how many turns of a sender may run or wait at once."""
        self._most = most
        self._numbers: Counter[str] = Counter()
        self._started: dict[tuple[str, str], PendingTurn[Result]] = {}
        self._running: set[asyncio.Task[Result]] = set()

    def started(self, sender: str, id: str) -> PendingTurn[Result] | None:
        """The turn of a message, or None when it neither waits nor runs here."""
        return self._started.get((sender, id))

    def submit(
        self, sender: str, id: str, turn: Callable[["PendingTurn[Result]"], Coroutine[Any, Any, Result]]
    ) -> "PendingTurn[Result]":
        """Starts the turn of a message. It may answer before it ends; else what it comes to is the answer.

        Raises Rejected when too many wait already.
        """
        if self._numbers[sender] >= self._most:
            raise Rejected("busy")
        loop = asyncio.get_running_loop()
        started: PendingTurn[Result] = PendingTurn(loop.create_future(), loop.create_future())
        self._started[sender, id] = started
        task = loop.create_task(turn(started))
        self._running.add(task)
        self._numbers[sender] += 1

        def ended(_: "asyncio.Task[Result]") -> None:
            self._running.discard(task)
            _pass_on(task, started.answer)
            started.queued.cancel()
            del self._started[sender, id]
            self._numbers[sender] -= 1
            if not self._numbers[sender]:
                del self._numbers[sender]

        task.add_done_callback(ended)
        return started

    def running(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return sender in self._numbers

    async def finish(self, seconds: float) -> None:
        """Waits until all turns have ended, at most so many seconds."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)


def _pass_on(task: "asyncio.Task[Result]", answer: "asyncio.Future[Result]") -> None:
    error = None if task.cancelled() else task.exception()
    if answer.done():
        return
    if task.cancelled():
        answer.cancel()
    elif error:
        answer.set_exception(error)
        # Often nobody waits for it any more.
        answer.exception()
    else:
        answer.set_result(task.result())

"""Queue of turns by sender: the tasks that run them, and the answers that callers wait for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.front_door.transcript import Entry

# The entries of a turn, the patient's own message first. Done as soon as they are known, which may be before the task ends.
Turn = asyncio.Future[list[Entry]]


def _new_future() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True)
class PendingTurn:
    """A turn that waits or runs. `queued` resolves once its place in the queue is sure, `answer` once its entries are known."""

    queued: "asyncio.Future[None]" = field(default_factory=_new_future)
    answer: Turn = field(default_factory=_new_future)
    _submitted_at: float = field(default_factory=perf_counter)

    @property
    def age(self) -> float:
        """Seconds since the turn was submitted."""
        return perf_counter() - self._submitted_at

    async def enqueued(self) -> Turn:
        """Waits for a place in the queue and returns the answer to come. Raises the error of a turn that failed before."""
        await asyncio.wait((self.answer, self.queued), return_when=asyncio.FIRST_COMPLETED)
        if not self.queued.done() or self.queued.cancelled():
            self.answer.result()
        return self.answer


class TurnQueue:
    """Runs turns as tasks, a limited number per sender. Their order within a sender is the lock store's business."""

    def __init__(self, max_turns: int) -> None:
        """`max_turns` is the limit per sender, running turns included."""
        self._max_turns = max_turns
        self._counts: Counter[str] = Counter()
        self._pending: dict[tuple[str, str], PendingTurn] = {}
        self._tasks: set[asyncio.Task[list[Entry]]] = set()

    def find(self, sender: str, message_id: str) -> PendingTurn | None:
        """The turn of a message, or None if it neither waits nor runs in this process."""
        return self._pending.get((sender, message_id))

    def submit(
        self, sender: str, message_id: str, run: Callable[[PendingTurn], Coroutine[Any, Any, list[Entry]]]
    ) -> PendingTurn:
        """Starts the turn of a message. It may set the answer early; otherwise its result or error becomes the answer.

        Raises Rejected if the sender has too many pending turns.
        """
        if self._counts[sender] >= self._max_turns:
            raise Rejected("busy")
        pending = PendingTurn()
        self._pending[sender, message_id] = pending
        self._counts[sender] += 1
        task = asyncio.get_running_loop().create_task(run(pending))
        self._tasks.add(task)

        def finished(_: "asyncio.Task[list[Entry]]") -> None:
            self._tasks.discard(task)
            _copy_outcome(task, pending.answer)
            pending.queued.cancel()
            del self._pending[sender, message_id]
            self._counts[sender] -= 1
            if not self._counts[sender]:
                del self._counts[sender]

        task.add_done_callback(finished)
        return pending

    def is_busy(self, sender: str) -> bool:
        """Whether a turn of this sender waits or runs."""
        return sender in self._counts

    async def finish(self, seconds: float) -> None:
        """Waits for all turns to end, with a timeout."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)


def _copy_outcome(task: "asyncio.Task[list[Entry]]", answer: Turn) -> None:
    error = None if task.cancelled() else task.exception()
    if answer.done():
        return
    if task.cancelled():
        answer.cancel()
    elif error:
        answer.set_exception(error)
        # Marks the exception as retrieved: often nobody waits for the answer any more.
        answer.exception()
    else:
        answer.set_result(task.result())

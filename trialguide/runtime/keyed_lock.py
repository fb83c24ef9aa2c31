"""Locks by key, such as one per conversation."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class _CountedLock:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class KeyedLock:
    """A fair lock per key within one event loop. A key takes memory only while its lock is held or awaited."""

    def __init__(self) -> None:
        self._locks: dict[str, _CountedLock] = {}

    def __len__(self) -> int:
        """The number of keys whose locks are held or awaited."""
        return len(self._locks)

    @contextlib.asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Holds the lock of a key; waiters get it in the order in which they came."""
        counted = self._locks.setdefault(key, _CountedLock())
        counted.users += 1
        try:
            async with counted.lock:
                yield
        finally:
            counted.users -= 1
            if not counted.users:
                del self._locks[key]

"""Scrubbing: removes the remains of deleted rows from an SQLite file and its write-ahead log."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from time import monotonic

from sqlalchemy.engine import Engine

from trialguide.runtime.logs import log_failure
from trialguide.storage.database import truncate_wal, vacuum

# A vacuum takes about a second per 150 MB, and writes wait for it. Larger files are vacuumed once a day.
SMALL_BYTES = 100_000_000
LARGE_FILE_SECONDS = 24 * 60 * 60
FIRST_RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 600.0


class FileScrubber:
    """Vacuums an SQLite file after rows were deleted, and empties its write-ahead log."""

    def __init__(self, engine: Engine, file: str, run: "Callable[[Callable[[], bool]], Future[bool]]") -> None:
        """`run` queues work in the thread that writes, so that writes wait for a vacuum instead of failing."""
        self._engine, self._file, self._run = engine, Path(file), run
        self._vacuum_due = False
        self._vacuumed_at: float | None = None
        self._retrying: asyncio.Task[None] | None = None

    async def scrub(self) -> None:
        """Scrubs the file now; retries in the background while another process uses it. Never raises."""
        self._vacuum_due = True
        if not await self._attempt() and (self._retrying is None or self._retrying.done()):
            self._retrying = asyncio.get_running_loop().create_task(self._retry())

    async def _retry(self) -> None:
        delay = FIRST_RETRY_SECONDS
        await asyncio.sleep(delay)
        while not await self._attempt():
            delay = min(2 * delay, MAX_RETRY_SECONDS)
            await asyncio.sleep(delay)

    async def _attempt(self) -> bool:
        try:
            return await asyncio.wrap_future(self._run(self._scrub))
        except Exception as error:
            log_failure("The database file could not be scrubbed", error)
            return False

    def _scrub(self) -> bool:
        if self._vacuum_due and self._may_vacuum():
            vacuum(self._engine)
            self._vacuum_due, self._vacuumed_at = False, monotonic()
        return truncate_wal(self._engine)

    def _may_vacuum(self) -> bool:
        is_small = self._file.stat().st_size <= SMALL_BYTES
        return is_small or self._vacuumed_at is None or monotonic() > self._vacuumed_at + LARGE_FILE_SECONDS

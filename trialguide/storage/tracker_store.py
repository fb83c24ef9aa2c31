"""The tracker store: conversations in SQLite or PostgreSQL, behind an LRU cache in memory.

How a turn is saved: `retrieve` returns a copy of the cached tracker, after comparing the id of its last row with the database:
another server may have written since. Rasa adds the events of the turn, and `save` passes the new ones to the writer thread
(group_commit), which stores them in one transaction with everything that belongs to them: the message leaves the inbox, the
events enter the outbox, and the observer of saved turns records its notes. `save` returns after the commit; only then is the
new state cached.

A turn whose reply confirms an erasure is saved in the same way, but replaces the conversation: the transaction deletes all
other data of the person, and then the database file is scrubbed.

Queries run in threads behind a circuit breaker and raise `Unavailable` when the database does not answer in time; nothing is
answered from the cache alone. Only single-value queries on an SQLite file run in the event loop.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import math
import operator
import sqlite3
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, TypeVar

import rasa.core.agent
import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from trialguide.runtime.circuit_breaker import CircuitBreaker
from trialguide.storage.conversation import Conversation
from trialguide.storage.database import FAILURES, POOL_SIZE, database_address, open_engine
from trialguide.storage.event_broker import OutboxBroker, outbox_row
from trialguide.storage.group_commit import LAST_ROW, GroupCommitWriter, Rows, event_row, row_id
from trialguide.storage.retention import erase
from trialguide.storage.schema import EVENTS, OUTBOX, VERSION, WrongSchemaVersion, create_schema
from trialguide.storage.scrubbing import FileScrubber
from trialguide.storage.turn_observer import TurnObserver
from trialguide.storage.turn_summary import ERASED, first_message, replied_with

logger = logging.getLogger(__name__)

# Conversations in the cache; one of a hundred turns takes about half a megabyte.
CACHE_SIZE = 300
# The longest wait for the database.
TIMEOUT_SECONDS = 2.5
# A longer count could take longer than that.
OUTBOX_LIMIT = 100_000

Result = TypeVar("Result")


@dataclass(frozen=True)
class CachedTracker:
    """The latest session of a conversation as it stands in the database up to its last row."""

    last_row: int
    tracker: Conversation
    # The domain of another model may have other slots.
    domain: Domain


class ConversationStore(TrackerStore):
    """Tracker store with a write-through cache.

    Stock Rasa reads and deserialises all events of a conversation for each message, a third of its work. Events are ordered by
    their rows, not by their times: the clocks of servers may differ.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: OutboxBroker | None = None, db: str = "conversations.db", **_: Any
    ) -> None:
        """Opens the database that DATABASE_URL names, or else the file `db`, and creates its tables.

        Raises WrongSchemaVersion. A database that cannot be reached is only logged, and tried again later.
        """
        super().__init__(domain, event_broker)
        address = database_address(db)
        self.engine = open_engine(address)
        self.database = CircuitBreaker("database", TIMEOUT_SECONDS, FAILURES)
        self._file = address if self.engine.dialect.name == "sqlite" else None
        self._file_connection: sqlite3.Connection | None = None
        self._readers = ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix="reading")
        self._observer = TurnObserver()
        self._writer = GroupCommitWriter(self.connect, self._observer.record)
        self._scrubber = FileScrubber(self.engine, address, self._writer.run) if self._file else None
        self._schema_lock = threading.Lock()
        self._has_schema = False
        self._cache: OrderedDict[str, CachedTracker] = OrderedDict()
        try:
            self._ensure_schema()
        except WrongSchemaVersion as problem:
            # JSON logs leave the message of an exception out.
            logger.error("%s", problem)
            raise
        except FAILURES as problem:
            logger.error("The database cannot be reached; it will be tried again. %s", problem)
        if event_broker:
            event_broker.open(self._detached_connection)

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction, for the calling thread."""
        self._ensure_schema()
        with self.engine.begin() as connection:
            yield connection

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Runs work in a transaction and in a thread. Raises Unavailable."""

        def transaction() -> Result:
            with self.connect() as connection:
                return work(connection)

        return await self.database.call(lambda: asyncio.get_running_loop().run_in_executor(self._readers, transaction))

    async def write(self, rows: Rows) -> int:
        """Commits rows; returns the id of the conversation's last row. Raises Unavailable."""
        return await self.database.call(lambda: asyncio.wrap_future(self._writer.write(rows)))

    async def lookup(self, query: str, **parameters: str) -> int | None:
        """The first value of an indexed query. Raises Unavailable.

        On an SQLite file it runs in the event loop, in some microseconds, unless the file is locked.
        """
        if self._file and self._has_schema:
            try:
                row = self._readonly(self._file).execute(query, parameters).fetchone()
                return row[0] if row else None
            except sqlite3.OperationalError:
                pass
        return await self.run(lambda connection: connection.execute(sa.text(query), parameters).scalar())

    async def ping(self) -> None:
        """Checks that the database answers and, after an outage, that it takes writes again. Raises Unavailable."""
        if self.database.closed:
            await self.run(lambda connection: connection.execute(sa.select(VERSION)))
        else:
            await self.run(lambda connection: connection.execute(VERSION.update().values(version=VERSION.c.version)))

    async def outbox_length(self) -> int:
        """The number of events that wait for the broker, counted up to OUTBOX_LIMIT. Raises Unavailable."""
        first = sa.select(OUTBOX.c.id).limit(OUTBOX_LIMIT).subquery()
        return int(
            await self.run(lambda connection: connection.execute(sa.select(sa.func.count()).select_from(first)).scalar_one())
        )

    async def retrieve(self, sender_id: str) -> Conversation | None:
        """A copy of a conversation's latest session, or None. Raises Unavailable."""
        cached = self._cache.get(sender_id)
        if cached is None or cached.domain is not self.domain or cached.last_row != await self._last_row(sender_id):
            cached = await self._load(sender_id)
        return cached.tracker.copy() if cached else None

    async def retrieve_full_tracker(self, conversation_id: str) -> Conversation | None:
        """A conversation with all its sessions, or None. Raises Unavailable."""
        events = await self.run(lambda connection: stored_events(connection, conversation_id, whole=True))
        return Conversation.from_events(conversation_id, events, self.domain.slots) if events else None

    async def keys(self) -> Iterable[str]:
        """The sender ids of all conversations. Raises Unavailable."""
        return await self.run(lambda connection: connection.execute(sa.select(EVENTS.c.sender_id).distinct()).scalars().all())

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Commits the events of a tracker that are not stored yet. Raises Unavailable."""
        sender_id = tracker.sender_id
        cached = self._cache.get(sender_id) or await self._load(sender_id)
        known = list(cached.tracker.events) if cached else []
        new = list(itertools.islice(tracker.events, len(known), None))
        if not new:
            return
        rows = Rows(notes=await self._observer.prepare(row_id(sender_id), known, new))
        if first_message(new) and replied_with(new, ERASED):
            await self._erase(sender_id, new, rows, cached.last_row if cached else 0)
            return
        rows.events = [event_row(row_id(sender_id), event) for event in new]
        if self.event_broker:
            rows.outbox = [outbox_row(sender_id, event.as_dict()) for event in new]
        last_row = await self.write(rows)
        if isinstance(tracker, Conversation) and all(map(operator.is_, known, tracker.events)):
            self._store_in_cache(last_row, tracker.copy())
        else:
            self._store_in_cache(last_row, Conversation.from_events(sender_id, known + new, self.domain.slots))

    async def scrub(self) -> None:
        """Removes the remains of deleted rows from an SQLite file, as far as its size allows now. Never raises."""
        if self._scrubber:
            await self._scrubber.scrub()

    async def messages(self, sender_id: str, limit: int, after: float = 0, before: float = math.inf) -> list[dict[str, Any]]:
        """The latest `user` and `bot` events of a conversation as they are stored, over all sessions, oldest first.

        At most `limit` of them; `after` and `before` are times in seconds. Raises Unavailable.
        """
        events = EVENTS.c
        latest = (
            sa.select(events.data)
            .where(events.sender_id == row_id(sender_id), events.type_name.in_(("user", "bot")))
            .where(events.timestamp > after, events.timestamp < before)
            .order_by(events.id.desc())
            .limit(limit)
        )
        rows = await self.run(lambda connection: connection.execute(latest).scalars().all())
        return [json.loads(row) for row in reversed(rows)]

    async def _erase(self, sender_id: str, new: list[Event], rows: Rows, last_row: int) -> None:
        """Replaces all data of a person by the replies of the turn that erases it. Raises Unavailable."""
        message = first_message(new)
        replies = [event for event in new if isinstance(event, BotUttered)]
        session = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
        remaining = [*session, *replies, ActionExecuted("action_listen")]
        rows.events = [event_row(row_id(sender_id), event) for event in remaining]
        # Deduplicates a second delivery of the message.
        rows.events[-1]["message_id"] = (message.metadata or {}).get("said") if message else None
        if self.event_broker:
            rows.outbox = [outbox_row(sender_id, {"event": ERASED, "timestamp": time()})]
        rows.after = partial(erase, sender_id=sender_id, last_event=last_row)
        self._store_in_cache(await self.write(rows), Conversation.from_events(sender_id, remaining, self.domain.slots))
        await self.scrub()

    async def _last_row(self, sender_id: str) -> int:
        return await self.lookup(LAST_ROW, sender_id=row_id(sender_id)) or 0

    async def _load(self, sender_id: str) -> CachedTracker | None:
        last_row = await self._last_row(sender_id)
        # Most conversations outside the cache are new; this query takes a fiftieth of the time of the next.
        if not last_row:
            # Erased by another server, or expired.
            self._cache.pop(sender_id, None)
            return None
        events = await self.run(lambda connection: stored_events(connection, sender_id))
        return self._store_in_cache(last_row, Conversation.from_events(sender_id, events, self.domain.slots))

    def _readonly(self, file: str) -> sqlite3.Connection:
        if self._file_connection is None:
            # No timeout: a locked file must not block the event loop.
            self._file_connection = sqlite3.connect(file, timeout=0, isolation_level=None)
        return self._file_connection

    def _detached_connection(self) -> Connection:
        self._ensure_schema()
        connection = self.engine.connect()
        # Outside the pool, whose connections the turns need.
        connection.detach()
        return connection

    def _ensure_schema(self) -> None:
        if not self._has_schema:
            with self._schema_lock:
                if not self._has_schema:
                    create_schema(self.engine)
                    self._has_schema = True

    def _store_in_cache(self, last_row: int, tracker: Conversation) -> CachedTracker:
        events = list(tracker.events)
        starts = [number for number, event in enumerate(events) if isinstance(event, SessionStarted)]
        if starts and starts[-1]:
            # A session start resets the tracker, so earlier events do not matter.
            tracker.events = deque(events[starts[-1] :])
        cached = self._cache[tracker.sender_id] = CachedTracker(last_row, tracker, self.domain)
        self._cache.move_to_end(tracker.sender_id)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return cached


def stored_events(connection: Connection, sender_id: str, whole: bool = False) -> list[Event]:
    """The stored events of a conversation's latest session, or of all its sessions."""
    own = EVENTS.c.sender_id == row_id(sender_id)
    rows = sa.select(EVENTS.c.data).where(own).order_by(EVENTS.c.id)
    if not whole:
        start = sa.select(sa.func.max(EVENTS.c.id)).where(own, EVENTS.c.type_name == SessionStarted.type_name)
        rows = rows.where(EVENTS.c.id >= sa.func.coalesce(start.scalar_subquery(), 0))
    events = (Event.from_parameters(json.loads(row)) for row in connection.execute(rows).scalars())
    return [event for event in events if event]


def disable_store_fallback() -> None:
    """Disables Rasa's `FailSafeTrackerStore`, which falls back to an empty in-memory store when the database fails."""
    rasa.core.agent.FailSafeTrackerStore = lambda store: store

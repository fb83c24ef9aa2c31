"""The tracker store: conversations in SQLite or PostgreSQL, without reading back at every message what was just written."""

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
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from trialguide.content.catalogue import load_catalogue
from trialguide.runtime.circuit_breaker import CircuitBreaker
from trialguide.storage.conversation import Conversation
from trialguide.storage.database import FAILURES, POOL, database_address, open_engine
from trialguide.storage.event_broker import OutboxBroker, outbox_row
from trialguide.storage.group_commit import LAST_ROW, GroupCommitWriter, Rows, event_row, row_id
from trialguide.storage.retention import ERASED, erase
from trialguide.storage.schema import EVENTS, UNANSWERED, VERSION, migrate
from trialguide.storage.turn_summary import TurnSummary, summarise_turn
from trialguide.storage.unanswered import note_choice, reason, unanswered_row
from trialguide.storage.usage_counts import Count, count_turn

logger = logging.getLogger(__name__)

# Conversations whose events are kept at hand; one of a hundred turns takes about half a megabyte.
RECENT = 300
# Nobody waits longer for the database.
PATIENCE_SECONDS = 2.5

Result = TypeVar("Result")


@dataclass(frozen=True)
class CachedTracker:
    """A conversation at hand: the number of its last row, and its latest session as it stands in the database."""

    last_row: int
    tracker: Conversation
    # Slots may differ in the domain of another model.
    domain: Domain


class ConversationStore(TrackerStore):
    """Keeps conversations in a database and the latest ones in memory too.

    Reading and deserialising the events of a conversation is a third of the work that stock Rasa does for a message. Here
    recent conversations stay in memory, beside the number of the last row that was written for them. That number is compared
    with the database at every message, so another server that writes into the same one is noticed. All but that look into an
    SQLite file is done in threads. A turn is saved when it is on the disk, not before; when the database does not answer,
    `Unavailable` is raised and nothing is pretended. Events are in the order of their rows: the clocks of servers may differ.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: OutboxBroker | None = None, db: str = "conversations.db", **_: Any
    ) -> None:
        """Opens the database that DATABASE_URL names, or else the file `db`, and makes what is missing in it."""
        super().__init__(domain, event_broker)
        address = database_address(db)
        self.engine = open_engine(address)
        self.database = CircuitBreaker("database", PATIENCE_SECONDS, FAILURES)
        self._file = address if self.engine.dialect.name == "sqlite" else None
        self._glance: sqlite3.Connection | None = None
        self._readers = ThreadPoolExecutor(max_workers=POOL, thread_name_prefix="reading")
        self._writer = GroupCommitWriter(self.connect)
        self._migrating = threading.Lock()
        self._migrated = False
        self._recent: OrderedDict[str, CachedTracker] = OrderedDict()
        try:
            self._migrate()
        except FAILURES as problem:
            logger.error("The database cannot be reached; it will be tried again. %s", problem)
        if event_broker:
            event_broker.open(self._lasting_connection)

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction, for the thread that asks for it."""
        self._migrate()
        with self.engine.begin() as connection:
            yield connection

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Does work in a transaction and in a thread. Raises Unavailable."""

        def within() -> Result:
            with self.connect() as connection:
                return work(connection)

        return await self.database.call(lambda: asyncio.get_running_loop().run_in_executor(self._readers, within))

    async def write(self, rows: Rows) -> int:
        """Writes rows; the number of the last event's row. Raises Unavailable."""
        return await self.database.call(lambda: asyncio.wrap_future(self._writer.write(rows)))

    async def lookup(self, query: str, **parameters: str) -> int | None:
        """The first value that a query finds by an index. Raises Unavailable.

        It is looked up in the event loop if the database is a file that nobody locks: there it takes some microseconds.
        """
        if self._file and self._migrated:
            try:
                row = self._readonly(self._file).execute(query, parameters).fetchone()
                return row[0] if row else None
            except sqlite3.OperationalError:
                pass
        return await self.run(lambda connection: connection.execute(sa.text(query), parameters).scalar())

    async def ping(self) -> None:
        """Looks whether the database is there and, after an outage, whether it can be written to again. Raises Unavailable."""
        if self.database.closed:
            await self.run(lambda connection: connection.execute(sa.select(VERSION)))
        else:
            await self.run(lambda connection: connection.execute(VERSION.update().values(version=VERSION.c.version)))

    async def retrieve(self, sender_id: str) -> Conversation | None:
        """The latest session of a conversation, or None when there is none. Raises Unavailable."""
        kept = self._recent.get(sender_id)
        if kept is None or kept.domain is not self.domain or kept.last_row != await self._last_row(sender_id):
            kept = await self._read(sender_id)
        return kept.tracker.copy() if kept else None

    async def retrieve_full_tracker(self, conversation_id: str) -> Conversation | None:
        """A conversation with all its sessions, or None when there is none. Raises Unavailable."""
        events = await self.run(lambda connection: stored_events(connection, conversation_id, whole=True))
        return Conversation.from_events(conversation_id, events, self.domain.slots) if events else None

    async def keys(self) -> Iterable[str]:
        """The sender ids of all conversations. Raises Unavailable."""
        return await self.run(lambda connection: connection.execute(sa.select(EVENTS.c.sender_id).distinct()).scalars().all())

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Writes the events of a tracker that are not in the database yet. Raises Unavailable."""
        kept = self._recent.get(tracker.sender_id) or await self._read(tracker.sender_id)
        known = list(kept.tracker.events) if kept else []
        new = list(itertools.islice(tracker.events, len(known), None))
        if not new:
            return
        turn = summarise_turn(known, new)
        if turn and turn.said(ERASED):
            await self._erase(tracker.sender_id, turn, kept.last_row if kept else 0)
            return
        rows = Rows(events=[event_row(row_id(tracker.sender_id), event) for event in new])
        if self.event_broker:
            rows.outbox = [outbox_row(tracker.sender_id, event.as_dict()) for event in new]
        if turn:
            await self._note(rows, row_id(tracker.sender_id), turn)
        last_row = await self.write(rows)
        if isinstance(tracker, Conversation) and all(map(operator.is_, known, tracker.events)):
            self._keep(last_row, tracker.copy())
        else:
            self._keep(last_row, Conversation.from_events(tracker.sender_id, known + new, self.domain.slots))

    async def _note(self, rows: Rows, sender: str, turn: TurnSummary) -> None:
        """Adds to the rows of a turn what is counted of it, and the message itself if it was not understood."""
        titles = load_catalogue().titles
        try:
            chosen = turn.chosen(titles)
            # Masking takes some milliseconds.
            unanswered = await asyncio.to_thread(unanswered_row, sender, turn, titles) if reason(turn) else None
            rows.counts = count_turn(turn, time(), titles)
        except Exception as error:
            # An answer is worth more than its figures.
            logger.error("A turn could not be counted: %s", type(error).__name__)
            return

        def also(connection: Connection) -> None:
            if chosen:
                note_choice(connection, sender, chosen)
            if unanswered:
                connection.execute(UNANSWERED.insert(), unanswered)

        rows.after = also if chosen or unanswered else None

    async def _erase(self, sender_id: str, turn: TurnSummary, last_row: int) -> None:
        """Leaves nothing of a person but the replies of the turn in which they had all erased. Raises Unavailable."""
        left = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen"), *turn.replies]
        left.append(ActionExecuted("action_listen"))
        rows = Rows(events=[event_row(row_id(sender_id), event) for event in left])
        # A second delivery of the message is still known.
        rows.events[-1]["said"] = (turn.heard.metadata or {}).get("said")
        if self.event_broker:
            rows.outbox = [outbox_row(sender_id, {"event": ERASED, "timestamp": time()})]
        rows.counts = [Count(turn.day, turn.channel, "erased", "")]
        rows.after = partial(erase, sender_id=sender_id, last_event=last_row)
        self._keep(await self.write(rows), Conversation.from_events(sender_id, left, self.domain.slots))

    async def messages(self, sender_id: str, most: int, after: float = 0, before: float = math.inf) -> list[dict[str, Any]]:
        """The latest events of a conversation in which somebody says something, in their order, as they are stored.

        At most so many, over all sessions; `after` and `before` are times in seconds. Raises Unavailable.
        """
        events = EVENTS.c
        latest = (
            sa.select(events.data)
            .where(events.sender_id == row_id(sender_id), events.type_name.in_(("user", "bot")))
            .where(events.timestamp > after, events.timestamp < before)
            .order_by(events.id.desc())
            .limit(most)
        )
        rows = await self.run(lambda connection: connection.execute(latest).scalars().all())
        return [json.loads(row) for row in reversed(rows)]

    async def _last_row(self, sender_id: str) -> int:
        return await self.lookup(LAST_ROW, sender_id=row_id(sender_id)) or 0

    async def _read(self, sender_id: str) -> CachedTracker | None:
        last_row = await self._last_row(sender_id)
        # Most conversations that are not at hand are new; asking for the number alone takes a fiftieth of the time.
        if not last_row:
            # Erased by another server, or too old.
            self._recent.pop(sender_id, None)
            return None
        events = await self.run(lambda connection: stored_events(connection, sender_id))
        return self._keep(last_row, Conversation.from_events(sender_id, events, self.domain.slots))

    def _readonly(self, file: str) -> sqlite3.Connection:
        if self._glance is None:
            # It never waits: whatever locks the file, the event loop goes on.
            self._glance = sqlite3.connect(file, timeout=0, isolation_level=None)
        return self._glance

    def _lasting_connection(self) -> Connection:
        self._migrate()
        connection = self.engine.connect()
        # Not the pool's any more: what it has locked is free when it is closed.
        connection.detach()
        return connection

    def _migrate(self) -> None:
        if not self._migrated:
            with self._migrating:
                if not self._migrated:
                    migrate(self.engine)
                    self._migrated = True

    def _keep(self, last_row: int, tracker: Conversation) -> CachedTracker:
        events = list(tracker.events)
        starts = [number for number, event in enumerate(events) if isinstance(event, SessionStarted)]
        if starts and starts[-1]:
            # A session begins with all as it was at first, so what came before it is not needed.
            tracker.events = deque(events[starts[-1] :])
        kept = self._recent[tracker.sender_id] = CachedTracker(last_row, tracker, self.domain)
        self._recent.move_to_end(tracker.sender_id)
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return kept


def stored_events(connection: Connection, sender_id: str, whole: bool = False) -> list[Event]:
    """The events of a conversation's latest session, or of all its sessions, as they are stored."""
    own = EVENTS.c.sender_id == row_id(sender_id)
    rows = sa.select(EVENTS.c.data).where(own).order_by(EVENTS.c.id)
    if not whole:
        start = sa.select(sa.func.max(EVENTS.c.id)).where(own, EVENTS.c.type_name == SessionStarted.type_name)
        rows = rows.where(EVENTS.c.id >= sa.func.coalesce(start.scalar_subquery(), 0))
    events = (Event.from_parameters(json.loads(row)) for row in connection.execute(rows).scalars())
    return [event for event in events if event]


def disable_store_fallback() -> None:
    """Has Rasa raise what a store raises; Rasa would answer out of an empty memory, as if nothing had been said before."""
    rasa.core.agent.FailSafeTrackerStore = lambda store: store

"""The tracker store: Rasa's SQL store on SQLite, without reading back at every message what was just written."""

import asyncio
import contextlib
import itertools
import json
import math
import operator
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from stores.conversation import Conversation

# Conversations whose events are kept at hand; one of a hundred turns takes about half a megabyte.
RECENT = 500
BUSY_SECONDS = 10


@dataclass(frozen=True)
class Kept:
    """A conversation at hand: the number of its last row in the file, and its latest session as it stands there."""

    last_row: int
    tracker: Conversation
    # Slots may differ in the domain of another model.
    domain: Domain


@dataclass(frozen=True)
class Turn:
    """Rows that wait to be written, and where the number of the last one is awaited."""

    sender_id: str
    rows: list[dict[str, Any]]
    written: Future[int] = field(default_factory=Future)


class ConversationStore(SQLTrackerStore):
    """Keeps conversations in an SQLite file and the latest ones in memory too.

    Reading and deserialising the events of a conversation is a third of the work that stock Rasa does for a message. Here
    recent conversations stay in memory, beside the number of the last row that was written for them. That number is compared
    with the file at every message, so a second process that writes into the same file is noticed. What is new is written in a
    thread of its own: nobody waits for somebody else's turn to reach the disk. Turns that come in while the disk is busy are
    written together, as the disk takes as long for many as for one. A turn is saved when it is on the disk, not before.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: EventBroker | None = None, db: str = "conversations.db", **_: Any
    ) -> None:
        """Opens or makes the file `db`."""
        super().__init__(domain=domain, event_broker=event_broker, db=db)
        self.engine: sa.engine.Engine = sa.create_engine(
            sa.engine.URL.create("sqlite", database=str(Path(db))),
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            # An error would quote what somebody typed.
            hide_parameters=True,
            poolclass=sa.pool.QueuePool,
        )
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="conversations")
        self._waiting: deque[Turn] = deque()
        with self.engine.connect() as connection:
            # Readers and the writer do not wait for each other, and a commit is on the disk when it returns.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
        self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        self._table = self.SQLEvent.__table__
        self._last_row = sa.select(sa.func.max(self._table.c.id)).where(self._table.c.sender_id == sa.bindparam("sender_id"))
        self._insert = self._table.insert()
        self._recent: OrderedDict[str, Kept] = OrderedDict()

    @contextlib.contextmanager
    def session_scope(self) -> Iterator[sa.orm.Session]:
        """A session; Rasa's own ends the whole server when a sender id cannot be encoded."""
        with self.sessionmaker() as session:
            yield session

    async def retrieve(self, sender_id: str) -> Conversation | None:
        """The latest session of a conversation, or None when there is none."""
        kept = self._recent.get(sender_id)
        if kept is None or kept.domain is not self.domain or kept.last_row != self._last_row_in_file(sender_id):
            kept = await self._read(sender_id)
        return kept.tracker.copy() if kept else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Writes the events of a tracker that are not in the file yet."""
        await self.stream_events(tracker)
        kept = self._recent.get(tracker.sender_id) or await self._read(tracker.sender_id)
        known = list(kept.tracker.events) if kept else []
        new = list(itertools.islice(tracker.events, len(known), None))
        if not new:
            return
        turn = Turn(tracker.sender_id, [self._row(tracker.sender_id, event) for event in new])
        self._waiting.append(turn)
        self._writer.submit(self._write_waiting)
        last_row = await asyncio.wrap_future(turn.written)
        if isinstance(tracker, Conversation) and all(map(operator.is_, known, tracker.events)):
            self._keep(last_row, tracker.copy())
        else:
            self._keep(last_row, Conversation.from_events(tracker.sender_id, known + new, self.domain.slots))

    async def said(self, sender_id: str, most: int, after: float = 0, before: float = math.inf) -> list[dict[str, Any]]:
        """The latest events of a conversation in which somebody says something, in their order, as they are stored.

        At most so many, over all sessions; `after` and `before` are times in seconds.
        """
        return await asyncio.to_thread(self._said, sender_id, most, after, before)

    def _said(self, sender_id: str, most: int, after: float, before: float) -> list[dict[str, Any]]:
        table = self._table.c
        latest = (
            sa.select(table.data)
            .where(table.sender_id == sender_id, table.type_name.in_(("user", "bot")))
            .where(table.timestamp > after, table.timestamp < before)
            .order_by(table.id.desc())
            .limit(most)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(latest).scalars().all()
        return [json.loads(row) for row in reversed(rows)]

    async def _read(self, sender_id: str) -> Kept | None:
        last_row = self._last_row_in_file(sender_id)
        # Most conversations that are not at hand are new; asking for the number alone takes a fiftieth of the time.
        stored = await super().retrieve(sender_id) if last_row else None
        if stored is None:
            return None
        return self._keep(last_row, Conversation.from_events(sender_id, list(stored.events), self.domain.slots))

    def _write_waiting(self) -> None:
        """Writes all turns that wait by now; if one of them cannot be, each by itself, so that nobody suffers for another."""
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        turns = [turn for turn in taken if turn.written.set_running_or_notify_cancel()]
        try:
            last_rows = self._write(turns)
        except sa.exc.OperationalError as problem:
            # The disk is full or the file is locked: no turn would fare better, and each would wait as long again.
            for turn in turns:
                turn.written.set_exception(problem)
            return
        except Exception:
            for turn in turns:
                try:
                    turn.written.set_result(*self._write([turn]))
                except Exception as problem:
                    turn.written.set_exception(problem)
            return
        for turn, last_row in zip(turns, last_rows, strict=True):
            turn.written.set_result(last_row)

    def _write(self, turns: list[Turn]) -> list[int]:
        """Writes turns at one go; the number of the last row of each conversation."""
        if not turns:
            return []
        with self.engine.begin() as connection:
            connection.execute(self._insert, [row for turn in turns for row in turn.rows])
            return [self._last_row_of(connection, turn.sender_id) for turn in turns]

    def _last_row_in_file(self, sender_id: str) -> int:
        with self.engine.connect() as connection:
            return self._last_row_of(connection, sender_id)

    def _last_row_of(self, connection: Connection, sender_id: str) -> int:
        return connection.execute(self._last_row, {"sender_id": sender_id}).scalar() or 0

    def _keep(self, last_row: int, tracker: Conversation) -> Kept:
        events = list(tracker.events)
        starts = [number for number, event in enumerate(events) if isinstance(event, SessionStarted)]
        if starts and starts[-1]:
            # A session begins with all as it was at first, so what came before it is not needed.
            tracker.events = deque(events[starts[-1] :])
        kept = self._recent[tracker.sender_id] = Kept(last_row, tracker, self.domain)
        self._recent.move_to_end(tracker.sender_id)
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return kept

    @staticmethod
    def _row(sender_id: str, event: Event) -> dict[str, Any]:
        data = event.as_dict()
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
            "action_name": data.get("name"),
            "data": json.dumps(data),
        }

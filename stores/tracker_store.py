"""The tracker store: Rasa's SQL store on SQLite, without reading back at every message what was just written."""

import asyncio
import contextlib
import itertools
import json
import math
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

# Conversations whose events are kept at hand; one of a hundred turns takes about half a megabyte.
RECENT = 500
BUSY_SECONDS = 10


class ConversationStore(SQLTrackerStore):
    """Keeps conversations in an SQLite file and the latest ones in memory too.

    Reading and deserialising the events of a conversation is a third of the work that stock Rasa does for a message. Here
    the events of recent conversations stay in memory, beside the number of the last row that was written for them. That
    number is compared with the file at every message, so a second process that writes into the same file is noticed. What is
    new is written in a thread of its own: nobody waits for somebody else's turn to reach the disk.
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
        with self.engine.connect() as connection:
            # Readers and the writer do not wait for each other, and a commit is on the disk when it returns.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
        self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        self._table = self.SQLEvent.__table__
        self._last_row = sa.select(sa.func.max(self._table.c.id)).where(self._table.c.sender_id == sa.bindparam("sender_id"))
        self._insert = self._table.insert()
        self._recent: OrderedDict[str, tuple[int, list[Event]]] = OrderedDict()

    @contextlib.contextmanager
    def session_scope(self) -> Iterator[sa.orm.Session]:
        """A session; Rasa's own ends the whole server when a sender id cannot be encoded."""
        with self.sessionmaker() as session:
            yield session

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The latest session of a conversation, or None when there is none."""
        events = self._known_events(sender_id)
        if events is not None and self.domain:
            return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker = await super().retrieve(sender_id)
        if tracker is not None:
            with self.engine.connect() as connection:
                self._remember(sender_id, self._last_row_of(connection, sender_id), list(tracker.events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Writes the events of a tracker that are not in the file yet."""
        await self.stream_events(tracker)
        if tracker.sender_id in self._recent:
            _, known = self._recent[tracker.sender_id]
        else:
            stored = await super().retrieve(tracker.sender_id)
            known = list(stored.events) if stored else []
        new = list(itertools.islice(tracker.events, len(known), None))
        rows = [self._row(tracker.sender_id, event) for event in new]
        last = await asyncio.get_running_loop().run_in_executor(self._writer, self._write, tracker.sender_id, rows)
        self._remember(tracker.sender_id, last, known + new)

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

    def _write(self, sender_id: str, rows: list[dict[str, Any]]) -> int:
        """Writes the rows; the number of the conversation's last one."""
        with self.engine.begin() as connection:
            if rows:
                connection.execute(self._insert, rows)
            return self._last_row_of(connection, sender_id)

    def _known_events(self, sender_id: str) -> list[Event] | None:
        """The events of the latest session if they are at hand and nobody has written others since."""
        known = self._recent.get(sender_id)
        if known is None:
            return None
        with self.engine.connect() as connection:
            if self._last_row_of(connection, sender_id) != known[0]:
                return None
        return known[1]

    def _last_row_of(self, connection: Connection, sender_id: str) -> int:
        return connection.execute(self._last_row, {"sender_id": sender_id}).scalar() or 0

    def _remember(self, sender_id: str, last: int, events: list[Event]) -> None:
        starts = [number for number, event in enumerate(events) if isinstance(event, SessionStarted)]
        self._recent[sender_id] = (last, events[starts[-1] :] if starts else events)
        self._recent.move_to_end(sender_id)
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)

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

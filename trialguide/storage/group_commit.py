"""Group commit: one thread writes to the database, and commits all pending writes in one transaction."""

import contextlib
import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.shared.core.events import Event, UserUttered
from sqlalchemy.engine import Connection

from trialguide.storage.database import FAILURES, insert_into, now
from trialguide.storage.schema import EVENTS, MESSAGES, OUTBOX
from trialguide.storage.turn_observer import TurnNotes

MAX_SENDER_LENGTH = 255
# Characters that PostgreSQL or UTF-8 rejects.
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")

LAST_ROW = "SELECT max(id) FROM events WHERE sender_id = :sender_id"
_LAST_ROW = sa.text(LAST_ROW)

Row = dict[str, Any]
Result = TypeVar("Result")


@dataclass
class Rows:
    """Rows that belong together: all of them are stored, or none."""

    messages: list[Row] = field(default_factory=list)
    # Events of one conversation. Their messages leave the inbox, unless the answer is still to be delivered.
    events: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    # Of a turn, for the observer of saved turns.
    notes: TurnNotes | None = None
    # Further statements, after the events and before the outbox.
    after: Callable[[Connection], None] | None = None
    # Resolves after the commit: the id of the conversation's last row, 0 without events.
    committed: "Future[int]" = field(default_factory=Future)


class GroupCommitWriter:
    """The writer thread. A commit waits for the disk, however much it holds, so pending writes share one."""

    def __init__(
        self,
        connect: Callable[[], contextlib.AbstractContextManager[Connection]],
        observe: Callable[[Connection, Sequence[TurnNotes]], None],
    ) -> None:
        """`connect` opens a transaction; `observe` is called in it with the turns that it saves."""
        self._connect = connect
        self._observe = observe
        self._pending: deque[Rows] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writing")

    def write(self, rows: Rows) -> "Future[int]":
        """Queues rows; returns `rows.committed`. Rows whose future is cancelled in time are not written."""
        self._pending.append(rows)
        self._thread.submit(self._write_pending)
        return rows.committed

    def run(self, work: Callable[[], Result]) -> "Future[Result]":
        """Queues work that must not run beside a write."""
        return self._thread.submit(work)

    def _write_pending(self) -> None:
        """Writes all pending rows together; if that fails because of some of them, each on its own."""
        taken = [self._pending.popleft() for _ in range(len(self._pending))]
        batch = [rows for rows in taken if rows.committed.set_running_or_notify_cancel()]
        try:
            last_rows = self._write(batch)
        except FAILURES as problem:
            # The database is unavailable, which each retry would only find out after the same timeout.
            for rows in batch:
                rows.committed.set_exception(problem)
            return
        except Exception:
            for rows in batch:
                try:
                    rows.committed.set_result(*self._write([rows]))
                except Exception as problem:
                    rows.committed.set_exception(problem)
            return
        for rows, last_row in zip(batch, last_rows, strict=True):
            rows.committed.set_result(last_row)

    def _write(self, batch: list[Rows]) -> list[int]:
        if not batch:
            return []
        with self._connect() as connection:
            _receive(connection, [row for rows in batch for row in rows.messages])
            _store_events(connection, [row for rows in batch for row in rows.events])
            for rows in batch:
                if rows.after:
                    rows.after(connection)
            outbox = [row for rows in batch for row in rows.outbox]
            if outbox:
                connection.execute(OUTBOX.insert().values(queued_at=now(connection)), outbox)
            self._observe(connection, [rows.notes for rows in batch if rows.notes])
            return [last_row(connection, rows.events[0]["sender_id"]) if rows.events else 0 for rows in batch]


def last_row(connection: Connection, sender_id: str) -> int:
    """The id of a conversation's last row; 0 without one."""
    return connection.execute(_LAST_ROW, {"sender_id": sender_id}).scalar() or 0


def event_row(sender_id: str, event: Event) -> Row:
    """The row of an event, for a sender id from `row_id`."""
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        # ASCII, so that no database rejects a character.
        "data": json.dumps(data),
        "message_id": (event.metadata or {}).get("said") if isinstance(event, UserUttered) else None,
    }


def row_id(sender_id: str) -> str:
    """A sender id as it is stored: itself, or its hash if a database would reject it. Rasa's `rest` channel takes any."""
    if len(sender_id) <= MAX_SENDER_LENGTH and not NOT_STORABLE.search(sender_id):
        return sender_id
    return "sha256:" + hashlib.sha256(sender_id.encode("utf-8", "surrogatepass")).hexdigest()


def _receive(connection: Connection, messages: list[Row]) -> None:
    if messages:
        redelivered = {"index_elements": ["sender_id", "message_id"], "set_": {"request_id": ""}}
        insert = insert_into(MESSAGES, connection.dialect.name).values(received_at=now(connection))
        connection.execute(insert.on_conflict_do_update(**redelivered), messages)


def _store_events(connection: Connection, events: list[Row]) -> None:
    if events:
        connection.execute(EVENTS.insert(), events)
    for event in events:
        if event["message_id"]:
            own = (MESSAGES.c.sender_id == event["sender_id"], MESSAGES.c.message_id == event["message_id"])
            connection.execute(MESSAGES.delete().where(*own, MESSAGES.c.needs_delivery.is_(False)))

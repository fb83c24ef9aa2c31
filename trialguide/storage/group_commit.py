"""Writes into the database of the conversations, in one thread: whoever comes while it is busy is written together."""

import contextlib
import hashlib
import json
import re
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from rasa.shared.core.events import Event, UserUttered
from sqlalchemy.engine import Connection

from trialguide.storage.database import FAILURES, insert_into, now
from trialguide.storage.schema import EVENTS, MESSAGES, OUTBOX
from trialguide.storage.usage_counts import Count, add_counts

LONGEST_SENDER = 255
# What PostgreSQL or UTF-8 cannot take.
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")

LAST_ROW = "SELECT max(id) FROM events WHERE sender_id = :sender_id"
_LAST_ROW = sa.text(LAST_ROW)

Row = dict[str, Any]


@dataclass
class Rows:
    """What is to be written at one go."""

    messages: list[Row] = field(default_factory=list)
    # The events of one conversation; the messages among them no longer wait for their turn, at most for being sent.
    events: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    # What else is done with them, after the events and before what is passed on.
    after: Callable[[Connection], None] | None = None
    # The number of the last event's row, 0 without events; done when all is on the disk.
    written: "Future[int]" = field(default_factory=Future)


class GroupCommitWriter:
    """The thread that writes. A commit takes the disk as long for many as for one, so all that wait are written in one."""

    def __init__(self, connect: Callable[[], contextlib.AbstractContextManager[Connection]]) -> None:
        """`connect` gives a transaction."""
        self._connect = connect
        self._waiting: deque[Rows] = deque()
        # Under which this server counts.
        self._server = secrets.token_hex(4)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writing")

    def write(self, rows: Rows) -> "Future[int]":
        """Has rows written; `rows.written`. Whoever no longer waits for it when its time comes is left out."""
        self._waiting.append(rows)
        self._thread.submit(self._write_waiting)
        return rows.written

    def _write_waiting(self) -> None:
        """Writes all that waits by now; if something of it cannot be, each by itself, so that nobody suffers for another."""
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        waiting = [rows for rows in taken if rows.written.set_running_or_notify_cancel()]
        try:
            last_rows = self._write(waiting)
        except FAILURES as problem:
            # The disk is full, the file is locked, the server is away: nobody would fare better, and each would wait as long.
            for rows in waiting:
                rows.written.set_exception(problem)
            return
        except Exception:
            for rows in waiting:
                try:
                    rows.written.set_result(*self._write([rows]))
                except Exception as problem:
                    rows.written.set_exception(problem)
            return
        for rows, last_row in zip(waiting, last_rows, strict=True):
            rows.written.set_result(last_row)

    def _write(self, waiting: list[Rows]) -> list[int]:
        if not waiting:
            return []
        with self._connect() as connection:
            messages = [row for rows in waiting for row in rows.messages]
            if messages:
                shared = {"index_elements": ["sender_id", "said"], "set_": {"turn": ""}}
                receive = (
                    insert_into(MESSAGES, connection.dialect.name)
                    .values(received=now(connection))
                    .on_conflict_do_update(**shared)
                )
                connection.execute(receive, messages)
            events = [row for rows in waiting for row in rows.events]
            if events:
                connection.execute(EVENTS.insert(), events)
            for event in events:
                if event["said"]:
                    known = (MESSAGES.c.sender_id == event["sender_id"], MESSAGES.c.said == event["said"])
                    connection.execute(MESSAGES.delete().where(*known, MESSAGES.c.to_send.is_(False)))
            for rows in waiting:
                if rows.after:
                    rows.after(connection)
            outbox = [row for rows in waiting for row in rows.outbox]
            if outbox:
                connection.execute(OUTBOX.insert(), outbox)
            add_counts(connection, self._server, [count for rows in waiting for count in rows.counts])
            return [last_row(connection, rows.events[0]["sender_id"]) if rows.events else 0 for rows in waiting]


def last_row(connection: Connection, sender_id: str) -> int:
    """The number of the last row of a conversation; 0 when it has none."""
    return connection.execute(_LAST_ROW, {"sender_id": sender_id}).scalar() or 0


def event_row(sender_id: str, event: Event) -> Row:
    """An event as it is stored, for the sender id that `row_id` gives."""
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        # In ASCII, so that no database meets a character that it cannot take.
        "data": json.dumps(data),
        "said": (event.metadata or {}).get("said") if isinstance(event, UserUttered) else None,
    }


def row_id(sender_id: str) -> str:
    """A sender id as it is stored: itself, or its hash if a database could not take it. Rasa's `rest` channel takes any."""
    if len(sender_id) <= LONGEST_SENDER and not NOT_STORABLE.search(sender_id):
        return sender_id
    return "sha256:" + hashlib.sha256(sender_id.encode("utf-8", "surrogatepass")).hexdigest()

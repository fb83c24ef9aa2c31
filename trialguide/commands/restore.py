"""Restores a backup into the database: `python -m trialguide restore FILE`, into SQLite or PostgreSQL."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.commands.backup import BATCH, TABLES, open_database
from trialguide.storage.database import FAILURES, insert_into
from trialguide.storage.schema import COUNTS, EVENTS, SCHEMA_VERSION

Row = dict[str, Any]

# The version since which columns have the names of today.
RENAMED = 6
# Columns before that version, by table, and keys of the JSON in `messages.data`.
OLD_COLUMNS = {
    "events": {"said": "message_id"},
    "messages": {
        "said": "message_id",
        "turn": "request_id",
        "received": "received_at",
        "tries": "attempts",
        "to_send": "needs_delivery",
    },
    "ratings": {"rated": "rated_at"},
    "follows": {
        "telling": "notifying",
        "since": "notifying_since",
        "way_back": "reply_address",
        "followed": "followed_at",
    },
}
OLD_MESSAGE_KEYS = {"said": "message_id", "way_back": "reply_address"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file; the database is that of DATABASE_URL or CONVERSATIONS."""
    parser.add_argument("file", type=Path)


def main(arguments: argparse.Namespace) -> int:
    """0 on success, 1 when the file or the database cannot be used; then nothing has changed."""
    try:
        with arguments.file.open(encoding="utf-8") as lines:
            number, skipped = restore(open_database(), _parse(lines))
    except OSError as problem:
        print(f"{arguments.file} cannot be read: {problem.strerror}.", file=sys.stderr)
        return 1
    except (ValueError, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    except sa.exc.StatementError:
        print("The database refuses a row of this backup: the file was changed. Nothing was restored.", file=sys.stderr)
        return 1
    print(f"{number} rows were restored. {skipped} were left out: their conversations or counts are there already.")
    return 0


def restore(engine: Engine, rows: Iterator[Row]) -> tuple[int, int]:
    """Inserts rows in one transaction; returns how many, and how many it skipped because their conversation or server exists.

    Raises ValueError when the rows are no backup that this version can read.
    """
    head = next(rows, {})
    version = head.get("trialguide") if isinstance(head, dict) else None
    if not isinstance(version, int) or not 0 < version <= SCHEMA_VERSION:
        raise ValueError("This is no backup of TrialGuide, or one of a later version.")
    if version < RENAMED:
        rows = map(_with_new_names, rows)
    tables = {table.name: table for table in TABLES}
    with engine.begin() as connection:
        conversations = set(connection.execute(sa.select(EVENTS.c.sender_id).distinct()).scalars())
        servers = set(connection.execute(sa.select(COUNTS.c.server).distinct()).scalars())
        inserted = skipped = 0
        batch: list[Row] = []
        name = ""
        for row in rows:
            if row.get("sender_id") in conversations or row.get("server") in servers:
                skipped += 1
                continue
            if row["table"] in tables and not {"table"} < row.keys() <= {"table", *tables[row["table"]].c.keys()}:
                raise ValueError(f"A row of “{row['table']}” is none of this version. Nothing was restored.")
            if row["table"] != name or len(batch) == BATCH:
                _insert(connection, tables.get(name), batch)
                name, batch = row["table"], []
            batch.append({column: value for column, value in row.items() if column != "table"})
            inserted += 1
        _insert(connection, tables.get(name), batch)
    return inserted, skipped


def _parse(lines: Iterator[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            raise ValueError(f"Line {number} is not complete: the file was cut off or changed. Nothing was restored.") from None
        if number > 1 and not _is_row(row):
            raise ValueError(f"Line {number} is no row of a backup. Nothing was restored.")
        yield row


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and bool(row.get("table")) and not any(isinstance(one, dict | list) for one in row.values())


def _with_new_names(row: Row) -> Row:
    """A row of an earlier version with the names of this one."""
    renamed = _rename(row, OLD_COLUMNS.get(row["table"], {}))
    if row["table"] == "messages":
        renamed["data"] = json.dumps(_rename(json.loads(row["data"]), OLD_MESSAGE_KEYS))
    return renamed


def _rename(row: Row, names: dict[str, str]) -> Row:
    return {names.get(name, name): value for name, value in row.items()}


def _insert(connection: Connection, table: sa.Table | None, rows: list[Row]) -> None:
    if table is not None and rows:
        connection.execute(insert_into(table, connection.dialect.name).on_conflict_do_nothing(), rows)

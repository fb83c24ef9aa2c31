"""Reads what `python -m trialguide backup` wrote into the database: `python -m trialguide restore FILE`."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.commands.backup import AT_ONCE, TABLES, open_database
from trialguide.storage.database import FAILURES, insert_into
from trialguide.storage.schema import COUNTS, EVENTS, MIGRATIONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file; the database is that of DATABASE_URL or CONVERSATIONS."""
    parser.add_argument("file", type=Path)


def main(arguments: argparse.Namespace) -> int:
    """0 when everything is in the database, 1 when the file or the database cannot be used; then nothing has been changed."""
    try:
        with arguments.file.open(encoding="utf-8") as lines:
            number, left_out = restore(open_database(), (json.loads(line) for line in lines))
    except (ValueError, OSError, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{number} rows were restored. {left_out} were left out: their conversations or counts are there already.")
    return 0


def restore(engine: Engine, rows: Iterator[dict[str, Any]]) -> tuple[int, int]:
    """Adds rows in one transaction; how many, and how many belong to conversations or counts that were there before.

    Raises ValueError when the rows are not those of a backup that this version can read.
    """
    head = next(rows, {})
    if not 0 < head.get("trialguide", 0) <= len(MIGRATIONS):
        raise ValueError("This is no backup of TrialGuide, or one of a later version.")
    tables = {table.name: table for table in TABLES}
    with engine.begin() as connection:
        known = set(connection.execute(sa.select(EVENTS.c.sender_id).distinct()).scalars())
        servers = set(connection.execute(sa.select(COUNTS.c.server).distinct()).scalars())
        added = left_out = 0
        waiting: list[dict[str, Any]] = []
        name = ""
        for row in rows:
            if row.get("sender_id") in known or row.get("server") in servers:
                left_out += 1
                continue
            if row["table"] != name or len(waiting) == AT_ONCE:
                _insert(connection, tables.get(name), waiting)
                name, waiting = row["table"], []
            waiting.append({column: value for column, value in row.items() if column != "table"})
            added += 1
        _insert(connection, tables.get(name), waiting)
    return added, left_out


def _insert(connection: Connection, table: sa.Table | None, rows: list[dict[str, Any]]) -> None:
    if table is not None and rows:
        connection.execute(insert_into(table, connection.dialect.name).on_conflict_do_nothing(), rows)

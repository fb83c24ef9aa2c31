"""Backs up the database into a file of JSON lines: `python -m trialguide backup FILE`, from SQLite or PostgreSQL."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.content.files import ROOT
from trialguide.runtime.settings import process_settings
from trialguide.storage.database import FAILURES, database_address, open_engine
from trialguide.storage.schema import METADATA, OUTBOX, RATING_ADDRESSES, SCHEMA_VERSION, VERSION, create_schema

# The outbox belongs to one database and its broker, and addresses are kept no longer than a day, so both are left out.
TABLES = [table for table in METADATA.sorted_tables if table not in (VERSION, OUTBOX, RATING_ADDRESSES)]
LEFT_OUT = frozenset({"id", "daily_address"})
BATCH = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file; the database is that of DATABASE_URL or CONVERSATIONS."""
    parser.add_argument("file", type=Path, help="is made, for its owner alone to read")


def main(arguments: argparse.Namespace) -> int:
    """0 on success, 1 when the database or the file cannot be used."""
    try:
        engine = open_database()
        with os.fdopen(os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            number = 0
            for row in rows_of(engine):
                file.write(json.dumps(row) + "\n")
                number += 1
    except FileExistsError:
        print(f"{arguments.file} exists already: choose another name, or remove it.", file=sys.stderr)
        return 1
    except (ValueError, OSError, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{number - 1} rows are in {arguments.file}.")
    return 0


def open_database() -> Engine:
    """The assistant's database, with its tables. Raises ValueError and whatever the database raises."""
    engine = open_engine(database_address(ROOT / process_settings().conversations))
    create_schema(engine)
    return engine


def rows_of(engine: Engine) -> Iterator[dict[str, Any]]:
    """A head with the schema version, then every row with the name of its table, from one snapshot."""
    yield {"trialguide": SCHEMA_VERSION}
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            if engine.dialect.name == "sqlite":
                # pysqlite begins no transaction for reads by itself.
                connection.exec_driver_sql("BEGIN")
            for table in TABLES:
                yield from _rows_of_table(connection, table)


def _rows_of_table(connection: Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        rows = connection.execute(sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(BATCH)).mappings().all()
        for row in rows:
            yield {"table": table.name, **{name: value for name, value in row.items() if name not in LEFT_OUT}}
            last = row["id"]
        if not rows:
            return

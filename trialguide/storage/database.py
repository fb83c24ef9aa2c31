"""Database engines: an SQLite file, or PostgreSQL for several servers."""

import os
import select
from contextlib import suppress
from pathlib import Path
from time import monotonic, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trialguide.runtime.setting_values import POSTGRESQL
from trialguide.runtime.settings import process_settings

POOL_SIZE = 5
# Timeout of a statement, on both sides: a server that is frozen cannot time out by itself.
STATEMENT_SECONDS = 2.0
_MILLISECONDS = int(STATEMENT_SECONDS * 1000)
TIMEOUTS = (
    f"SET LOCAL statement_timeout={_MILLISECONDS}; SET LOCAL lock_timeout={_MILLISECONDS}; "
    f"SET LOCAL idle_in_transaction_session_timeout={5 * _MILLISECONDS}"
)
# SQLite: how long a connection waits for a lock of another process.
BUSY_SECONDS = 2.0
CHECKPOINT_MILLISECONDS = 100
FAILURES = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)


def database_address(file: str | Path) -> str:
    """The PostgreSQL address in DATABASE_URL, or else the SQLite file."""
    return process_settings().database_url or str(file)


def open_engine(address: str) -> sa.engine.Engine:
    """An engine for an address; it connects on first use."""
    # Error messages would quote what people typed.
    settings: dict[str, Any] = {"hide_parameters": True, "poolclass": sa.pool.QueuePool}
    if not address.startswith(POSTGRESQL):
        url = sa.engine.URL.create("sqlite", database=address)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **settings)
        sa.event.listen(engine, "do_connect", lambda *_: _create_private(address))
        sa.event.listen(engine, "connect", _configure_sqlite)
        return engine
    _set_wait_callback()
    engine = sa.create_engine(
        address,
        connect_args={"application_name": "trialguide"},
        pool_size=POOL_SIZE,
        max_overflow=1,
        pool_timeout=STATEMENT_SECONDS,
        # Detects connections that a restart of the database has closed.
        pool_pre_ping=True,
        **settings,
    )
    sa.event.listen(engine, "before_cursor_execute", _set_timeouts)
    return engine


def now(connection: sa.engine.Connection) -> sa.sql.ColumnElement:
    """The current time in seconds by the clock of the database: those of several servers may differ."""
    if connection.dialect.name == "sqlite":
        return sa.literal(time())
    return sa.extract("epoch", sa.func.clock_timestamp())


def insert_into(table: sa.Table, dialect: str) -> Any:
    """An insert statement of a dialect, by its name, which supports `ON CONFLICT`."""
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)


def truncate_wal(engine: sa.engine.Engine) -> bool:
    """Checkpoints the write-ahead log of an SQLite file and empties it; false while another connection still reads it."""
    with engine.connect() as connection:
        # Not the usual timeout: while a checkpoint waits for readers, nobody can write.
        connection.exec_driver_sql(f"PRAGMA busy_timeout={CHECKPOINT_MILLISECONDS}")
        try:
            busy: int = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    return not busy


def vacuum(engine: sa.engine.Engine) -> None:
    """Rewrites an SQLite file from its live rows.

    `secure_delete` zeroes deleted rows, but not the copies that SQLite leaves in free space when it moves rows between pages.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")


def _create_private(file: str) -> None:
    # SQLite gives its -wal and -shm files the same mode.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))


def _configure_sqlite(connection: Any, _: Any) -> None:
    # Readers and the writer do not block each other, and a commit is on the disk when it returns.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    # Deleted content is overwritten with zeros.
    connection.execute("PRAGMA secure_delete=ON")


def _set_timeouts(connection: sa.engine.Connection, cursor: Any, statement: str, *_: Any) -> None:
    """Sets the timeouts of a transaction before its first statement.

    Not of a session: PgBouncer refuses or ignores such parameters, and its pool gives each transaction another session.
    """
    from psycopg2.extensions import TRANSACTION_STATUS_IDLE

    if statement != TIMEOUTS and cursor.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
        # By the engine, which knows the failures of a lost connection.
        connection.exec_driver_sql(TIMEOUTS)


def _set_wait_callback() -> None:
    import psycopg2.extensions

    psycopg2.extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    """Waits for PostgreSQL with a timeout, as a callback of psycopg2; libpq would wait forever for a frozen server.

    psycopg2 closes the connection when this raises.
    """
    import psycopg2
    from psycopg2.extensions import POLL_OK, POLL_READ

    deadline = monotonic() + STATEMENT_SECONDS
    while (state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not poller.poll(max(0, deadline - monotonic()) * 1000):
            raise psycopg2.OperationalError("The database did not answer in time.")

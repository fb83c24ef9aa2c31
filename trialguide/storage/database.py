"""The database of the conversations: an SQLite file, or PostgreSQL for several servers."""

import select
from pathlib import Path
from time import monotonic, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trialguide.runtime.setting_values import POSTGRESQL
from trialguide.runtime.settings import process_settings

POOL = 5
# A database that takes longer is taken to be away. The server is told, too; one that is frozen cannot keep time itself.
ANSWER_SECONDS = 2.0
# SQLite: how long a writer waits while another process writes.
BUSY_SECONDS = 2.0
FAILURES = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)


def database_address(file: str | Path) -> str:
    """The PostgreSQL address that DATABASE_URL holds, or else the SQLite file."""
    return process_settings().database_url or str(file)


def open_engine(address: str) -> sa.engine.Engine:
    """The database at an address; it is not connected to before it is needed."""
    # An error would quote what somebody typed.
    settings: dict[str, Any] = {"hide_parameters": True, "poolclass": sa.pool.QueuePool}
    if not address.startswith(POSTGRESQL):
        url = sa.engine.URL.create("sqlite", database=address)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **settings)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    _keep_time()
    milliseconds = int(ANSWER_SECONDS * 1000)
    return sa.create_engine(
        address,
        connect_args={
            "application_name": "trialguide",
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} "
            f"-c idle_in_transaction_session_timeout={5 * milliseconds}",
        },
        pool_size=POOL,
        max_overflow=1,
        pool_timeout=ANSWER_SECONDS,
        # A connection that a restart of the database has cut is noticed before it is used.
        pool_pre_ping=True,
        **settings,
    )


def now(connection: sa.engine.Connection) -> sa.sql.ColumnElement:
    """The time in seconds by the clock of the database: those of several servers may differ."""
    if connection.dialect.name == "sqlite":
        return sa.literal(time())
    return sa.extract("epoch", sa.func.clock_timestamp())


def insert_into(table: sa.Table, dialect: str) -> Any:
    """An insert, in a dialect by its name, that can say what is to be done with a row that is there already."""
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # Readers and the writer do not wait for each other, and a commit is on the disk when it returns.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    # What is deleted is overwritten.
    connection.execute("PRAGMA secure_delete=ON")


def _keep_time() -> None:
    import psycopg2.extensions

    psycopg2.extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    """Waits for PostgreSQL, as psycopg2 asks for; libpq itself would wait for ever for a server that is frozen.

    When this raises, psycopg2 closes the connection.
    """
    import psycopg2
    from psycopg2.extensions import POLL_OK, POLL_READ

    deadline = monotonic() + ANSWER_SECONDS
    while (state := connection.poll()) != POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not waiting.poll(max(0, deadline - monotonic()) * 1000):
            raise psycopg2.OperationalError("The database did not answer in time.")

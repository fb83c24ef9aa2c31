"""PostgreSQL's own timeouts hold in every transaction, also behind PgBouncer, and reach no other client of the pool."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import psycopg2
import pytest
import sqlalchemy as sa
from services import pgbouncer, postgresql_database

from trialguide.storage.database import FAILURES, open_engine

TIMEOUTS = {"statement_timeout": "2s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s"}
POOLS = {"direct": None, "PgBouncer": "", "PgBouncer that ignores options": "ignore_startup_parameters = options"}


@pytest.fixture(params=POOLS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    settings = POOLS[request.param]
    with postgresql_database() as direct:
        if settings is None:
            yield direct
        else:
            with pgbouncer(direct, tmp_path, settings) as pool:
                yield pool


def timeouts(connection: sa.engine.Connection) -> dict[str, str]:
    return {name: connection.execute(sa.text(f"SHOW {name}")).scalar() for name in TIMEOUTS}


def test_every_transaction_has_its_timeouts_and_nobody_elses(address: str) -> None:
    engine = open_engine(address)
    for _ in range(2):
        with engine.begin() as connection:
            assert timeouts(connection) == TIMEOUTS
        with engine.connect() as connection:
            assert timeouts(connection) == TIMEOUTS
    with closing(psycopg2.connect(address)) as other, other.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    engine.dispose()


def test_the_database_ends_what_takes_too_long(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT 1"))
        # The client would wait.
        monkeypatch.setattr("trialguide.storage.database.STATEMENT_SECONDS", 30.0)
        before = monotonic()
        with pytest.raises(FAILURES):
            connection.execute(sa.text("SELECT pg_sleep(20)"))
        assert 1 < monotonic() - before < 5
    engine.dispose()


def test_a_connection_that_is_lost_before_a_transaction_is_a_failure_of_the_database() -> None:
    with postgresql_database() as address:
        engine = open_engine(address)
        with engine.connect() as connection, closing(psycopg2.connect(address)) as other, other.cursor() as cursor:
            process = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            connection.connection.rollback()
            cursor.execute("SELECT pg_terminate_backend(%s)", (process,))
            other.commit()
            with pytest.raises(FAILURES):
                connection.execute(sa.text("SELECT 1"))
        engine.dispose()

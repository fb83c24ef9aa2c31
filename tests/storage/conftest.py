"""A database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services import pgbouncer, postgresql_database


@pytest.fixture(params=["sqlite", "postgresql", "pgbouncer"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind."""
    if request.param == "sqlite":
        yield str(tmp_path / "c.db")
        return
    with postgresql_database() as address:
        if request.param == "postgresql":
            yield address
        else:
            with pgbouncer(address, tmp_path) as pool:
                yield pool

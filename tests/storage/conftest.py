"""A database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services import postgresql_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind."""
    if request.param == "sqlite":
        yield str(tmp_path / "c.db")
    else:
        with postgresql_database() as address:
            yield address

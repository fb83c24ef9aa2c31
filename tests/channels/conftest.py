"""The servers that the tests of the channels talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import free_port

from tools.stack import Stack


@pytest.fixture(scope="session")
def website(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The assistant as the public meets it: no token, the usual settings, but one address may send as much as it likes."""
    folder = tmp_path_factory.mktemp("website")
    settings = {"ADDRESS_RATE": "1000000 per 10 seconds"}
    running = Stack(model, free_port(), free_port(), folder / "conversations.db", log=folder / "log", settings=settings)
    with running:
        yield running

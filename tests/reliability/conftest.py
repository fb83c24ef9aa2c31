"""Two servers on services of their own, which the tests may break."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.reliability.fault_list import CLOCKS_APART
from tools.testbed.cluster import Cluster, Missing


@pytest.fixture(scope="session")
def servers(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Skipped aloud where a program is missing; with CI set that is a failure."""
    folder = tmp_path_factory.mktemp("servers")
    # PostgreSQL runs under an account of its own.
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    try:
        with Cluster(model, folder, clocks_apart=CLOCKS_APART, with_rabbitmq=True) as running:
            yield running
    except Missing as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(problem))

"""Two servers on services of their own, which the tests may break."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import RABBITMQ_PORT, need

from tools.cluster import Cluster, Missing
from tools.fault_list import cluster
from tools.proxy import Proxy


@pytest.fixture(scope="session")
def way_to_broker() -> Iterator[Proxy]:
    """The way to RabbitMQ, closed when the servers start."""
    need("RabbitMQ", RABBITMQ_PORT)
    with Proxy(RABBITMQ_PORT) as way:
        way.cut()
        yield way


@pytest.fixture(scope="session")
def servers(model: Path, way_to_broker: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Skipped aloud where a program is missing; with CI set that is a failure."""
    folder = tmp_path_factory.mktemp("servers")
    # PostgreSQL runs under an account of its own.
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    try:
        with cluster(model, folder, way_to_broker) as running:
            yield running
    except Missing as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(problem))

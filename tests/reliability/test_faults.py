"""Fault injection under load: no acknowledged message is lost, none is processed twice."""

import json
import shutil
import signal
import urllib.request
from pathlib import Path

import pytest

from tools.reliability.fault import Fault, FaultOutcome, inject
from tools.reliability.fault_list import Alternating, cluster_faults, faults_of_one_server
from tools.testbed.cluster import Cluster

# A client whose encrypted connection was cut leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

FAULTS = (
    "RabbitMQ away since the start",
    "one of two servers killed",
    "action servers killed",
    "action servers frozen",
    "processes that read messages killed",
    "processes that read messages frozen",
    "PostgreSQL killed",
    "PostgreSQL frozen",
    "Redis killed",
    "Redis frozen",
    "RabbitMQ killed",
    "RabbitMQ frozen",
)


def hold(outcome: FaultOutcome) -> None:
    """Asserts what docs/reliability.md promises."""
    assert outcome.sent > 5, outcome
    assert outcome.acknowledged == outcome.stored == outcome.answered == outcome.sent, outcome
    assert (outcome.lost, outcome.twice) == (0, 0), outcome


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_by(name: str, servers: Cluster) -> None:
    fault = next(fault for fault in cluster_faults(servers) if fault.name == name)
    outcome = inject(fault, lambda _: servers.address, servers.database)
    hold(outcome)


def test_a_new_model_takes_over_without_a_lost_turn(servers: Cluster, model: Path, tmp_path: Path) -> None:
    server = servers.servers[1]
    server.model = Path(shutil.copy(model, tmp_path / "trialguide-newer.tar.gz"))

    def stop() -> None:
        server.signal("Rasa server", signal.SIGTERM)
        # It ends its turns first.
        server.await_end("Rasa server", 10)

    hold(
        inject(Fault("another model", stop, lambda: server.restart("Rasa server")), lambda _: servers.address, servers.database)
    )
    with urllib.request.urlopen(f"{server.address}/health/ready") as response:
        assert json.load(response)["model"]["name"] == "trialguide-newer.tar.gz"


def test_nothing_is_lost_when_every_message_goes_to_the_other_server_and_clocks_differ(servers: Cluster) -> None:
    fault = next(fault for fault in cluster_faults(servers) if fault.name == "nothing, for comparison")
    hold(inject(fault, Alternating(servers), servers.database))


def test_nothing_is_lost_by_one_server_with_a_file(model: Path, tmp_path: Path) -> None:
    for outcome in faults_of_one_server(model, tmp_path):
        hold(outcome)

"""Whatever is killed, frozen or cut off under load: nothing that was acknowledged is lost, nothing is done twice."""

from pathlib import Path

import pytest

from tools.cluster import Cluster
from tools.fault_list import Alternating, cluster_faults, faults_of_one_server
from tools.faults import Outcome, suffer
from tools.proxy import Proxy

FAULTS = (
    "RabbitMQ away since the start",
    "one of two servers killed",
    "action servers killed",
    "action servers frozen",
    "PostgreSQL killed",
    "PostgreSQL frozen",
    "Redis killed",
    "Redis frozen",
    "RabbitMQ frozen",
)


def hold(outcome: Outcome) -> None:
    """Asserts what docs/reliability.md promises."""
    assert outcome.sent > 5, outcome
    assert outcome.acknowledged == outcome.stored == outcome.answered == outcome.sent, outcome
    assert (outcome.lost, outcome.twice) == (0, 0), outcome


@pytest.fixture(scope="module")
def quiet(servers: Cluster, way_to_broker: Proxy) -> Outcome:
    """The same load with nothing broken, on this machine as it is now."""
    fault = next(fault for fault in cluster_faults(servers, way_to_broker) if fault.name == "nothing, for comparison")
    return suffer(fault, lambda _: servers.address, servers.database)


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_by(name: str, servers: Cluster, way_to_broker: Proxy, quiet: Outcome) -> None:
    fault = next(fault for fault in cluster_faults(servers, way_to_broker) if fault.name == name)
    outcome = suffer(fault, lambda _: servers.address, servers.database)
    hold(outcome)


def test_nothing_is_lost_when_every_message_goes_to_the_other_server_and_clocks_differ(servers: Cluster) -> None:
    fault = next(fault for fault in cluster_faults(servers, Proxy(1)) if fault.name == "nothing, for comparison")
    hold(suffer(fault, Alternating(servers), servers.database))


def test_nothing_is_lost_by_one_server_with_a_file(model: Path, tmp_path: Path) -> None:
    for outcome in faults_of_one_server(model, tmp_path):
        hold(outcome)

"""The faults that the assistant must survive, on one server and on two that share their services."""

import asyncio
import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path

from tools.reliability.fault import Fault, FaultOutcome, inject
from tools.reliability.hostile_requests import HEADS, status
from tools.testbed.cluster import Cluster, Program
from tools.testbed.processes import free_ports, process_tree
from trialguide.commands.stack import Stack

CLOCKS_APART = 30
WATCHDOG_SECONDS = 3
LIMITS = {"ADDRESS_RATE": "100000 per second", "SENDER_RATE": "100000 per second"}


def all_faults(model: Path, folder: Path) -> Iterator[FaultOutcome]:
    """Injects all faults, one after the other."""
    yield from faults_of_one_server(model, folder)
    with Cluster(model, folder, clocks_apart=CLOCKS_APART, with_rabbitmq=True) as servers:
        for fault in cluster_faults(servers):
            yield inject(fault, lambda _: servers.address, servers.database)
        apart = Fault(f"clocks {CLOCKS_APART} s apart, every message to the other server", _nothing, _nothing)
        yield inject(apart, Alternating(servers), servers.database)


def cluster_faults(servers: Cluster) -> Iterator[Fault]:
    """The faults of several servers and their services."""
    one, two = servers.servers

    def on_actions(number: signal.Signals) -> None:
        for server in servers.servers:
            server.signal("action server", number)

    def restart_actions() -> None:
        for server in servers.servers:
            server.restart("action server")

    def on_workers(number: signal.Signals) -> None:
        for server in servers.servers:
            for worker in process_tree(server.process_id("Rasa server"))[1:]:
                os.kill(worker, number)

    yield Fault("nothing, for comparison", _nothing, _nothing)
    yield Fault("RabbitMQ away since the start", _nothing, servers.rabbitmq.start)
    for what, server, number in (("killed", one, signal.SIGKILL), ("asked to stop", two, signal.SIGTERM)):
        end = partial(server.signal, "Rasa server", number)
        yield Fault(f"one of two servers {what}", end, partial(server.restart, "Rasa server"))
    yield Fault("action servers killed", lambda: on_actions(signal.SIGKILL), restart_actions)
    yield Fault("action servers frozen", lambda: on_actions(signal.SIGSTOP), lambda: on_actions(signal.SIGCONT))
    yield Fault("processes that read messages killed", lambda: on_workers(signal.SIGKILL), _nothing)
    # Longer than a server waits before it starts another one.
    yield Fault("processes that read messages frozen", lambda: on_workers(signal.SIGSTOP), _nothing, seconds=8)
    for program in (servers.postgresql, servers.redis, servers.rabbitmq):
        yield Fault(f"{program.name} killed", program.kill, program.start)
        yield Fault(f"{program.name} restarted", program.stop, program.start, seconds=0)
        yield _frozen(program)


def _frozen(program: Program) -> Fault:
    return Fault(
        f"{program.name} frozen", lambda: program.signal(signal.SIGSTOP), lambda: program.signal(signal.SIGCONT), seconds=5
    )


class Alternating:
    """Sends every message of a person to the other server."""

    def __init__(self, servers: Cluster) -> None:
        self._addresses = [server.address for server in servers.servers]
        self._turns: dict[int, int] = {}

    def __call__(self, number: int) -> str:
        self._turns[number] = self._turns.get(number, 0) + 1
        return self._addresses[self._turns[number] % 2]


def faults_of_one_server(model: Path, folder: Path) -> Iterator[FaultOutcome]:
    """The outcomes of the faults of one server with an SQLite file."""
    port, actions_port = free_ports(2)
    file = folder / "conversations.db"
    settings = {**LIMITS, "WATCHDOG_SECONDS": str(WATCHDOG_SECONDS)}
    launcher = ("tools.testbed.stuck_loop",)
    server = Stack(model, port, actions_port, file, log=folder / "log", settings=settings, launcher=launcher)
    with server:
        for fault in file_faults(server, file):
            yield inject(fault, lambda _: server.address, str(file))


def file_faults(server: Stack, file: Path) -> Iterator[Fault]:
    """The faults of the file and of the only server."""
    locked = FileLock(file)
    kill, restart = partial(server.signal, "Rasa server", signal.SIGKILL), partial(server.restart, "Rasa server")
    yield Fault("the only server killed and started again", kill, restart)

    def restart_ended() -> None:
        server.await_end("Rasa server", 2 * WATCHDOG_SECONDS)
        assert server.is_stuck("Rasa server")
        server.restart("Rasa server")

    stick = partial(server.signal, "Rasa server", signal.SIGUSR1)
    yield Fault("event loop of the only server stuck", stick, restart_ended)
    hostile = HEADS[0].to(b"/chat/api/hello")
    yield Fault("hostile body", lambda: _refused(server.port, hostile), _nothing)
    yield Fault("SQLite file locked by another process", locked.lock, locked.free, seconds=5)
    limit = SizeLimit(server)
    yield Fault("disk full", limit.fill, limit.free)


def _refused(port: int, data: bytes) -> None:
    """Sends a hostile request. Raises ValueError when it is not refused, TimeoutError when it is not answered."""
    code = asyncio.run(status(port, data, 5))
    if code != HTTPStatus.BAD_REQUEST:
        raise ValueError(f"The hostile request was answered with {code}.")


class FileLock:
    """A second program that holds a write lock on the file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def lock(self) -> None:
        """Locks the file."""
        self._connection = sqlite3.connect(self._file, isolation_level=None, timeout=10, check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def free(self) -> None:
        """Releases the file."""
        self._connection.execute("ROLLBACK")
        self._connection.close()


class SizeLimit:
    """Lets the server write no file beyond the size that it has; SQLite then finds the disk full."""

    def __init__(self, server: Stack) -> None:
        self._server = server

    def fill(self) -> None:
        """Takes effect at the next page written."""
        self._limit(4096)

    def free(self) -> None:
        """Makes room again."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        hard = resource.RLIM_INFINITY
        resource.prlimit(self._server.process_id("Rasa server"), resource.RLIMIT_FSIZE, (size, hard))


def _nothing() -> None:
    pass

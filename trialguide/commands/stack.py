"""The running assistant: the action server and the Rasa server, started and stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trialguide.content.files import ROOT
from trialguide.runtime.settings import FILE, read_settings
from trialguide.runtime.watchdog import STUCK_STATUS
from trialguide.storage.schema import check_schema

HOST = "127.0.0.1"
START_SECONDS = 180
STOP_SECONDS = 20
ACTION_SERVER, RASA_SERVER = "action server", "Rasa server"
MODULES = {ACTION_SERVER: "trialguide.commands.action_server", RASA_SERVER: "trialguide.commands.rasa_server"}
# The matrices of one message are small; more threads only wait for one another.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


class CannotStart(Exception):
    """The assistant cannot start; the message says why and what to do, in one sentence."""


@dataclass
class Stack:
    """Both servers. As a context manager it starts them, waits until they answer, and stops them on exit."""

    model: Path
    port: int
    actions_port: int
    conversations: Path
    auth_token: str | None = None
    log: Path | None = None
    # Further variables for the environment of both servers.
    settings: Mapping[str, str] = field(default_factory=dict)
    # A module that runs the Rasa server's module, with its arguments: the testbed shifts the clock so.
    launcher: tuple[str, ...] = ()
    # The code, and its modules by server: the benchmark also runs those of an earlier revision.
    root: Path = ROOT
    modules: Mapping[str, str] = field(default_factory=lambda: MODULES)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def rest(self) -> str:
        """The address of the `rest` channel, with its token if there is one."""
        return f"{self.address}/webhooks/rest/webhook" + (f"?token={self.auth_token}" if self.auth_token else "")

    def __enter__(self) -> "Stack":
        """Raises CannotStart when a port is taken, the model is broken or a server ends before it answers."""
        for port, variable in ((self.port, "RASA_PORT"), (self.actions_port, "ACTIONS_PORT")):
            if not _is_free(port):
                raise CannotStart(
                    f"Port {port} is taken by another program. Choose another one: {variable}={port + 100} make run"
                )
        # Rasa itself would start without a model and then answer nobody.
        if not _is_model(self.model):
            raise CannotStart(f"{self.model} is no trained model. Remove it and start again: it is trained anew.")
        try:
            settings = read_settings(self._environment(), needs_key=True)
            check_schema(settings.database_url or str(self.conversations))
        except ValueError as problem:
            raise CannotStart(str(problem)) from None
        try:
            self._start_and_await(ACTION_SERVER, RASA_SERVER)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Terminates both servers, and kills them after a timeout."""
        end(list(self._processes.values()))

    def ended(self) -> str | None:
        """The name of a server that has exited, or None while both run."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def is_stuck(self, name: str) -> bool:
        """Whether a server was ended by the watchdog of its event loop."""
        return self._processes[name].poll() == STUCK_STATUS

    def process_id(self, name: str) -> int:
        """The process id of `action server` or `Rasa server`."""
        return self._processes[name].pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to one of the servers."""
        self._processes[name].send_signal(number)

    def restart(self, name: str) -> None:
        """Restarts one of the servers, terminating it first if it still runs. Raises CannotStart."""
        end([self._processes[name]])
        self._start_and_await(name)

    def await_end(self, name: str, seconds: float) -> None:
        """Waits until one of the servers has exited. Raises subprocess.TimeoutExpired."""
        self._processes[name].wait(seconds)

    def _start_and_await(self, *names: str) -> None:
        rasa = ["-m", *self.launcher, self.modules[RASA_SERVER], *self._rasa_arguments()]
        actions = ["-m", self.modules[ACTION_SERVER], str(self.actions_port)]
        commands = {
            ACTION_SERVER: (actions, f"http://{HOST}:{self.actions_port}/health"),
            RASA_SERVER: (rasa, self.address),
        }
        for name in names:
            self._start(name, commands[name][0])
        for name in names:
            await_answer(self._processes[name], name, commands[name][1])

    def _rasa_arguments(self) -> list[str]:
        return ["run", "--model", str(self.model), "--interface", HOST, "--port", str(self.port)]

    def _environment(self) -> dict[str, str]:
        given = {**os.environ, **ONE_THREAD, **self.settings}
        return given | {
            "ACTION_ENDPOINT": f"http://{HOST}:{self.actions_port}/webhook",
            "CONVERSATIONS": str(self.conversations),
            "RASA_AUTH_TOKEN": self.auth_token or "",
            # Where the token came from.
            f"RASA_AUTH_TOKEN{FILE}": "",
            "PUBLIC_ADDRESS": given.get("PUBLIC_ADDRESS") or self.address,
        }

    def _start(self, name: str, arguments: list[str]) -> None:
        environment = self._environment()
        settings = read_settings(environment)
        environment |= settings.sanic_variables | {"LOG_LEVEL": settings.log_level}
        with contextlib.ExitStack() as files:
            output = files.enter_context(self.log.open("ab")) if self.log else None
            # A session of its own: Ctrl-C reaches this process alone, which then ends both in order.
            self._processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                env=environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )


def await_answer(process: subprocess.Popen[bytes], name: str, address: str) -> None:
    """Waits until a server answers at its address. Raises CannotStart when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotStart(f"The {name} ended while it was starting; the lines above say why.")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise CannotStart(f"The {name} did not answer within {START_SECONDS} seconds.")


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Terminates processes, and kills them after a timeout."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_model(file: Path) -> bool:
    try:
        with tarfile.open(file) as archive:
            return any(Path(name).name == "metadata.json" for name in archive.getnames())
    except (OSError, EOFError, tarfile.TarError):
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True

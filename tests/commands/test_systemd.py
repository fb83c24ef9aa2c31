"""systemd learns that the assistant runs as long as the Rasa server answers."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trialguide.commands import run
from trialguide.commands.systemd import ALIVE, READY, notify


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(0.5)
        listening.bind(str(tmp_path / "notify"))
        yield listening


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": "ready", "model": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def rasa_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def heard_by(systemd: socket.socket, states: int) -> list[str]:
    """So many states that arrive, or fewer when none comes any more."""
    heard: list[str] = []
    while len(heard) < states:
        try:
            heard.append(systemd.recv(100).decode())
        except TimeoutError:
            break
    return heard


def test_states_reach_an_ordinary_and_an_abstract_socket_and_nobody_without_one(systemd: socket.socket) -> None:
    notify(systemd.getsockname(), READY)
    notify(None, ALIVE)
    assert heard_by(systemd, 2) == [READY]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        abstract.bind("\0trialguide-tests")
        abstract.settimeout(0.5)
        notify("@trialguide-tests", READY)
        assert heard_by(abstract, 1) == [READY]


def test_a_socket_that_is_gone_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notify(str(tmp_path / "none"), READY)
    assert "FileNotFoundError" in caplog.text


@pytest.mark.parametrize(("answers", "states"), [(True, [READY, ALIVE]), (False, [READY])])
def test_the_watchdog_is_told_only_while_the_rasa_server_answers(
    answers: bool, states: list[str], systemd: socket.socket, rasa_server: str
) -> None:
    stopping = threading.Event()
    address = rasa_server if answers else "http://127.0.0.1:9"
    stack: Any = SimpleNamespace(address=address, ended=lambda: None)
    watching = threading.Thread(target=run._watch, args=(stack, stopping, systemd.getsockname()))
    watching.start()
    try:
        assert heard_by(systemd, 2) == states
    finally:
        stopping.set()
        watching.join()

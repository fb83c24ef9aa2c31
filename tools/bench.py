"""Compares speed and memory with the stock bot of `rasa init` and with a bare Sanic, in one run on this machine."""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from tools.bench_load import Load
from tools.bench_processes import cpu_seconds, other_cpu_seconds, resident_megabytes
from tools.bench_report import Measured, Round, bars, bars_table, disturbance, document, machine, table
from tools.bench_servers import (
    BenchmarkFailed,
    Place,
    Running,
    bare_handler,
    stock_bot,
    train_stock_bot,
    train_trialguide,
    trialguide,
)
from tools.setup import ROOT
from tools.stack import CannotStart

FIGURES = ROOT / "bench.json"
DOCUMENT = ROOT / "docs" / "benchmark.md"
ROUNDS = 3
WARM_UP = 80
MANY = 8
# By how many are at once; whole conversations, and as many for each worker.
MESSAGES = {MANY: 800, 1: 400}
METHOD = f"""How it is measured:

- The three run one after the other, under the same script, and are never up together.
- TrialGuide is its Rasa server and its action server, with conversations in SQLite; the stock bot is what `rasa init` makes and
  trains and `rasa run` serves, unchanged; bare Sanic is one handler that returns JSON, the most this machine could do.
- Training starts from nothing: no cache, and for TrialGuide the sentence encoder is built as well.
- Start is from the command to the first HTTP 200 of every server.
- The load comes from a process of its own over the `rest` channel: each worker sends its next message when the last one is
  answered, ten messages a conversation. A warm-up of {WARM_UP} messages is followed by {ROUNDS} rounds of {MESSAGES[MANY]} at
  {MANY} at once and {ROUNDS} of {MESSAGES[1]} at 1 at once; the median counts.
- TrialGuide is asked questions that are not among its training examples. There is no look-up among them: it
  calls the action server and takes about three times as long, and the stock bot has nothing like it. The stock bot hears
  sentences of its own domain (`tools/bench_messages.yml`). A reply that is empty or not HTTP 200 ends the run.
- Processor time is user and system time of all processes of a server over the load at {MANY} at once. 1 MB is a million bytes.
- Cores busy with other work: what else the machine computed meanwhile, from the start of the training to the last load.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: every run is the same comparison."""


def main(arguments: argparse.Namespace) -> int:
    """Prints and writes what was measured; 1 when a server cannot be trained or started, or does not answer."""
    # As an exception, so that the servers are stopped and the folder is removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    where = machine()
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        places = [Place(Path(folder) / name) for name in ("trialguide", "stock", "bare")]
        for place in places:
            place.folder.mkdir()
        try:
            measured = _compare(*places)
        except (CannotStart, BenchmarkFailed) as problem:
            _print_last_lines(places)
            print(problem, file=sys.stderr)
            return 1
    ours, stock, _ = measured
    figures, ratios = table(measured), bars(ours, stock)
    warning = disturbance(measured)
    print(f"\n{figures}\n\n{bars_table(ratios)}\n")
    if warning:
        print(f"{warning}\n")
    recorded = {"machine": where, "measured": list(map(asdict, measured)), "bars": list(map(asdict, ratios))}
    FIGURES.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(where, figures, bars_table(ratios), warning, METHOD), encoding="utf-8")
    print(f"Written to {FIGURES.name} and {DOCUMENT.relative_to(ROOT)}.")
    return 0


def _compare(ours: Place, stock: Place, bare: Place) -> list[Measured]:
    return [
        _measure("TrialGuide", "trialguide", lambda: train_trialguide(ours), trialguide(ours)),
        _measure("stock bot", "stock", lambda: train_stock_bot(stock), stock_bot(stock)),
        _measure("bare Sanic", "trialguide", None, bare_handler(bare)),
    ]


def _measure(
    name: str, said: str, train: Callable[[], dict[str, float]] | None, server: AbstractContextManager[Running]
) -> Measured:
    began, others_before = time.monotonic(), other_cpu_seconds()
    training = {}
    if train:
        _say(f"Training {name} ...")
        training = train()
    _say(f"Starting {name} ...")
    started = time.monotonic()
    with server as running:
        start = time.monotonic() - started
        _say(f"Load on {name} ...")
        _round(running, said, WARM_UP, MANY)
        many, single = ([_round(running, said, MESSAGES[at_once], at_once) for _ in range(ROUNDS)] for at_once in (MANY, 1))
        memory = {part: resident_megabytes(process) for part, process in running.processes.items()}
    # Only now are the servers among the children that were waited for.
    other_work = (other_cpu_seconds() - others_before) / (time.monotonic() - began)
    return Measured(name, training, start, memory, many, single, other_work)


def _round(running: Running, said: str, messages: int, at_once: int) -> Round:
    before = {part: cpu_seconds(process) for part, process in running.processes.items()}
    command = [sys.executable, "-m", "tools.bench_load", running.rest, "--to", said]
    done = subprocess.run(
        [*command, "--messages", str(messages), "--at-once", str(at_once)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise BenchmarkFailed(f"The load failed. {done.stderr.strip()}")
    spent = {part: cpu_seconds(process) - before[part] for part, process in running.processes.items()}
    return Round(Load(**json.loads(done.stdout)), {part: seconds * 1000 / messages for part, seconds in spent.items()})


def _print_last_lines(places: list[Place], lines: int = 20) -> None:
    logs = [place.log for place in places if place.log.exists()]
    if logs:
        print("\n".join(logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]), file=sys.stderr)


def _say(text: str) -> None:
    print(text, flush=True)

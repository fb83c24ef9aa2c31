"""Benchmark of places and look-ups: time a message, memory, loading, the start of the action server.

`python -m tools bench --places` prints it alone, measured in a process of its own, `python -m tools.benchmarks.places`.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from tools.benchmarks.report import Target
from tools.benchmarks.servers import BenchmarkFailed, Workspace, action_server
from tools.testbed.processes import resident_megabytes
from trialguide.commands.stack import CannotStart
from trialguide.commands.yaml_lines import examples
from trialguide.content.files import ROOT, load_yaml

TABLES = ("places.yml", "places_second.yml", "places_third.yml")
ROUNDS = 3
STARTS = 3


@dataclass(frozen=True)
class PlaceFigures:
    """Milliseconds a message, millions of bytes, and seconds."""

    messages: int
    p50: float
    p95: float
    memory: float
    directory: float


def place_bars() -> list[Target]:
    """The figures, each with its bar. Raises BenchmarkFailed when nothing can be measured."""
    done = subprocess.run([sys.executable, "-m", "tools.benchmarks.places"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkFailed(f"The places could not be measured. {done.stderr.strip()}")
    # Libraries may have printed before.
    figures = PlaceFigures(**json.loads(done.stdout.splitlines()[-1]))
    ready = median(_seconds_to_ready() for _ in range(STARTS))
    name = f"place understood and searched, one of {figures.messages} messages"
    return [
        Target(f"{name}, p50", "under 5 ms", f"{figures.p50:.2f} ms", figures.p50 < 5),
        Target(f"{name}, p95", "under 15 ms", f"{figures.p95:.2f} ms", figures.p95 < 15),
        Target("resident memory of the gazetteer", "under 150 MB", f"{figures.memory:.0f} MB", figures.memory < 150),
        Target("loading of the directory", "at most 1 s", f"{figures.directory:.3f} s", figures.directory <= 1),
        Target("start of the action server", "under 5 s", f"{ready:.1f} s", ready < 5),
    ]


def measured() -> PlaceFigures:
    """The figures of this process, which must not have loaded the gazetteer yet."""
    from actions.look_ups import Search, look_ups
    from trialguide.places.cities import all_cities
    from trialguide.places.directory import Directory
    from trialguide.places.mentions import PlaceFinder
    from trialguide.text.words import ordinary_words

    ordinary = ordinary_words(_sentences())
    before = _resident()
    finder = PlaceFinder(ordinary)
    all_cities()
    memory = _resident() - before
    started = time.perf_counter()
    Directory()
    directory = time.perf_counter() - started
    tables = (load_yaml(ROOT / "tests" / "places" / table) for table in TABLES)
    texts = [text for table in tables for text in table]
    look_ups()
    times = []
    for _ in range(ROUNDS):
        for text in texts:
            started = time.perf_counter()
            mentions = finder.mentions(text)
            for place in mentions[0].places[:1] if mentions else ():
                look_ups().answer(Search("find_clinic", place))
            if not mentions:
                finder.unknown(text)
            times.append((time.perf_counter() - started) * 1000)
    return PlaceFigures(len(texts), median(times), quantiles(times, n=20)[-1], memory, directory)


def _sentences() -> list[str]:
    files = [*(ROOT / "data" / "faq").glob("*.yml"), *(ROOT / "data" / "nlu").glob("*.yml")]
    blocks = [block for file in files for block in load_yaml(file)["nlu"]]
    return [text for block in blocks for _, text in examples(block["examples"])]


def _resident() -> float:
    gc.collect()
    return resident_megabytes(os.getpid())


def _seconds_to_ready() -> float:
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        started = time.perf_counter()
        try:
            with action_server(Workspace(Path(folder))):
                return time.perf_counter() - started
        except CannotStart as problem:
            raise BenchmarkFailed(str(problem)) from problem


if __name__ == "__main__":
    print(json.dumps(asdict(measured())))

"""Capacity that a second server adds: `python -m tools.benchmarks.cluster`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from tools.benchmarks.bench import topic_questions
from tools.benchmarks.report import Target, disturbance, record
from tools.testbed.cluster import Cluster, Missing, Program, nginx
from tools.testbed.load import ask_all, in_conversations
from tools.testbed.processes import cpu_seconds, other_cpu_seconds
from trialguide.commands.setup import prepare
from trialguide.commands.stack import CannotStart, Stack

HEADING = "Two servers"
PAIRS = 6
AT_ONCE = 16
CONVERSATION = 10
MESSAGES = 640
METHOD = f"""- Both servers, each with its action server, share one PostgreSQL and one Redis behind nginx with TLS, as in
  `compose.yml`. One server is the first of them behind an nginx of its own; the second then only waits.
- {PAIRS} pairs of rounds, in the opposite order every other pair; each of {MESSAGES} new questions over the website's
  API, {AT_ONCE} at once and {CONVERSATION} a conversation. Figures are medians, ratios those of the pairs.
- This machine has too few cores for two servers, the services and the load together, so the bar is held against the processor
  time that the servers (Rasa's and the actions') spend on a message: twice the time of one server alone, by that of two."""


@dataclass(frozen=True)
class CapacityRound:
    """One load: messages a second, and milliseconds of processor time a message in the servers and in their services."""

    per_second: float
    servers: float
    shared: float


def main() -> int:
    """Measures with servers and services of its own; 1 when one of them is missing or does not start."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    model = prepare()
    if model is None:
        return 1
    began, others_before = time.monotonic(), other_cpu_seconds()
    try:
        with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as name:
            folder = Path(name)
            # PostgreSQL runs under an account of its own.
            folder.chmod(0o755)
            pairs = measure(model, folder)
    except (Missing, CannotStart, TimeoutError) as problem:
        print(problem, file=sys.stderr)
        return 1
    # The servers have ended, so their own work is known and left out.
    warning = disturbance((other_cpu_seconds() - others_before) / (time.monotonic() - began))
    record("cluster", HEADING, bars(pairs), warning, METHOD)
    return 0


def measure(model: Path, folder: Path) -> list[tuple[CapacityRound, CapacityRound]]:
    """Rounds of one server and of two, in pairs. Raises Missing, CannotStart and TimeoutError."""
    questions = cycle(topic_questions())
    with Cluster(model, folder) as servers, ExitStack() as stopped:
        alone = folder / "alone"
        alone.mkdir()
        before_one, address = nginx(alone, (servers.servers[0], servers.servers[0]))
        before_one.start()
        stopped.callback(before_one.stop)
        shared = (servers.postgresql, servers.redis, servers.nginx, before_one)

        def round(address: str) -> CapacityRound:
            return _round(address, servers.servers, shared, questions)

        for warm in (address, servers.address):
            round(warm)
        pairs = []
        for number in range(PAIRS):
            if number % 2:
                two = round(servers.address)
                pairs.append((round(address), two))
            else:
                pairs.append((round(address), round(servers.address)))
        return pairs


def bars(pairs: Sequence[tuple[CapacityRound, CapacityRound]]) -> list[Target]:
    """Capacity of two servers relative to one: measured here, and by processor time."""
    here = median(two.per_second / one.per_second for one, two in pairs)
    given = median(2 * one.servers / two.servers for one, two in pairs)
    one, two = ([pair[place] for pair in pairs] for place in (0, 1))
    both = " and ".join(f"{median(round.servers for round in rounds):.1f}" for rounds in (one, two))
    beside = " and ".join(f"{median(round.shared for round in rounds):.1f}" for rounds in (one, two))
    speed = " and ".join(f"{median(round.per_second for round in rounds):.0f}" for rounds in (one, two))
    return [
        Target(
            f"messages, by the servers' processor time ({both} ms a message with one and with two)",
            "at least 1.7 times",
            f"{given:.2f} times",
            given >= 1.7,
        ),
        Target(f"messages a second here ({speed})", "told, as the load has no core of its own", f"{here:.2f} times", True),
        Target("processor time of PostgreSQL, Redis and nginx", "told", f"{beside} ms a message", True),
    ]


def _round(address: str, servers: Sequence[Stack], shared: Sequence[Program], questions: Iterator[str]) -> CapacityRound:
    ours = [server.process_id(name) for server in servers for name in ("Rasa server", "action server")]
    theirs = [program.process.pid for program in shared if program.process]
    conversations = in_conversations(questions, CONVERSATION, MESSAGES // CONVERSATION)
    before = sum(map(cpu_seconds, ours)), sum(map(cpu_seconds, theirs))
    started = time.perf_counter()
    ask_all(address, conversations, AT_ONCE)
    seconds = time.perf_counter() - started
    spent = (1000 * (sum(map(cpu_seconds, pids)) - was) / MESSAGES for pids, was in zip((ours, theirs), before, strict=True))
    return CapacityRound(MESSAGES / seconds, *spent)


if __name__ == "__main__":
    sys.exit(main())

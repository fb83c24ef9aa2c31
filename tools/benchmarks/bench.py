"""Compares speed and memory with the stock bot of `rasa init`, or with another revision, in one run."""

import argparse
import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from itertools import cycle, islice, product
from pathlib import Path

from tools.benchmarks.load import Load
from tools.benchmarks.places import place_bars
from tools.benchmarks.profile import profile
from tools.benchmarks.report import (
    DOCUMENT,
    RECORD,
    Measured,
    Round,
    bars,
    bars_table,
    comparison,
    disturbance,
    document,
    table,
)
from tools.benchmarks.servers import (
    BenchmarkFailed,
    Running,
    Workspace,
    served_revision,
    stock_bot,
    train_revision,
    train_stock_bot,
    train_trialguide,
    trialguide,
)
from tools.evaluation.questions import QUESTIONS, read_questions
from tools.testbed.processes import cpu_seconds, machine, other_cpu_seconds, resident_megabytes
from trialguide.commands.stack import CannotStart
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ROOT, load_yaml

STOCK_MESSAGES = Path(__file__).with_name("stock_messages.yml")
ROUNDS = 8
WARM_UP = 80
MANY = 8
# By how many are at once; whole conversations, and as many for each worker.
MESSAGES = {MANY: 400, 1: 200}
# The questions that are asked over and over where the load is of questions heard before.
COMMON = 40
METHOD = f"""How it is measured:

- TrialGuide is its Rasa server and its action server, with conversations in SQLite; the stock bot is what `rasa init` makes and
  trains and `rasa run` serves, unchanged (it keeps conversations in memory and loses them with the process).
- Training and start are measured one after the other, with nothing else running. Training starts from nothing: no cache, and
  for TrialGuide the sentence encoder is built as well. Start is from the command to the first HTTP 200 of every server.
- For the load all are up, and they are loaded in turn, so that each has its share of a machine that is faster in one
  minute than in the next. After a warm-up of {WARM_UP} messages each there are {ROUNDS} rounds; in each round each server gets
  {MESSAGES[MANY]} messages at {MANY} at once and {MESSAGES[1]} at 1 at once, in the opposite order every other round. Figures
  are the median of the rounds; a ratio is the median of the rounds' own ratios. What the servers that wait for their turn
  compute meanwhile is measured too.
- The load comes from a process of its own over the `rest` channel: each worker sends its next message when the last one is
  answered, ten messages a conversation. A reply that is empty or not HTTP 200 ends the run.
- TrialGuide is asked the test questions about its topics (`tests/questions`), none of which is a training example, shuffled in
  the same way every time. A question comes again only after all others, which are more than it remembers the
  understanding of, so its memory does not help; real patients and the buttons of the widget ask much in the same words, and
  the rounds of questions heard before show that: {COMMON} questions over and over. There is no look-up among them: it calls the
  action server and takes longer, and the stock bot has nothing like it. The stock bot hears sentences of its own domain
  (`tools/benchmarks/stock_messages.yml`), over and over.
- Places: in a process of its own, each message of the tables of places is understood and a clinic is looked up for it.
- Processor time is user and system time of all processes of a server over the load at {MANY} at once. 1 MB is a million bytes.
- Other work is what else the machine computed, from the first training to the end of the last server.
"""


@dataclass(frozen=True)
class Contender:
    """A server to compare: its messages without end, new ones and repeated ones, its training, and its processes."""

    name: str
    messages: Iterator[str]
    repeated: Iterator[str] | None
    train: Callable[[], dict[str, float]]
    server: Callable[[], AbstractContextManager[Running]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Without arguments the comparison with the stock bot, which is the same in every run."""
    parser.add_argument("--profile", action="store_true", help="say where the time of a message goes (docs/performance.md)")
    parser.add_argument("--places", action="store_true", help="measure only the understanding of places and the look-ups")
    parser.add_argument("--against", metavar="REVISION", help="compare with another revision, which is cloned and trained")


def main(arguments: argparse.Namespace) -> int:
    """Prints and writes the figures; 1 when a server cannot be trained or started, or does not answer."""
    if arguments.profile:
        return profile(topic_questions())
    # As an exception, so that the servers are stopped and the folder is removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.places:
        print(bars_table(place_bars()))
        return 0
    with tempfile.TemporaryDirectory(prefix="trialguide-bench-") as folder:
        workspaces = [Workspace(Path(folder) / name) for name in ("new", "other")]
        for workspace in workspaces:
            workspace.folder.mkdir()
        began, others_before = time.monotonic(), other_cpu_seconds()
        try:
            measured = _compare([_working_tree(workspaces[0]), _other(workspaces[1], arguments.against)])
        except (CannotStart, BenchmarkFailed) as problem:
            _print_last_lines(workspaces)
            print(problem, file=sys.stderr)
            return 1
        # Only now are all servers among the children that were waited for.
        other_work = (other_cpu_seconds() - others_before) / (time.monotonic() - began)
    if arguments.against:
        print(f"\n{comparison(*measured)}\n\n{disturbance(other_work)}")
        return 0
    _write(measured, other_work)
    return 0


def _write(measured: list[Measured], other_work: float) -> None:
    where, warning = machine(), disturbance(other_work)
    figures, ratios = table(measured), [*bars(*measured), *place_bars()]
    print(f"\n{figures}\n\n{bars_table(ratios)}\n\n{warning}\n")
    recorded = {"machine": where, "measured": list(map(asdict, measured)), "bars": list(map(asdict, ratios))}
    RECORD.write_text(json.dumps(recorded | {"other_work": other_work}, indent=2) + "\n", encoding="utf-8")
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(where, figures, bars_table(ratios), warning, METHOD), encoding="utf-8")
    print(f"Written to {RECORD.name} and {DOCUMENT.relative_to(ROOT)}.")


def _working_tree(workspace: Workspace) -> Contender:
    questions = topic_questions()
    return Contender(
        "TrialGuide",
        cycle(questions),
        cycle(questions[:COMMON]),
        lambda: train_trialguide(workspace),
        lambda: trialguide(workspace),
    )


def _other(workspace: Workspace, revision: str | None) -> Contender:
    """A revision, which is asked the same questions, or else the stock bot, which is told sentences of its own domain."""
    if revision is None:
        messages = load_yaml(STOCK_MESSAGES)
        return Contender("stock bot", cycle(messages), None, lambda: train_stock_bot(workspace), lambda: stock_bot(workspace))
    questions = topic_questions()
    return Contender(
        revision,
        cycle(questions),
        cycle(questions[:COMMON]),
        lambda: train_revision(workspace, revision),
        lambda: served_revision(workspace),
    )


def topic_questions() -> list[str]:
    """The test questions about topics, each once, shuffled in the same way every time."""
    catalogue = load_catalogue()
    questions = read_questions(sorted(QUESTIONS.glob("*.yml")), catalogue)
    texts = {question.text for question in questions if question.topic in catalogue.topics}
    return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())


def _compare(contenders: list[Contender]) -> list[Measured]:
    alone = {}
    for contender in contenders:
        _print(f"Training and starting {contender.name} ...")
        training = contender.train()
        started = time.monotonic()
        with contender.server():
            alone[contender.name] = training, time.monotonic() - started
    rounds: dict[tuple[str, int], list[Round]] = defaultdict(list)
    again: dict[tuple[str, int], list[Round]] = defaultdict(list)
    with ExitStack() as servers:
        _print("Starting them all ...")
        running = {contender.name: servers.enter_context(contender.server()) for contender in contenders}
        for contender in contenders:
            _round(running, contender.name, contender.messages, WARM_UP, MANY)
        for number, at_once in product(range(ROUNDS), (MANY, 1)):
            _print(f"Round {number + 1} of {ROUNDS}, {at_once} at once ...")
            for contender in reversed(contenders) if number % 2 else contenders:
                for messages, figures in ((contender.messages, rounds), (contender.repeated, again)):
                    if messages:
                        figures[contender.name, at_once].append(
                            _round(running, contender.name, messages, MESSAGES[at_once], at_once)
                        )
        memory = {name: {part: resident_megabytes(pid) for part, pid in one.processes.items()} for name, one in running.items()}
    return [
        Measured(name, *alone[name], memory[name], rounds[name, MANY], rounds[name, 1], again[name, MANY], again[name, 1])
        for name in (contender.name for contender in contenders)
    ]


def _round(running: dict[str, Running], loaded: str, messages: Iterator[str], number: int, at_once: int) -> Round:
    processes = {(name, part): pid for name, one in running.items() for part, pid in one.processes.items()}
    began, before = time.monotonic(), {process: cpu_seconds(pid) for process, pid in processes.items()}
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.load", running[loaded].webhook, "--at-once", str(at_once)],
        cwd=ROOT,
        input=json.dumps(list(islice(messages, number))),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise BenchmarkFailed(f"The load failed. {done.stderr.strip()}")
    spent = {process: cpu_seconds(pid) - before[process] for process, pid in processes.items()}
    return Round(
        Load(**json.loads(done.stdout)),
        cpu={part: seconds * 1000 / number for (name, part), seconds in spent.items() if name == loaded},
        waiting=sum(seconds for (name, _), seconds in spent.items() if name != loaded) / (time.monotonic() - began),
    )


def _print_last_lines(workspaces: list[Workspace], lines: int = 20) -> None:
    logs = [workspace.log for workspace in workspaces if workspace.log.exists()]
    if logs:
        print("\n".join(logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]), file=sys.stderr)


def _print(text: str) -> None:
    print(text, flush=True)

"""Figures of the benchmark: tables, ratios with their bars, and docs/benchmark.md."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from tools.benchmarks.load import Load
from trialguide.content.files import ROOT

DISTURBED_FROM = 0.15
RECORD = ROOT / "bench.json"
DOCUMENT = ROOT / "docs" / "benchmark.md"


@dataclass(frozen=True)
class Round:
    """One load, with the processor time that the server's processes spent on it, in milliseconds a message.

    `waiting` is the processor time of the servers that were not loaded, in cores.
    """

    load: Load
    cpu: dict[str, float]
    waiting: float

    @property
    def cpu_a_message(self) -> float:
        return sum(self.cpu.values())


@dataclass(frozen=True)
class Measured:
    """The figures of one server. Training in seconds and memory in millions of bytes, each by part; start in seconds.

    `many` are the rounds at 8 at once, `single` those at 1 at once, `again` those of questions heard before, if there are any.
    """

    name: str
    training: dict[str, float]
    start: float
    memory: dict[str, float]
    many: list[Round]
    single: list[Round]
    many_again: list[Round]
    single_again: list[Round]

    @property
    def others_waiting(self) -> float:
        return max(round.waiting for round in (*self.many, *self.single, *self.many_again, *self.single_again))

    @property
    def training_seconds(self) -> float:
        return sum(self.training.values())


@dataclass(frozen=True)
class Target:
    """A figure and the bar that was set for it."""

    name: str
    wanted: str
    figure: str
    met: bool


def table(measured: Sequence[Measured]) -> str:
    """The figures, one column a server, in Markdown."""
    rows = [
        ["", *(one.name for one in measured)],
        ["training, s", *(f"{one.training_seconds:.0f}" if one.training else "–" for one in measured)],
        ["start to first 200, s", *(f"{one.start:.1f}" for one in measured)],
        ["resident after the load, MB", *(_memory(one) for one in measured)],
        ["messages a second, 8 at once", *(_median(one.many, per_second, 0) for one in measured)],
        ["the same, heard before", *(_median(one.many_again, per_second, 0) for one in measured)],
        ["p50, 1 at once, ms", *(_median(one.single, p50) for one in measured)],
        ["p95, 1 at once, ms", *(_median(one.single, p95) for one in measured)],
        ["the same, heard before", *(_median(one.single_again, p95) for one in measured)],
        ["processor time a message, ms", *(_median(one.many, cpu) for one in measured)],
        ["the same, heard before", *(_median(one.many_again, cpu) for one in measured)],
        ["cores busy in the servers that waited, at most", *(f"{one.others_waiting:.2f}" for one in measured)],
    ]
    return markdown(rows)


def bars(ours: Measured, stock: Measured) -> list[Target]:
    """The ratios and figures that a bar was set for."""
    memory = ours.memory["Rasa server"]
    start = ours.start / stock.start
    return [
        *_speed_bars("new questions", ours.many, ours.single, stock),
        *_speed_bars("questions heard before", ours.many_again, ours.single_again, stock),
        Target("training", "under 120 s", f"{ours.training_seconds:.0f} s", ours.training_seconds < 120),
        Target("resident memory of the Rasa server", "under 800 MB", f"{memory:.0f} MB", memory < 800),
        Target("start to first 200", "under half of the stock bot's", f"{start:.2f}", start < 0.5),
        Target(
            "start to first 200, where several servers share the work",
            "at most a quarter of the stock bot's",
            f"{start:.2f}",
            start <= 0.25,
        ),
    ]


def comparison(new: Measured, old: Measured) -> str:
    """The figures of two revisions with their ratios, new to old, in Markdown."""
    rows = [["", new.name, old.name, "ratio"]]
    for name, figure, digits in FIGURES:
        for part, ours, theirs in _rounds_of(name, new, old):
            ratio = paired_ratio(ours, theirs, figure)
            rows.append([part, _median(ours, figure, digits), _median(theirs, figure, digits), f"{ratio:.2f}"])
    for part, one, other in (
        ("resident after the load, MB", sum(new.memory.values()), sum(old.memory.values())),
        ("start to first 200, s", new.start, old.start),
        ("training, s", new.training_seconds, old.training_seconds),
    ):
        rows.append([part, f"{one:.1f}", f"{other:.1f}", f"{one / other:.2f}"])
    return markdown(rows)


def _rounds_of(name: str, new: Measured, old: Measured) -> list[tuple[str, Sequence[Round], Sequence[Round]]]:
    if "1 at once" in name:
        return [(name, new.single, old.single), (f"{name}, heard before", new.single_again, old.single_again)]
    return [(name, new.many, old.many), (f"{name}, heard before", new.many_again, old.many_again)]


def _speed_bars(asked: str, many: Sequence[Round], single: Sequence[Round], stock: Measured) -> list[Target]:
    faster = paired_ratio(many, stock.many, per_second)
    slowest = paired_ratio(single, stock.single, p95)
    work = paired_ratio(stock.many, many, cpu)
    return [
        Target(
            f"messages a second, 8 at once, {asked}", "at least 5 times the stock bot's", f"{faster:.1f} times", faster >= 5
        ),
        Target(f"p95, 1 at once, {asked}", "at most a third of the stock bot's", f"{slowest:.2f}", slowest <= 1 / 3),
        Target(f"processor time a message, {asked}", "at most a seventh of the stock bot's", f"1/{work:.1f}", work >= 7),
    ]


def per_second(round: Round) -> float:
    """Messages a second."""
    return round.load.per_second


def p50(round: Round) -> float:
    """Milliseconds within which half of the messages are answered."""
    return round.load.p50


def p95(round: Round) -> float:
    """Milliseconds within which 95 of 100 messages are answered."""
    return round.load.p95


def cpu(round: Round) -> float:
    """Milliseconds of processor time a message."""
    return round.cpu_a_message


# Of the rounds at 1 at once where the name says so, of those at 8 at once otherwise; the digits behind the point.
FIGURES: tuple[tuple[str, Callable[[Round], float], int], ...] = (
    ("messages a second, 8 at once", per_second, 0),
    ("p50, 8 at once, ms", p50, 1),
    ("p95, 8 at once, ms", p95, 1),
    ("p50, 1 at once, ms", p50, 1),
    ("p95, 1 at once, ms", p95, 1),
    ("processor time a message, ms", cpu, 1),
)


def paired_ratio(ones: Sequence[Round], others: Sequence[Round], figure: Callable[[Round], float]) -> float:
    """The median of the ratios, round by round: rounds of one number came right after each other, on a machine equally fast."""
    return median(figure(one) / figure(other) for one, other in zip(ones, others, strict=True))


def bars_table(bars: Iterable[Target]) -> str:
    """The bars in Markdown."""
    rows = [[bar.name, bar.wanted, bar.figure, "met" if bar.met else "not met"] for bar in bars]
    return markdown([["", "bar", "measured", ""], *rows])


def disturbance(other_work: float) -> str:
    """The cores that other work kept busy, with a warning when that is enough to spoil the figures."""
    sentence = f"Other work kept {other_work:.2f} cores busy meanwhile"
    return (
        f"{sentence}."
        if other_work < DISTURBED_FROM
        else f"{sentence}: these figures are worse than the servers are. Repeat the run."
    )


def document(machine: dict[str, str | int], figures: str, bars: str, disturbance: str, method: str) -> str:
    """The text of docs/benchmark.md."""
    return f"""# TrialGuide and the stock Rasa bot

Written by `make bench`; repeat it with that command (about ten minutes), on a machine that does nothing else.

{machine["date"]}, {machine["cpu"]}, {machine["cores"]} cores.
Python {machine["python"]}, Rasa {machine["rasa"]}, TensorFlow {machine["tensorflow"]}.

{figures}

{bars}

{disturbance}

{method}"""


def _median(rounds: Sequence[Round], figure: Callable[[Round], float], digits: int = 1) -> str:
    return f"{median(map(figure, rounds)):.{digits}f}" if rounds else "–"


def _memory(one: Measured) -> str:
    total = f"{sum(one.memory.values()):.0f}"
    if len(one.memory) == 1:
        return total
    return f"{total} ({', '.join(f'{name} {megabytes:.0f}' for name, megabytes in one.memory.items())})"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table, its first row the heads of the columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def record(name: str, heading: str, bars: Sequence[Target], warning: str, method: str) -> None:
    """Prints the figures of a part and writes them into bench.json and docs/benchmark.md, in place of earlier ones."""
    recorded = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    figures = {"bars": [asdict(bar) for bar in bars], "warning": warning}
    RECORD.write_text(json.dumps(recorded | {name: figures}, indent=2) + "\n", encoding="utf-8")
    text = f"{bars_table(bars)}\n\n{warning}\n\n{method}"
    DOCUMENT.write_text(with_section(DOCUMENT.read_text(encoding="utf-8"), heading, text), encoding="utf-8")
    print(f"{bars_table(bars)}\n\n{warning}\nWritten to {RECORD.name} and {DOCUMENT.name}.")


def with_section(document: str, heading: str, text: str) -> str:
    """The document with a section in place of the one of that heading, or else at its end."""
    section = f"## {heading}\n\n{text.strip()}\n"
    found = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", document, re.DOTALL | re.MULTILINE)
    if found is None:
        return f"{document.rstrip()}\n\n{section}"
    rest = document[found.end() :]
    return document[: found.start()] + section + (f"\n{rest}" if rest else "")

"""The arithmetic of the benchmark, and what its load says."""

import asyncio
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.benchmarks.bench import MESSAGES, ROUNDS, WARM_UP, topic_questions
from tools.benchmarks.load import CONVERSATION, Load
from tools.benchmarks.profile import Stopwatch, time_all
from tools.benchmarks.report import (
    Measured,
    Round,
    bars,
    comparison,
    disturbance,
    document,
    paired_ratio,
    table,
    with_section,
)
from tools.benchmarks.servers import LAYOUTS, BenchmarkFailed, Workspace, train_revision
from tools.evaluation.questions import QUESTIONS, read_questions
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ROOT
from trialguide.dialogue.message_processor import CACHE_SIZE


def rounds(figures: list[tuple[float, float, float]]) -> list[Round]:
    return [
        Round(Load(400, 8, per_second, p95 / 2, p95), {"one": cpu / 2, "two": cpu / 2}, 0.0) for per_second, p95, cpu in figures
    ]


# The machine is twice as fast in some rounds as in others; the servers keep their ratio.
SPEEDS = (1.0, 2.0, 1.0, 0.5, 2.0)
OURS = rounds([(240 * speed, 9 / speed, 4 / speed) for speed in SPEEDS])
AGAIN = rounds([(480 * speed, 4.5 / speed, 2 / speed) for speed in SPEEDS])
STOCK = rounds([(40 * speed, 30 / speed, 20 / speed) for speed in SPEEDS])


@pytest.mark.parametrize(
    ("figure", "expected"),
    [("per_second", 6), ("p95", 0.3), ("cpu_a_message", 0.2)],
)
def test_a_ratio_does_not_depend_on_how_fast_the_machine_is(figure: str, expected: float) -> None:
    def value(one: Round) -> float:
        return float(getattr(one if figure == "cpu_a_message" else one.load, figure))

    assert paired_ratio(OURS, STOCK, value) == pytest.approx(expected)


def test_one_disturbed_round_does_not_decide() -> None:
    disturbed = rounds([(10, 500, 50)]) + OURS[1:]
    assert paired_ratio(disturbed, STOCK, lambda one: one.load.per_second) == pytest.approx(6)


def test_rounds_without_a_partner_are_no_ratio() -> None:
    with pytest.raises(ValueError, match="longer"):
        paired_ratio(OURS[1:], STOCK, lambda one: one.load.p95)


def measured(name: str, memory: float, start: float, loads: list[Round], again: list[Round]) -> Measured:
    return Measured(name, {"model": 80.0}, start, {"Rasa server": memory}, loads, loads, again, again)


def test_the_bars_are_met_or_not_by_the_paired_ratios() -> None:
    ours, stock = measured("TrialGuide", 750, 12, OURS, AGAIN), measured("stock bot", 1100, 32, STOCK, [])
    assert {bar.name: (bar.figure, bar.met) for bar in bars(ours, stock)} == {
        "messages a second, 8 at once, new questions": ("6.0 times", True),
        "p95, 1 at once, new questions": ("0.30", True),
        "processor time a message, new questions": ("1/5.0", False),
        "messages a second, 8 at once, questions heard before": ("12.0 times", True),
        "p95, 1 at once, questions heard before": ("0.15", True),
        "processor time a message, questions heard before": ("1/10.0", True),
        "training": ("80 s", True),
        "resident memory of the Rasa server": ("750 MB", True),
        "start to first 200": ("0.38", True),
        "start to first 200, where several servers share the work": ("0.38", False),
    }
    text = document(
        {"date": "", "cpu": "", "cores": 2, "python": "", "rasa": "", "tensorflow": ""}, table([ours, stock]), "", "", ""
    )
    assert "| messages a second, 8 at once" in text


def test_two_revisions_are_compared_by_the_paired_ratios() -> None:
    new, old = measured("TrialGuide", 600, 3, OURS, AGAIN), measured("86e75e1", 750, 6, STOCK, STOCK)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in comparison(new, old).splitlines()]
    assert rows[0] == ["", "TrialGuide", "86e75e1", "ratio"]
    for row in (
        ["messages a second, 8 at once", "240", "40", "6.00"],
        ["messages a second, 8 at once, heard before", "480", "40", "12.00"],
        ["p95, 1 at once, ms", "9.0", "30.0", "0.30"],
        ["processor time a message, ms", "4.0", "20.0", "0.20"],
        ["resident after the load, MB", "600.0", "750.0", "0.80"],
        ["start to first 200, s", "3.0", "6.0", "0.50"],
    ):
        assert row in rows


@pytest.mark.parametrize(("revision", "reason"), [("no-such-revision", "is not in this clone's history"), ("--", "is not in")])
def test_a_revision_that_is_not_known_is_told(revision: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match=reason):
        train_revision(Workspace(tmp_path), revision)


def test_the_layout_of_this_revision_is_known() -> None:
    assert all(find_spec(module) for module in LAYOUTS[0].modules.values())
    assert (ROOT / LAYOUTS[0].sign).exists()


@pytest.mark.parametrize(("cores", "repeat"), [(0.0, False), (0.1, False), (0.5, True)])
def test_a_busy_machine_is_said(cores: float, repeat: bool) -> None:
    assert f"{cores:.2f} cores" in disturbance(cores)
    assert ("Repeat" in disturbance(cores)) == repeat


def test_the_load_is_about_topics_and_says_nothing_that_is_remembered() -> None:
    catalogue = load_catalogue()
    said = topic_questions()
    topics = {question.text: question.topic for question in read_questions(sorted(QUESTIONS.glob("*.yml")), catalogue)}
    assert all(topics[question] in catalogue.topics for question in said)
    assert len(said) == len(set(said)) > max(MESSAGES.values()) + CACHE_SIZE
    assert said == topic_questions()
    assert all(messages % CONVERSATION == 0 for messages in (WARM_UP, *MESSAGES.values()))
    assert ROUNDS >= 5


CLOCK = threading.local()


def work(seconds: float) -> None:
    CLOCK.seconds = clock() + seconds


def clock() -> float:
    """Processor time of a thread of its own, as it would be if `work` took exactly as long as it says."""
    return float(getattr(CLOCK, "seconds", 0.0))


class Worked:
    """A part with another one in it and a third one beside it, in a thread of its own."""

    async def outer(self) -> None:
        work(2)
        self.inner()
        await asyncio.to_thread(self.beside)

    def inner(self) -> None:
        work(4)

    def beside(self) -> None:
        work(6)


def test_the_time_of_a_part_is_counted_once_and_for_that_part() -> None:
    parts = Stopwatch(clock)
    for name in ("outer", "inner", "beside"):
        parts.time(Worked, name, name)
    asyncio.run(Worked().outer())
    assert parts.seconds == {"outer": 2, "inner": 4, "beside": 6}


def test_every_part_that_is_timed_is_there() -> None:
    timed: list[str] = []
    time_all(lambda owner, name, part: timed.append(getattr(owner, name).__name__))
    assert len(timed) > 10


def test_a_section_takes_the_place_of_its_earlier_self() -> None:
    document = "# Title\n\nText.\n"
    once = with_section(document, "Widget", "old\n")
    assert once == "# Title\n\nText.\n\n## Widget\n\nold\n"
    assert with_section(once, "Widget", "new\n") == "# Title\n\nText.\n\n## Widget\n\nnew\n"
    both = with_section(once, "Others", "more")
    assert with_section(both, "Widget", "new") == "# Title\n\nText.\n\n## Widget\n\nnew\n\n## Others\n\nmore\n"

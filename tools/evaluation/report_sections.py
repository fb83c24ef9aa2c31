"""What the evaluation report says, part by part."""

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tools.evaluation import cross_validation as cross
from tools.evaluation.calibration import Bin, calibration_error
from tools.evaluation.charts import calibration_picture, curve_picture
from tools.evaluation.held_out import Tried
from tools.evaluation.learning_curve import Point
from tools.evaluation.measures import TOP, Measure, Understood, measures
from tools.evaluation.model_comparison import Compared
from tools.evaluation.threshold_sections import cross_validation_section, held_out_section
from tools.testbed.processes import machine
from trialguide.commands.reporting.documents import Picture, Section, Table, percent
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import ROOT
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.topic_model import Settings

COMPARISON = ROOT / "docs" / "understanding" / "comparison.json"
# Written by hand: what no command of the project can measure.
MEASURED_APART = COMPARISON.with_name("measured_apart.yml")
TITLE = "How well TrialGuide understands"


@dataclass(frozen=True)
class Speed:
    """Milliseconds a message at the median and the 95th percentile; sizes on disk in millions of bytes.

    `processor` is the processor time at the median, `busy` how many processes wanted a core meanwhile, on average.
    """

    p50: float
    p95: float
    processor: float
    messages: int
    model: float
    encoder: float
    busy: float


@dataclass(frozen=True)
class Evidence:
    """All that was measured."""

    results: Mapping[str, Sequence[Understood]]
    out_of_fold: cross.OutOfFold
    temperature: float
    doubt: cross.AnswerSweep
    danger: cross.DangerSweep
    curve: Sequence[Point]
    before: Sequence[Bin]
    after: Sequence[Bin]
    losses: tuple[float, float]
    speed: Speed
    # Thresholds by the sets of test questions, and what all sets together choose.
    held_out: Sequence[Tried]
    chosen: Thresholds


def comparison_table(rows: Sequence[Compared]) -> Table:
    """The models beside one another."""
    head = (
        "model", "right first", f"among {TOP} likeliest", "right at once", "offered", "wrong at once",
        "out of scope, answered", "processor ms a message", "processor s of training", "MB",
    )  # fmt: skip
    return Table(
        "Models, measured on the test questions",
        head,
        [
            (
                row.name,
                *map(percent, (row.first, row.in_top, row.right, row.offered, row.wrong, row.out_of_scope_answered)),
                f"{row.milliseconds:.1f}",
                f"{row.training:.0f}",
                f"{row.megabytes:.0f}",
            )
            for row in rows
        ],
    )


def sections(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue) -> list[Section]:
    """The report, from what matters most to patients to what matters to engineers."""
    return [
        _introduction(evidence),
        _measures(evidence.results, catalogue),
        _recall(evidence.results),
        _confusions(evidence.results),
        held_out_section(evidence.held_out, evidence.chosen, thresholds),
        cross_validation_section(
            evidence.out_of_fold, evidence.temperature, evidence.doubt, evidence.danger, settings, thresholds
        ),
        _learning_curve(evidence.curve),
        _calibration(evidence, settings),
        _speed_section(evidence.speed),
        _comparison(),
    ]


def _introduction(evidence: Evidence) -> Section:
    about = machine()
    numbers = ", ".join(f"{len(group)} in the {name}" for name, group in evidence.results.items())
    return Section(
        "What this is",
        [
            "Written by `python -m tools score --report`, which measures everything here but what is marked otherwise; "
            "figures belong to the data and settings of that day.",
            f"{about['date']}, {about['cpu']}, {about['cores']} cores, Python {platform.python_version()}. Test questions: "
            f"{numbers} set of files in tests/nlu; training examples: {len(evidence.out_of_fold.truth)}.",
            "The test questions were written apart from the training examples and in another style; a test keeps copies and "
            "near copies out. Data and settings were chosen by such figures, so on questions that nobody has seen they will be "
            "somewhat lower.",
            "“Right at once” is the answer given without asking back. When unsure, the assistant offers up to three topics "
            "instead. “Wrong” is an answer given at once that does not fit.",
        ],
    )


def _measures(results: Mapping[str, Sequence[Understood]], catalogue: Catalogue) -> Section:
    columns = [measures(list(group), catalogue) for group in _with_all(results).values()]
    rows = [(row[0].name, *map(_of, row)) for row in zip(*columns, strict=True)]
    return Section("Measures", [], [Table("Shares of the test questions, by set of files", ("", *_with_all(results)), rows)])


def _recall(results: Mapping[str, Sequence[Understood]]) -> Section:
    groups = {name: _recall_by_topic(group) for name, group in _with_all(results).items()}
    topics = sorted(groups["all"], key=lambda topic: (groups["all"][topic].share, topic))
    nothing = Measure("", 0, 0)
    rows = [(topic, *(_of(group.get(topic, nothing)) for group in groups.values())) for topic in topics]
    return Section("Recall by topic", [], [Table("Right at once, the lowest first", ("topic", *groups), rows)])


def _recall_by_topic(results: Sequence[Understood]) -> dict[str, Measure]:
    totals = Counter(result.question.topic for result in results)
    hits = Counter(result.question.topic for result in results if result.right)
    return {topic: Measure(topic, hits[topic], total) for topic, total in totals.items()}


def _confusions(results: Mapping[str, Sequence[Understood]]) -> Section:
    counts = {
        name: Counter((result.question.topic, result.label) for result in group if result.wrong)
        for name, group in _with_all(results).items()
    }
    texts = {
        (result.question.topic, result.label): result.question.text
        for group in results.values()
        for result in group
        if result.wrong
    }
    pairs = sorted(counts["all"], key=lambda pair: (-counts["all"][pair], pair))
    rows = [(*pair, *(str(group[pair]) for group in counts.values()), texts[pair]) for pair in pairs]
    head = ("topic", "taken for", *counts, "one of them")
    return Section("Confusions", [], [Table("Answered at once with another topic, the commonest first", head, rows)])


def _learning_curve(points: Sequence[Point]) -> Section:
    rows = [
        (f"{100 * point.share:.0f} %", str(point.examples), percent(point.first), percent(point.in_top)) for point in points
    ]
    return Section(
        "Learning curve",
        ["What a part of the examples achieves on the test questions: the first ones of each topic, in the order of the files. "
         "The classifier alone, without phrases and thresholds."],
        [
            Picture(
                "learning-curve",
                "Share of test questions right by share of examples learned from.",
                "Two lines that rise with the share of examples; the next table has the figures.",
                curve_picture(points),
            ),
            Table("Learning curve", ("of each topic", "examples", "likeliest right", f"among the {TOP} likeliest"), rows),
        ],
    )  # fmt: skip


def _calibration(evidence: Evidence, settings: Settings) -> Section:
    rows = [
        (f"{first.low:.1f} to {first.high:.1f}", *_bin(first), *_bin(second))
        for first, second in zip(evidence.before, evidence.after, strict=True)
    ]
    errors = [percent(calibration_error(list(bins))) for bins in (evidence.before, evidence.after)]
    losses = [f"{loss:.3f}" for loss in evidence.losses]
    return Section(
        "Calibration",
        [
            f"How far the probability of the likeliest label can be believed, on the test questions, before and after division "
            f"by the temperature of config.yml ({settings.temperature:.2f}). Expected calibration error {errors[0]} before, "
            f"{errors[1]} after; log loss {losses[0]} before, {losses[1]} after."
        ],
        [
            Picture(
                "calibration",
                "Share right by probability, and the number of messages in each bin.",
                "Two lines of share right over probability beside the line on which both are equal, and bars of the number of "
                "messages; the next table has the figures.",
                calibration_picture(evidence.before, evidence.after),
            ),
            Table(
                "Calibration: number of messages, mean probability, share right",
                ("probability", "before", "mean", "right", "after", "mean", "right"),
                rows,
            ),
        ],
    )


def _speed_section(speed: Speed) -> Section:
    rows = [
        ("median, ms a message", f"{speed.p50:.1f}"),
        ("95th percentile, ms a message", f"{speed.p95:.1f}"),
        ("processor time at the median, ms a message", f"{speed.processor:.1f}"),
        ("sentence encoder on disk, MB", f"{speed.encoder:.0f}"),
        ("topic model on disk, MB", f"{speed.model:.0f}"),
    ]
    return Section(
        "Speed and size",
        [
            f"The classifier alone, on {speed.messages} test questions one by one, while {speed.busy:.1f} processes wanted a "
            "core; `make bench` measures whole answers."
        ],
        [Table("Speed and size; 1 MB is a million bytes", ("", ""), rows)],
    )


def _comparison() -> Section:
    apart = yaml.safe_load(MEASURED_APART.read_text(encoding="utf-8"))
    if COMPARISON.exists():
        kept: dict[str, Any] = json.loads(COMPARISON.read_text(encoding="utf-8"))
        measured = (
            f"Measured by `python -m tools score --compare` on {kept['date']}, on {kept['questions']} test questions, all with "
            f"the same examples, safety phrases and thresholds (answering from {kept['answer']:.2f}). Shares are of all "
            "questions. Times are the processor's, of all cores together, which other work on the machine changes less; "
            "training leaves out the encoding of the examples, which is the same for all. The linear models are logistic "
            "regressions and need no temperature. Messages are not taken apart into sentences here."
        )
        rows = [Compared(**row) for row in (*kept["rows"], *apart["rows"])]
        return Section("Models that were tried", [measured, *apart["paragraphs"]], [comparison_table(rows)])
    missing = "Not measured yet: `python -m tools score --compare` does it."
    return Section("Models that were tried", [missing, *apart["paragraphs"]])


def _with_all(results: Mapping[str, Sequence[Understood]]) -> dict[str, Sequence[Understood]]:
    return {**results, "all": [result for group in results.values() for result in group]}


def _of(measure: Measure) -> str:
    return f"{percent(measure.share)} ({measure.hits} of {measure.total})" if measure.total else "–"


def _bin(row: Bin) -> tuple[str, str, str]:
    return (str(row.count), f"{row.confidence:.2f}", percent(row.right)) if row.count else ("0", "–", "–")

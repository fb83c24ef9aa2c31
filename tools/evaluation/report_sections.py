"""The sections of the evaluation report."""

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.evaluation.calibration import Bin, calibration_error
from tools.evaluation.charts import calibration_picture
from tools.evaluation.cross_validation import FOLDS, OutOfFold, top_accuracy
from tools.evaluation.held_out import HeldOutResult
from tools.evaluation.measures import TOP, Measure, Outcome, measures
from tools.evaluation.threshold_sections import held_out_section
from tools.evaluation.trained_model import Speed
from tools.testbed.processes import machine
from trialguide.commands.reporting.documents import Figure, Section, Table, percent
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import ROOT, load_yaml
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.topic_model import Settings

COMPARISON = ROOT / "docs" / "understanding" / "comparison.json"
# Written by hand: measurements with packages that are not installed or with code that is no longer there.
MEASURED_APART = COMPARISON.with_name("measured_apart.yml")
TITLE = "How well TrialGuide understands"


@dataclass(frozen=True)
class Evidence:
    """The measurements of a report."""

    results: Mapping[str, Sequence[Outcome]]
    out_of_fold: OutOfFold
    temperature: float
    before: Sequence[Bin]
    after: Sequence[Bin]
    losses: tuple[float, float]
    speed: Speed
    # Thresholds by the sets of test questions, and what all sets together choose.
    held_out: Sequence[HeldOutResult]
    chosen: Thresholds


def sections(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue) -> list[Section]:
    """The report, from what matters most to patients to what matters to engineers."""
    return [
        _introduction(evidence),
        _measures(evidence.results, catalogue),
        _recall(evidence.results),
        _confusions(evidence.results),
        held_out_section(evidence.held_out, evidence.chosen, thresholds),
        _cross_validation(evidence.out_of_fold, evidence.temperature, settings),
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
            f"{numbers} set of files in tests/questions; training examples: {len(evidence.out_of_fold.truth)}.",
            "The test questions were written apart from the training examples and in another style; a test keeps copies and "
            "near copies out. Data and settings were chosen by such figures, so on questions that nobody has seen they will be "
            "somewhat lower.",
            "“Right at once” is the answer given without asking back. When unsure, the assistant offers up to three topics "
            "instead. “Wrong” is an answer given at once that does not fit.",
        ],
    )


def _measures(results: Mapping[str, Sequence[Outcome]], catalogue: Catalogue) -> Section:
    columns = [measures(list(group), catalogue) for group in _with_all(results).values()]
    rows = [(row[0].name, *map(_of, row)) for row in zip(*columns, strict=True)]
    return Section("Measures", [], [Table("Shares of the test questions, by set of files", ("", *_with_all(results)), rows)])


def _recall(results: Mapping[str, Sequence[Outcome]]) -> Section:
    groups = {name: _recall_by_topic(group) for name, group in _with_all(results).items()}
    topics = sorted(groups["all"], key=lambda topic: (groups["all"][topic].share, topic))
    nothing = Measure("", 0, 0)
    rows = [(topic, *(_of(group.get(topic, nothing)) for group in groups.values())) for topic in topics]
    return Section("Recall by topic", [], [Table("Right at once, the lowest first", ("topic", *groups), rows)])


def _recall_by_topic(results: Sequence[Outcome]) -> dict[str, Measure]:
    totals = Counter(result.question.topic for result in results)
    hits = Counter(result.question.topic for result in results if result.right)
    return {topic: Measure(topic, hits[topic], total) for topic, total in totals.items()}


def _confusions(results: Mapping[str, Sequence[Outcome]]) -> Section:
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


def _cross_validation(found: OutOfFold, temperature: float, settings: Settings) -> Section:
    accuracy, in_top = (top_accuracy(found.probabilities, found.truth, number) for number in (1, TOP))
    rows = [
        ("likeliest label right", percent(accuracy), ""),
        (f"among the {TOP} likeliest", percent(in_top), ""),
        ("temperature of the smallest log loss", f"{temperature:.2f}", f"{settings.temperature:.2f}"),
    ]
    return Section(
        "Cross-validation",
        [
            f"Each topic's examples are cut into {FOLDS} stretches in the order of the files, and each stretch is judged by a "
            "model that has learned from the others: a stretch was written by one author in one style, so stretches drawn at "
            "random would flatter. The classifier alone; the temperature follows from its probabilities."
        ],
        [Table("Found by cross-validation, beside config.yml", ("", "found", "config.yml"), rows)],
    )


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
            Figure(
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
    stored: dict[str, Any] = json.loads(COMPARISON.read_text(encoding="utf-8"))
    apart = load_yaml(MEASURED_APART)
    measured = (
        f"Measured once, on {stored['date']}, on {stored['questions']} test questions, all with the same examples, safety "
        f"phrases and thresholds (answering from {stored['answer']:.2f}), each message as a whole. Shares are of all "
        "questions. Times are the processor's, of all cores together, which other work on the machine changes less; "
        "training leaves out the encoding of the examples, which is the same for all. The linear models are logistic "
        "regressions and need no temperature."
    )
    head = (
        "model", "right first", f"among {TOP} likeliest", "right at once", "offered", "wrong at once",
        "out of scope, answered", "processor ms a message", "processor s of training", "MB",
    )  # fmt: skip
    shares = ("first", "in_top", "right", "offered", "wrong", "out_of_scope_answered")
    rows = [
        (
            row["name"],
            *(percent(row[share]) for share in shares),
            f"{row['milliseconds']:.1f}",
            f"{row['training']:.0f}",
            f"{row['megabytes']:.0f}",
        )
        for row in (*stored["rows"], *apart["rows"])
    ]
    table = Table("Models, measured on the test questions", head, rows)
    others = [Table(row["title"], tuple(row["head"]), [tuple(line) for line in row["rows"]]) for row in apart["tables"]]
    return Section("Models that were tried", [measured, *apart["paragraphs"]], [table, *others])


def _with_all(results: Mapping[str, Sequence[Outcome]]) -> dict[str, Sequence[Outcome]]:
    return {**results, "all": [result for group in results.values() for result in group]}


def _of(measure: Measure) -> str:
    return f"{percent(measure.share)} ({measure.hits} of {measure.total})" if measure.total else "–"


def _bin(row: Bin) -> tuple[str, str, str]:
    return (str(row.count), f"{row.confidence:.2f}", percent(row.right)) if row.count else ("0", "–", "–")

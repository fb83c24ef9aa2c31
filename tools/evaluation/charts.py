"""The pictures of the report: readable in print, and told apart by line and marker as well as by colour."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tools.evaluation.calibration import Bin
from tools.evaluation.cross_validation import AnswerSweep, DangerSweep
from tools.evaluation.learning_curve import Point

# Black, blue and orange of Okabe and Ito (2008) differ in brightness as well as in colour.
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "linestyle": "-", "marker": "o"},
    {"color": "#0072b2", "linestyle": "--", "marker": "s"},
    {"color": "#d55e00", "linestyle": ":", "marker": "^"},
)
SIZE = (7.0, 4.2)


def calibration_picture(before: Sequence[Bin], after: Sequence[Bin]) -> str:
    """Share right over probability, and below it how many messages there are in each bin."""
    figure = Figure(figsize=(SIZE[0], 5.6), layout="constrained")
    curve, counts = figure.subplots(2, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    curve.plot((0, 1), (0, 1), color="#777777", linewidth=1, label="as large as right")
    for name, bins, line in (("before temperature", before, LINES[1]), ("after temperature", after, LINES[0])):
        filled = [row for row in bins if row.count]
        curve.plot([row.confidence for row in filled], [row.right for row in filled], label=name, **line)
    middles = [(row.low + row.high) / 2 for row in before]
    bars = {"width": 0.04, "edgecolor": "black"}
    counts.bar([middle - 0.02 for middle in middles], [row.count for row in before], color="white", hatch="//", **bars)
    counts.bar([middle + 0.02 for middle in middles], [row.count for row in after], color="#555555", **bars)
    counts.set(xlabel="probability of the likeliest label", ylabel="messages\n(hatched: before)", xlim=(0, 1))
    curve.set(ylabel="share right", ylim=(0, 1))
    return _svg(figure, curve)


def curve_picture(points: Sequence[Point]) -> str:
    """Shares right over the share of examples learned from."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    shares = [100 * point.share for point in points]
    axes.plot(shares, [point.in_top for point in points], label="among the three likeliest", **LINES[1])
    axes.plot(shares, [point.first for point in points], label="likeliest", **LINES[0])
    axes.set(xlabel="examples learned from, % of each topic's", ylabel="share right on the test questions", xlim=(0, 102))
    return _svg(figure, axes)


def doubt_picture(doubt: AnswerSweep, chosen: float) -> str:
    """What becomes of messages, over the threshold for answering; `chosen` is the one in config.yml."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    rows = (("right at once", doubt.right), ("offered", doubt.offered), ("wrong at once", doubt.wrong))
    for (name, shares), line in zip(rows, LINES, strict=True):
        axes.plot(doubt.threshold, shares, label=name, markevery=10, **line)
    axes.axvline(chosen, color="#777777", linewidth=1, label="config.yml")
    axes.set(xlabel="threshold for answering", ylabel="share of all examples", xlim=(0, 1), ylim=(0, 1))
    return _svg(figure, axes)


def danger_picture(danger: DangerSweep, chosen: float) -> str:
    """What is recognised and what falsely taken for danger, over its threshold; `chosen` is the one in config.yml."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.plot(danger.threshold, [1 - share for share in danger.recognised], label="danger, missed", markevery=10, **LINES[0])
    axes.plot(danger.threshold, danger.false_alarms, label="harmless, taken for danger", markevery=10, **LINES[1])
    axes.axvline(chosen, color="#777777", linewidth=1, label="config.yml")
    axes.set(xlabel="threshold for danger", ylabel="share", xlim=(0, 1))
    axes.set_ylim(bottom=0)
    return _svg(figure, axes)


def _svg(figure: Figure, axes: Any) -> str:
    axes.grid(color="#dddddd")
    axes.legend()
    written = io.StringIO()
    # Ids that are the same at every run, and no date: a picture changes only when its figures do.
    with mpl.rc_context({"svg.hashsalt": "trialguide"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()

"""Charts of the report, readable in print: lines differ by dash and marker as well as by colour."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tools.evaluation.calibration import Bin

# Black and blue of Okabe and Ito (2008) differ in brightness as well as in colour.
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "linestyle": "-", "marker": "o"},
    {"color": "#0072b2", "linestyle": "--", "marker": "s"},
)
SIZE = (7.0, 5.6)


def calibration_picture(before: Sequence[Bin], after: Sequence[Bin]) -> str:
    """The share right over the probability, above the number of messages in each bin, as SVG."""
    figure = Figure(figsize=SIZE, layout="constrained")
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


def _svg(figure: Figure, axes: Any) -> str:
    axes.grid(color="#dddddd")
    axes.legend()
    written = io.StringIO()
    # Ids that are the same at every run, and no date: a picture changes only when its figures do.
    with mpl.rc_context({"svg.hashsalt": "trialguide"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()

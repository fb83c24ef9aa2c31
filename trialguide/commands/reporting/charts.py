"""Charts of the usage report as SVG: readable in print, with hatches as well as colours."""

import io
from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Of Okabe and Ito (2008), from dark to light, each with a hatch of its own.
FILLS = (
    {"color": "#0072b2", "hatch": ""},
    {"color": "#e69f00", "hatch": "//"},
    {"color": "#009e73", "hatch": ".."},
    {"color": "#cc79a7", "hatch": "xx"},
    {"color": "#56b4e9", "hatch": "\\\\"},
    {"color": "#f0e442", "hatch": "--"},
    {"color": "#d55e00", "hatch": "++"},
    {"color": "#bbbbbb", "hatch": "oo"},
)
WIDTH, LINE = 7.4, 0.3
MOST_TICKS = 12


def column_chart(labels: Sequence[str], series: Mapping[str, Sequence[int]], what: str) -> str:
    """Stacked columns, one for each label; `what` names the unit."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.subplots()
    below = [0] * len(labels)
    for (name, numbers), fill in zip(series.items(), cycle(FILLS), strict=False):
        axes.bar(labels, numbers, bottom=below, label=name, edgecolor="black", linewidth=0.5, **fill)
        below = [low + number for low, number in zip(below, numbers, strict=True)]
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    step = -(-len(labels) // MOST_TICKS)
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.tick_params(axis="x", labelrotation=30 if len(labels) > 6 else 0)
    axes.set(ylabel=what, axisbelow=True)
    axes.grid(axis="y", color="#dddddd")
    return _svg(figure, len(series) > 1)


def bar_chart(labels: Sequence[str], series: Mapping[str, Sequence[int]], what: str) -> str:
    """Stacked horizontal bars, for long labels, the first at the top."""
    figure = Figure(figsize=(WIDTH, 1.1 + LINE * len(labels)), layout="constrained")
    axes = figure.subplots()
    left = [0] * len(labels)
    for (name, numbers), fill in zip(series.items(), cycle(FILLS), strict=False):
        axes.barh(labels, numbers, left=left, label=name, edgecolor="black", linewidth=0.5, height=0.7, **fill)
        left = [low + number for low, number in zip(left, numbers, strict=True)]
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=what, axisbelow=True)
    axes.grid(axis="x", color="#dddddd")
    return _svg(figure, len(series) > 1)


def _svg(figure: Figure, with_legend: bool) -> str:
    if with_legend:
        figure.axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False)
    written = io.StringIO()
    # Ids that are the same at every run, and no date: a picture changes only when its figures do.
    with mpl.rc_context({"svg.hashsalt": "trialguide", "hatch.linewidth": 0.6}):
        figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None})
    return written.getvalue()

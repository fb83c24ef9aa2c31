"""The page of the usage report."""

from functools import partial

from trialguide.commands.reporting.documents import render
from trialguide.commands.reporting.inbox import MOST_SHOWN, example, file_of, inbox_of, near, reasons
from trialguide.commands.reporting.missed_danger import MARKED
from trialguide.commands.reporting.usage import FEWEST, Usage, rounded, shown
from trialguide.commands.reporting.usage_figures import MOST_DRAWN, figures_of, ratings_of


def usage_page(title: str, usage: Usage) -> str:
    """The report as one HTML page that loads nothing."""
    asked = sum(usage.by("message").values())
    values = {
        "title": title,
        "usage": usage,
        "asked": asked,
        "fewest": FEWEST,
        "most_drawn": MOST_DRAWN,
        "most_shown": MOST_SHOWN,
        "ratings": ratings_of(usage),
        "inbox": inbox_of(usage.inbox, usage.missed, usage.titles),
        "stale": [[f"{finding.file}:{finding.line}", finding.problem, finding.remedy] for finding in usage.stale],
        "marked": shown(sum(one.why == MARKED for one in usage.missed)),
        "rounded": rounded,
        "near": partial(near, titles=usage.titles),
        "reasons": reasons,
        "file_of": file_of,
        "example": example,
    }
    return render("usage.html", values | (figures_of(usage, asked) if asked else {}))

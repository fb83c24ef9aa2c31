"""Usage report on one page: questions, messages that were not understood, ratings (`python -m trialguide report`)."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from trialguide.commands.backup import open_database
from trialguide.commands.check import check_content
from trialguide.commands.reporting.clustering import groups_of
from trialguide.commands.reporting.missed_danger import split_danger
from trialguide.commands.reporting.usage import Period, Rated, Usage
from trialguide.commands.reporting.usage_page import usage_page
from trialguide.content.answer_versions import answer_versions
from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import ROOT
from trialguide.nlu.safety_phrases import load_safety_phrases
from trialguide.nlu.sentence_encoder import EncoderMissing
from trialguide.storage.database import FAILURES
from trialguide.storage.schema import RATINGS
from trialguide.storage.unanswered import mark_danger, unanswered_between
from trialguide.storage.usage_counts import counts_between

DAYS = 30
TITLE = "What people asked TrialGuide"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The days and the file; the database is that of DATABASE_URL or CONVERSATIONS."""
    parser.add_argument("--from", dest="first", metavar="DAY", help=f"such as 2026-11-01; without it, {DAYS} days back")
    parser.add_argument("--to", dest="last", metavar="DAY", help="the last day, which counts; without it, today")
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE", help="without it, report.html")
    was_danger = "marks entries of the inbox as danger that was missed, by their numbers, and writes no report"
    parser.add_argument("--was-danger", type=int, nargs="+", default=(), metavar="NUMBER", help=was_danger)


def main(arguments: argparse.Namespace) -> int:
    """0 when the page is written or the entries are marked, 1 when the arguments, the database or the file cannot be used."""
    try:
        if arguments.was_danger:
            return _mark(arguments.was_danger)
        period = period_of(arguments.first, arguments.last)
        usage = usage_of(period)
        arguments.out.write_text(usage_page(TITLE, usage), encoding="utf-8")
    except (ValueError, OSError, EncoderMissing, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"The report on {period} is in {arguments.out}." + ("" if usage.counts else " Nothing was asked on these days."))
    return 0


def period_of(first: str | None, last: str | None) -> Period:
    """The requested days. Raises ValueError, with a sentence, for days that do not exist or are in the wrong order."""
    end = _day("--to", last) if last is not None else date.today()
    start = _day("--from", first) if first is not None else end - timedelta(days=DAYS)
    if start > end:
        raise ValueError(f"The first day, {start}, comes after the last one, {end}.")
    return Period(start, end)


def usage_of(period: Period, data: Path = ROOT / "data") -> Usage:
    """The usage on these days. Raises ValueError, EncoderMissing and the database's errors."""
    first, last = period.first.isoformat(), period.last.isoformat()
    with open_database().connect() as connection:
        counts = counts_between(connection, first, last)
        missed, unanswered = split_danger(unanswered_between(connection, first, last), load_safety_phrases())
        # Seconds since 1970; the last day is whole.
        within = RATINGS.c.rated_at.between(period.begins, period.ends)
        columns = (RATINGS.c.topic, RATINGS.c.version, RATINGS.c.stars, RATINGS.c.comment, RATINGS.c.counts)
        rows = connection.execute(sa.select(*columns).where(within).order_by(RATINGS.c.id)).all()
    versions = answer_versions()
    ratings = [Rated(topic, versions.get(topic) == version, *given) for topic, version, *given in rows]
    stale = [finding for finding in check_content(data) if finding.warning]
    return Usage(period, load_catalogue().titles, counts, ratings, groups_of(unanswered), stale, missed)


def _mark(numbers: Sequence[int]) -> int:
    with open_database().begin() as connection:
        mark_danger(connection, numbers)
    print(f"Marked as danger: {', '.join(map(str, numbers))}. The next report offers them for data/nlu/safety.yml alone.")
    return 0


def _day(option: str, given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError(f"{option}: “{given}” is no day. Write year, month and day: 2026-11-01.") from None

"""Usage of a period, from the database. Small numbers are hidden: they might be about one person."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from trialguide.commands.checking.findings import Finding
from trialguide.commands.reporting.clustering import Group
from trialguide.commands.reporting.missed_danger import MissedDanger
from trialguide.storage.usage_counts import Count

FEWEST = 5
UNDER = f"under {FEWEST}"


@dataclass(frozen=True)
class Period:
    """Days from the first to the last."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def days(self) -> list[str]:
        return [(self.first + timedelta(number)).isoformat() for number in range((self.last - self.first).days + 1)]

    @property
    def begins(self) -> float:
        """In seconds since 1970."""
        return datetime.combine(self.first, datetime.min.time(), timezone.utc).timestamp()

    @property
    def ends(self) -> float:
        """In seconds since 1970."""
        return datetime.combine(self.last + timedelta(1), datetime.min.time(), timezone.utc).timestamp()


@dataclass(frozen=True)
class Rated:
    """A rating: its topic, whether it is of the current wording, 1 to 5 stars, a masked comment, whether means hold it."""

    topic: str
    is_current: bool
    stars: int
    comment: str | None
    counts: bool


@dataclass(frozen=True)
class Usage:
    """Counts, ratings and inbox of a period, and stale content. `titles` are those of topics and look-ups.

    `missed` are entries of the inbox that may have been about danger; its groups hold the others.
    """

    period: Period
    titles: Mapping[str, str]
    counts: Counter[Count]
    ratings: Sequence[Rated]
    inbox: Sequence[Group]
    stale: Sequence[Finding]
    missed: Sequence[MissedDanger] = ()

    def by(self, kind: str, key: Callable[[Count], str] = lambda count: count.name) -> Counter[str]:
        """The numbers of a kind, by name or by another key."""
        numbers: Counter[str] = Counter()
        for count, number in self.counts.items():
            if count.kind == kind:
                numbers[key(count)] += number
        return numbers


def shown(number: int) -> str:
    """A number of people or messages, hidden when it is small."""
    return str(number) if number >= FEWEST or not number else UNDER


def share(part: int, whole: int) -> str:
    """A share in per cent, hidden where it would give a small number away."""
    return f"{100 * part / whole:.0f} %" if part >= FEWEST else UNDER


def rounded(number: int) -> str:
    """A number to the nearest ten, so that hidden numbers cannot be found by subtraction."""
    return str(round(number, -1)) if number >= FEWEST else UNDER

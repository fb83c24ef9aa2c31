"""Usage counts by day and channel, without texts or sender ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.places.place import Place
from trialguide.storage.schema import COUNTS
from trialguide.storage.turn_summary import TurnSummary
from trialguide.storage.unanswered import reason
from trialguide.text.language import language_of

SAFETY = frozenset({"emergency", "self_harm", "medical_advice", "report_side_effect"})
# Upper bounds of the histogram of response times, in seconds; `LONGER` is the class above the last.
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
LONGER = "longer"
# Replies of a look-up without results, or without results in the country itself.
NOTHING = frozenset({"no_clinics", "no_more_clinics", "no_more_found"})
ABROAD = frozenset({"clinics_abroad", "no_support_groups", "trials_international"})
# As text: SQLAlchemy compiles an upsert anew at each message, which takes longer than running it.
UPSERT = sa.text(
    "INSERT INTO counts (day, channel, kind, name, server, number) VALUES (:day, :channel, :kind, :name, :server, :number) "
    "ON CONFLICT (day, channel, kind, name, server) DO UPDATE SET number = counts.number + excluded.number"
)


class Count(NamedTuple):
    """The key of a count: the day in ISO 8601, the channel, the kind of event, and its name within the kind."""

    day: str
    channel: str
    kind: str
    name: str


def count_turn(turn: TurnSummary, ended: float, titles: Mapping[str, str]) -> list[Count]:
    """The counts of a turn that ended at a time in seconds."""
    return [Count(turn.day, turn.channel, kind, name) for kind, name in _counted(turn, ended, titles)]


def add_counts(connection: Connection, server: str, counts: Iterable[Count]) -> None:
    """Adds counts to the rows of a server. Servers never share rows, so that none waits for another."""
    numbers = Counter(counts)
    if numbers:
        rows = [count._asdict() | {"server": server, "number": number} for count, number in numbers.items()]
        connection.execute(UPSERT, rows)


def counts_between(connection: Connection, first: str, last: str) -> Counter[Count]:
    """The counts from the first to the last day, summed over all servers."""
    columns = (COUNTS.c.day, COUNTS.c.channel, COUNTS.c.kind, COUNTS.c.name)
    rows = sa.select(*columns, sa.func.sum(COUNTS.c.number)).where(COUNTS.c.day.between(first, last)).group_by(*columns)
    return Counter({Count(*row[:4]): int(row[4]) for row in connection.execute(rows)})


def _counted(turn: TurnSummary, ended: float, titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "message", ""
    yield "language", language_of(turn.message.text or "")
    seconds = max(0.0, ended - turn.started_at)
    yield "seconds", next((str(bound) for bound in SECONDS if seconds <= bound), LONGER)
    if turn.intent in SAFETY:
        yield "safety", turn.intent
    for reply in turn.replies:
        if reply.metadata.get("topic") and reply.metadata.get("part") == "text":
            yield "topic", str(reply.metadata["topic"])
    not_answered = reason(turn)
    if not_answered:
        yield "unanswered", not_answered
    if any(reply.metadata.get("offer") for reply in turn.replies):
        yield "offered", ""
    chosen = turn.chosen(titles)
    if chosen:
        yield "chosen", chosen
    if turn.search:
        country = turn.search.get("only") or Place.parse(turn.search["place"]).country
        yield "look_up", f"{turn.search['lookup']}/{country}/{_found(turn)}"


def _found(turn: TurnSummary) -> str:
    """The result of a look-up: `found`, `abroad`, `nothing`, or `not_addressed` for an excluded country."""
    responses = {reply.metadata.get("utter_action") for reply in turn.replies}
    if "excluded_country" in responses:
        return "not_addressed"
    return "nothing" if responses & NOTHING else "abroad" if responses & ABROAD else "found"

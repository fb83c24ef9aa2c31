"""Personal data: summary, erasure, and deletion after its retention period."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES, METADATA, OUTBOX, RATING_ADDRESSES, RATINGS, UNANSWERED

DAY = 24 * 60 * 60
# Unanswered messages, and the sender ids of ratings; the stars themselves stay.
FEEDBACK_DAYS = 180
# Answers are reviewed within two years, so a longer follow has nothing to wait for.
FOLLOW_DAYS = 730
# Rows per transaction, to keep locks short.
BATCH = 500
# Prefix of the pseudonym that replaces the sender id of an old rating.
SOMEBODY = "somebody:"

# All tables with personal data.
PERSONAL = [table for table in METADATA.sorted_tables if "sender_id" in table.c]


@dataclass(frozen=True)
class DataSummary:
    """The amount of data stored about a person; `since` is the time in seconds of the first message, None without one."""

    messages: int
    since: float | None
    ratings: int
    follows: int
    unanswered: int

    @property
    def is_empty(self) -> bool:
        return not (self.messages or self.ratings or self.follows or self.unanswered)


def summarise(connection: Connection, sender_id: str) -> DataSummary:
    """The summary of the data stored about a person."""
    sender = row_id(sender_id)
    messages_of = sa.select(sa.func.count(), sa.func.min(EVENTS.c.timestamp)).where(EVENTS.c.sender_id == sender)
    messages, since = connection.execute(messages_of.where(EVENTS.c.type_name == "user")).one()
    others = (
        connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.sender_id == sender)).scalar_one()
        for table in (RATINGS, FOLLOWS, UNANSWERED)
    )
    return DataSummary(messages, since, *others)


def erase(connection: Connection, sender_id: str, last_event: int) -> None:
    """Deletes all rows of a person, the outbox included; of the events, those up to the id `last_event`."""
    for table in PERSONAL:
        own = [table.c.sender_id == row_id(sender_id)]
        if table is EVENTS:
            own.append(table.c.id <= last_event)
        connection.execute(table.delete().where(*own))


def delete_expired(connection: Connection, days: int) -> int:
    """Deletes one batch of expired rows, messages after `days` days; returns how many rows it deleted or unlinked.

    Servers that run it at the same time skip each other's rows.
    """
    conversation, feedback, follow = (now(connection) - age * DAY for age in (days, FEEDBACK_DAYS, FOLLOW_DAYS))
    today = datetime.now(timezone.utc).date()
    day = (today - timedelta(days=FEEDBACK_DAYS)).isoformat()
    expired = (
        (EVENTS, EVENTS.c.timestamp < conversation),
        (MESSAGES, MESSAGES.c.received_at < conversation),
        (OUTBOX, OUTBOX.c.queued_at < conversation),
        (UNANSWERED, UNANSWERED.c.day < day),
        (FOLLOWS, FOLLOWS.c.followed_at < follow),
        (RATING_ADDRESSES, RATING_ADDRESSES.c.daily_address < today.isoformat()),
    )
    deletes = [table.delete().where(table.c.id.in_(_batch(table, is_expired))) for table, is_expired in expired]
    is_old = sa.and_(RATINGS.c.rated_at < feedback, ~RATINGS.c.sender_id.startswith(SOMEBODY))
    pseudonym = SOMEBODY + sa.cast(RATINGS.c.id, sa.String)
    unlink = RATINGS.update().where(RATINGS.c.id.in_(_batch(RATINGS, is_old))).values(sender_id=pseudonym)
    is_past = MESSAGES.c.daily_address < today.isoformat()
    forget = MESSAGES.update().where(MESSAGES.c.id.in_(_batch(MESSAGES, is_past))).values(daily_address=None)
    return sum(connection.execute(statement).rowcount for statement in (*deletes, unlink, forget))


def _batch(table: sa.Table, condition: sa.sql.ColumnElement) -> sa.sql.Select:
    return sa.select(table.c.id).where(condition).limit(BATCH).with_for_update(skip_locked=True)

"""What is kept of a person: how much, until when, and its erasure."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES, METADATA, OUTBOX, RATINGS, UNANSWERED

# The reply that says that all has been erased; a turn with it leaves nothing else of the conversation.
ERASED = "erased"
DAY = 24 * 60 * 60
# Messages that were not understood, and who gave a rating. The stars themselves stay.
FEEDBACK_DAYS = 180
# An answer is reviewed within two years; after that nobody waits for news of it.
FOLLOW_DAYS = 730
# Rows at a time, so that nobody waits long for a row that is being deleted.
BATCH = 500
# Begins what stands for a person whose rating alone is kept.
SOMEBODY = "somebody:"

# Every table that holds something of a person, but for the outbox, whose rows hold events as text.
PERSONAL = [table for table in METADATA.sorted_tables if "sender_id" in table.c]


@dataclass(frozen=True)
class DataSummary:
    """How much is kept of a person; `since` is the time in seconds of the first message, None without one."""

    messages: int
    since: float | None
    ratings: int
    follows: int
    unanswered: int

    @property
    def nothing(self) -> bool:
        return not (self.messages or self.ratings or self.follows or self.unanswered)


def summarise(connection: Connection, sender_id: str) -> DataSummary:
    """What is kept of a person."""
    sender = row_id(sender_id)
    heard = sa.select(sa.func.count(), sa.func.min(EVENTS.c.timestamp)).where(EVENTS.c.sender_id == sender)
    messages, since = connection.execute(heard.where(EVENTS.c.type_name == "user")).one()
    others = (
        connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.sender_id == sender)).scalar_one()
        for table in (RATINGS, FOLLOWS, UNANSWERED)
    )
    return DataSummary(messages, since, *others)


def erase(connection: Connection, sender_id: str, last_event: int) -> None:
    """Erases all that is kept of a person; of the conversation, what stands up to a row."""
    sender = row_id(sender_id)
    for table in PERSONAL:
        own = [table.c.sender_id == sender]
        if table is EVENTS:
            own.append(table.c.id <= last_event)
        connection.execute(table.delete().where(*own))
    # What is on its way to the message broker is text that begins with the sender id.
    begins = json.dumps({"sender_id": sender_id}).removesuffix("}")
    connection.execute(OUTBOX.delete().where(OUTBOX.c.data.startswith(begins, autoescape=True)))


def delete_expired(connection: Connection, days: int) -> int:
    """Deletes a batch of what has been kept for long enough, messages after so many days; how many rows that concerned.

    Servers that do so at the same time leave each other's rows alone.
    """
    said, rated, followed = (now(connection) - age * DAY for age in (days, FEEDBACK_DAYS, FOLLOW_DAYS))
    day = (datetime.now(timezone.utc) - timedelta(days=FEEDBACK_DAYS)).date().isoformat()
    old = (
        (EVENTS, EVENTS.c.timestamp < said),
        (MESSAGES, MESSAGES.c.received < said),
        (UNANSWERED, UNANSWERED.c.day < day),
        (FOLLOWS, FOLLOWS.c.followed < followed),
    )
    deletes = [table.delete().where(table.c.id.in_(_batch(table, is_old))) for table, is_old in old]
    is_old = sa.and_(RATINGS.c.rated < rated, ~RATINGS.c.sender_id.startswith(SOMEBODY))
    nobody = SOMEBODY + sa.cast(RATINGS.c.id, sa.String)
    unnamed = RATINGS.update().where(RATINGS.c.id.in_(_batch(RATINGS, is_old))).values(sender_id=nobody)
    return sum(connection.execute(statement).rowcount for statement in (*deletes, unnamed))


def _batch(table: sa.Table, is_old: sa.sql.ColumnElement) -> sa.sql.Select:
    return sa.select(table.c.id).where(is_old).limit(BATCH).with_for_update(skip_locked=True)

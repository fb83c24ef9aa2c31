"""Followers of topics, and the state of their notifications."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import insert_into, now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES

BATCH = 100
# A notification still in progress after this long belongs to an interrupted run.
INTERRUPTED_SECONDS = 600


@dataclass(frozen=True)
class Follow:
    """A followed topic, and the version of its answer that the follower knows."""

    number: int
    sender_id: str
    topic: str
    version: str
    reply_address: str | None
    # Whether a notification was started by an interrupted run: it may have arrived or not.
    interrupted: bool


def follow(connection: Connection, sender_id: str, topic: str, version: str, message_id: str | None = None) -> bool:
    """Stores that a person follows a topic and knows a version of its answer; returns whether the follow is new.

    `message_id` is the message that asks for it. While that is in the inbox, its reply address is copied to all follows of the
    person.
    """
    sender = row_id(sender_id)
    pending_message = sa.select(MESSAGES.c.data).where(MESSAGES.c.sender_id == sender, MESSAGES.c.message_id == message_id)
    message = connection.execute(pending_message).scalar()
    reply_address = json.loads(message)["reply_address"] if message else None
    row = insert_into(FOLLOWS, connection.dialect.name).values(
        sender_id=sender, topic=topic, version=version, followed_at=now(connection)
    )
    is_new = connection.execute(row.on_conflict_do_nothing()).rowcount == 1
    if reply_address:
        connection.execute(FOLLOWS.update().where(FOLLOWS.c.sender_id == sender).values(reply_address=reply_address))
    return is_new


def unfollow(connection: Connection, sender_id: str, topics: Collection[str] | None = None) -> int:
    """Deletes the follows of a person for some topics, or all without a list; returns how many."""
    own = [FOLLOWS.c.sender_id == row_id(sender_id)]
    if topics is not None:
        own.append(FOLLOWS.c.topic.in_(topics))
    return connection.execute(FOLLOWS.delete().where(*own)).rowcount


def topics_followed(connection: Connection, sender_id: str) -> list[str]:
    """The topics that a person follows, oldest follow first."""
    rows = sa.select(FOLLOWS.c.topic).where(FOLLOWS.c.sender_id == row_id(sender_id)).order_by(FOLLOWS.c.id)
    return list(connection.execute(rows).scalars())


def pending(connection: Connection, versions: Mapping[str, str], after: int = 0) -> list[Follow]:
    """Follows whose version differs from the current versions by topic: at most `BATCH`, by number, from `after` on.

    Notifications that another run has in progress are left out.
    """
    outdated = sa.or_(*(sa.and_(FOLLOWS.c.topic == topic, FOLLOWS.c.version != version) for topic, version in versions.items()))
    columns = (FOLLOWS.c[name] for name in ("id", "sender_id", "topic", "version", "reply_address"))
    in_progress = FOLLOWS.c.notifying.is_not(None)
    free = sa.or_(~in_progress, FOLLOWS.c.notifying_since < now(connection) - INTERRUPTED_SECONDS)
    rows = sa.select(*columns, in_progress).where(FOLLOWS.c.id > after, outdated, free).order_by(FOLLOWS.c.id).limit(BATCH)
    return [Follow(*row) for row in connection.execute(rows)]


def claim(connection: Connection, follow: Follow, version: str) -> bool:
    """Marks a notification as in progress; false if another run has claimed it, or the follow has ended."""
    free = (FOLLOWS.c.id == follow.number, FOLLOWS.c.version == follow.version, FOLLOWS.c.notifying.is_(None))
    claimed = FOLLOWS.update().where(*free).values(notifying=version, notifying_since=now(connection))
    return connection.execute(claimed).rowcount == 1


def mark_notified(connection: Connection, follow: Follow) -> bool:
    """Marks a notification in progress as delivered; false if it was not in progress."""
    own = FOLLOWS.update().where(FOLLOWS.c.id == follow.number, FOLLOWS.c.notifying.is_not(None))
    return connection.execute(own.values(version=FOLLOWS.c.notifying, notifying=None)).rowcount == 1


def release(connection: Connection, follow: Follow) -> None:
    """Returns a claimed notification that was not delivered; a later run retries it."""
    connection.execute(FOLLOWS.update().where(FOLLOWS.c.id == follow.number).values(notifying=None))


def last_message_times(connection: Connection, sender_ids: Iterable[str]) -> dict[str, float]:
    """The time in seconds of each person's latest stored message; people without one are left out."""
    own = (EVENTS.c.sender_id.in_(set(sender_ids)), EVENTS.c.type_name == "user")
    rows = sa.select(EVENTS.c.sender_id, sa.func.max(EVENTS.c.timestamp)).where(*own).group_by(EVENTS.c.sender_id)
    return dict(connection.execute(rows).all())

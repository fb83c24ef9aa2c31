"""Who follows which topic, and what they were told last."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import insert_into, now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES

BATCH = 100
# After so long nobody is telling a follower any more who was begun to be told: the run was interrupted.
INTERRUPTED_SECONDS = 600


@dataclass(frozen=True)
class Follow:
    """A topic that somebody follows, and the version of its answer that they know."""

    number: int
    sender_id: str
    topic: str
    version: str
    way_back: str | None
    # Whether it was begun long ago to tell them, and is not known what has become of it.
    interrupted: bool


def follow(connection: Connection, sender_id: str, topic: str, version: str, said: str | None = None) -> bool:
    """Has a person follow a topic of whose answer they know a version; whether they did not before.

    `said` is the id of the message by which they asked for it. As long as it waits for the end of its turn, it tells where to
    write to; the address is kept beside whatever the person follows.
    """
    sender = row_id(sender_id)
    waiting = sa.select(MESSAGES.c.data).where(MESSAGES.c.sender_id == sender, MESSAGES.c.said == said)
    message = connection.execute(waiting).scalar()
    way_back = json.loads(message)["reply_address"] if message else None
    row = insert_into(FOLLOWS, connection.dialect.name).values(
        sender_id=sender, topic=topic, version=version, followed=now(connection)
    )
    is_new = connection.execute(row.on_conflict_do_nothing()).rowcount == 1
    if way_back:
        connection.execute(FOLLOWS.update().where(FOLLOWS.c.sender_id == sender).values(way_back=way_back))
    return is_new


def unfollow(connection: Connection, sender_id: str, topics: Collection[str] | None = None) -> int:
    """Has a person follow some topics no more, or, without a list of them, none at all; how many that were."""
    own = [FOLLOWS.c.sender_id == row_id(sender_id)]
    if topics is not None:
        own.append(FOLLOWS.c.topic.in_(topics))
    return connection.execute(FOLLOWS.delete().where(*own)).rowcount


def topics_followed(connection: Connection, sender_id: str) -> list[str]:
    """The topics that a person follows, in the order in which they began to."""
    rows = sa.select(FOLLOWS.c.topic).where(FOLLOWS.c.sender_id == row_id(sender_id)).order_by(FOLLOWS.c.id)
    return list(connection.execute(rows).scalars())


def pending(connection: Connection, versions: Mapping[str, str], after: int = 0) -> list[Follow]:
    """The first followers, after a number, who know another version of an answer than these; at most `BATCH`.

    Left out are those whom another run may be telling just now.
    """
    news = sa.or_(*(sa.and_(FOLLOWS.c.topic == topic, FOLLOWS.c.version != version) for topic, version in versions.items()))
    columns = (FOLLOWS.c[name] for name in ("id", "sender_id", "topic", "version", "way_back"))
    begun = FOLLOWS.c.telling.is_not(None)
    free = sa.or_(~begun, FOLLOWS.c.since < now(connection) - INTERRUPTED_SECONDS)
    rows = sa.select(*columns, begun).where(FOLLOWS.c.id > after, news, free).order_by(FOLLOWS.c.id).limit(BATCH)
    return [Follow(*row) for row in connection.execute(rows)]


def claim(connection: Connection, follow: Follow, version: str) -> bool:
    """Notes that a follower is being told of a version; whether nobody else does so and they still follow."""
    free = (FOLLOWS.c.id == follow.number, FOLLOWS.c.version == follow.version, FOLLOWS.c.telling.is_(None))
    return connection.execute(FOLLOWS.update().where(*free).values(telling=version, since=now(connection))).rowcount == 1


def mark_notified(connection: Connection, follow: Follow) -> bool:
    """Notes that a follower knows what they were being told of; whether that was not noted before."""
    own = FOLLOWS.update().where(FOLLOWS.c.id == follow.number, FOLLOWS.c.telling.is_not(None))
    return connection.execute(own.values(version=FOLLOWS.c.telling, telling=None)).rowcount == 1


def release(connection: Connection, follow: Follow) -> None:
    """Notes that a follower was not told, and is to be another time."""
    connection.execute(FOLLOWS.update().where(FOLLOWS.c.id == follow.number).values(telling=None))


def last_message_times(connection: Connection, sender_ids: Iterable[str]) -> dict[str, float]:
    """When people wrote last, in seconds; those of whom no message is kept are left out."""
    own = (EVENTS.c.sender_id.in_(set(sender_ids)), EVENTS.c.type_name == "user")
    rows = sa.select(EVENTS.c.sender_id, sa.func.max(EVENTS.c.timestamp)).where(*own).group_by(EVENTS.c.sender_id)
    return dict(connection.execute(rows).all())

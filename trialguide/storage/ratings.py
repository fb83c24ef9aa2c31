"""Ratings of answers: one per person and topic, the latest."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import insert_into, now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import RATINGS

# Characters; longer comments are cut.
MAX_COMMENT_LENGTH = 1000


@dataclass(frozen=True)
class Rating:
    """A rating of a version of an answer: 1 to 5 stars and a masked comment."""

    topic: str
    version: str
    stars: int
    comment: str | None = None


@dataclass(frozen=True)
class Average:
    """The mean number of stars for a version of an answer, and the number of ratings."""

    topic: str
    version: str
    stars: float
    count: int


def rate(connection: Connection, sender_id: str, rating: Rating) -> bool:
    """Stores a rating; returns whether it replaces an earlier one."""
    values = {
        "version": rating.version,
        "stars": rating.stars,
        "comment": (rating.comment or "")[:MAX_COMMENT_LENGTH] or None,
        "rated_at": now(connection),
    }
    own = (RATINGS.c.sender_id == row_id(sender_id), RATINGS.c.topic == rating.topic)
    replaces = connection.execute(sa.select(RATINGS.c.id).where(*own)).scalar() is not None
    row = insert_into(RATINGS, connection.dialect.name).values(sender_id=row_id(sender_id), topic=rating.topic, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["sender_id", "topic"], set_=values))
    return replaces


def averages(connection: Connection) -> list[Average]:
    """The averages of all rated versions of answers."""
    columns = (RATINGS.c.topic, RATINGS.c.version)
    stars = sa.func.avg(sa.cast(RATINGS.c.stars, sa.Float))
    rows = sa.select(*columns, stars, sa.func.count()).group_by(*columns).order_by(*columns)
    return [Average(*row) for row in connection.execute(rows)]

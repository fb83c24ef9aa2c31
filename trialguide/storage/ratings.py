"""Ratings of answers. A person has one rating a topic: a later one takes the place of an earlier one."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import insert_into, now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import RATINGS

# Characters; a longer comment is cut.
LONGEST_COMMENT = 1000


@dataclass(frozen=True)
class Rating:
    """What somebody thought of an answer: 1 to 5 stars, and why, masked already."""

    topic: str
    version: str
    stars: int
    comment: str | None = None


@dataclass(frozen=True)
class Average:
    """The mean of the stars of a version of an answer, and how many people gave some."""

    topic: str
    version: str
    stars: float
    count: int


def rate(connection: Connection, sender_id: str, rating: Rating) -> bool:
    """Keeps a rating; whether it takes the place of another one."""
    values = {
        "version": rating.version,
        "stars": rating.stars,
        "comment": (rating.comment or "")[:LONGEST_COMMENT] or None,
        "rated": now(connection),
    }
    own = (RATINGS.c.sender_id == row_id(sender_id), RATINGS.c.topic == rating.topic)
    known = connection.execute(sa.select(RATINGS.c.id).where(*own)).scalar() is not None
    row = insert_into(RATINGS, connection.dialect.name).values(sender_id=row_id(sender_id), topic=rating.topic, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["sender_id", "topic"], set_=values))
    return known


def averages(connection: Connection) -> list[Average]:
    """The averages of all versions of answers that were rated."""
    columns = (RATINGS.c.topic, RATINGS.c.version)
    stars = sa.func.avg(sa.cast(RATINGS.c.stars, sa.Float))
    rows = sa.select(*columns, stars, sa.func.count()).group_by(*columns).order_by(*columns)
    return [Average(*row) for row in connection.execute(rows)]

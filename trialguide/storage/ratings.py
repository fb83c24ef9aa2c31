"""Ratings of answers: one per person and topic, the latest."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import insert_into, now
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import MESSAGES, RATING_ADDRESSES, RATINGS

# Characters; longer comments are cut.
MAX_COMMENT_LENGTH = 1000
# A household or ward that shares an address stays below; somebody who stuffs the ratings does not get far.
MAX_DAILY_RATINGS = 10
# A mean of fewer ratings says more about single raters than about the answer, and one address gives half of them at most.
MIN_RATINGS = 2 * MAX_DAILY_RATINGS


@dataclass(frozen=True)
class Rating:
    """A rating of a version of an answer: 1 to 5 stars and a masked comment."""

    topic: str
    version: str
    stars: int
    comment: str | None = None


@dataclass(frozen=True)
class Average:
    """The mean number of stars for a version of an answer, and the number of ratings, of those that count."""

    topic: str
    version: str
    stars: float
    count: int


def rate(connection: Connection, sender_id: str, rating: Rating, message_id: str | None = None) -> bool:
    """Stores a rating; returns whether it replaces an earlier one.

    `message_id` is the message that gives it, whose row in the inbox has the address that the rating is counted under. Without
    one, as at messaging services, the sender is an address of their own. A replacement counts as the earlier rating did.
    """
    values = {
        "version": rating.version,
        "stars": rating.stars,
        "comment": (rating.comment or "")[:MAX_COMMENT_LENGTH] or None,
        "rated_at": now(connection),
    }
    own = (RATINGS.c.sender_id == row_id(sender_id), RATINGS.c.topic == rating.topic)
    replaces = connection.execute(sa.select(RATINGS.c.id).where(*own)).scalar() is not None
    counts = True if replaces else _is_within_limit(connection, _daily_address(connection, sender_id, message_id))
    new = {"sender_id": row_id(sender_id), "topic": rating.topic, "counts": counts}
    row = insert_into(RATINGS, connection.dialect.name).values(**new, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["sender_id", "topic"], set_=values))
    return replaces


def averages(connection: Connection) -> list[Average]:
    """The averages of all rated versions of answers, over the ratings that count."""
    columns = (RATINGS.c.topic, RATINGS.c.version)
    stars = sa.func.avg(sa.cast(RATINGS.c.stars, sa.Float))
    rows = sa.select(*columns, stars, sa.func.count()).where(RATINGS.c.counts).group_by(*columns).order_by(*columns)
    return [Average(*row) for row in connection.execute(rows)]


def _daily_address(connection: Connection, sender_id: str, message_id: str | None) -> str:
    own = (MESSAGES.c.sender_id == row_id(sender_id), MESSAGES.c.message_id == message_id)
    address = connection.execute(sa.select(MESSAGES.c.daily_address).where(*own)).scalar()
    if address is not None:
        return str(address)
    day = datetime.now(timezone.utc).date().isoformat()
    return f"{day}:{hashlib.sha256(f'{day}:{row_id(sender_id)}'.encode()).hexdigest()[:32]}"


def _is_within_limit(connection: Connection, daily_address: str) -> bool:
    """Counts a rating of an address; returns whether it is within the limit. Others of the address wait for the commit."""
    row = insert_into(RATING_ADDRESSES, connection.dialect.name).values(daily_address=daily_address, number=1)
    one_more = {"number": RATING_ADDRESSES.c.number + 1}
    connection.execute(row.on_conflict_do_update(index_elements=["daily_address"], set_=one_more))
    number = sa.select(RATING_ADDRESSES.c.number).where(RATING_ADDRESSES.c.daily_address == daily_address)
    return int(connection.execute(number).scalar_one()) <= MAX_DAILY_RATINGS

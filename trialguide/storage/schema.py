"""The database schema: all tables, created at once, and the version that the program and a database must share."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.storage.database import FAILURES, open_engine

METADATA = sa.MetaData()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The columns of Rasa's own SQL tracker store, and `message_id`: the id by which the front door deduplicates messages.
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False),
    sa.Column("timestamp", sa.Float(53)),
    sa.Column("intent_name", sa.String(255)),
    sa.Column("action_name", sa.String(255)),
    sa.Column("data", sa.Text),
    sa.Column("message_id", sa.String(64)),
    # Idempotency: the turn of a message is stored at most once, whatever fails.
    sa.Index("events_message_id", "sender_id", "message_id", unique=True, sqlite_where=sa.text("message_id IS NOT NULL")),
    sa.Index("events_timestamp", "timestamp"),
)
# The inbox: acknowledged messages whose turn is not stored, or whose answer is not delivered yet.
MESSAGES = sa.Table(
    "messages",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("message_id", sa.String(64), nullable=False),
    # The request that delivered it; empty after a second delivery.
    sa.Column("request_id", sa.String(32), nullable=False),
    sa.Column("received_at", sa.Float(53), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # An inbox message as JSON.
    sa.Column("data", sa.Text, nullable=False),
    # The row stays until the answer is delivered; visitors of the website read it in the conversation instead.
    sa.Column("needs_delivery", sa.Boolean, nullable=False, server_default=sa.false()),
    # As in `rating_addresses`; empty for messaging services.
    sa.Column("daily_address", sa.String(64)),
    sa.UniqueConstraint("sender_id", "message_id"),
)
# The outbox: stored events that the message broker has not confirmed yet.
OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("queued_at", sa.Float(53), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)
# One rating per person and topic, with the version of the answer that was rated. `counts` is false for one beyond the daily
# limit of its address: editors read it, and no mean holds it.
RATINGS = sa.Table(
    "ratings",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    sa.Column("stars", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("rated_at", sa.Float(53), nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.UniqueConstraint("sender_id", "topic"),
)
# The number of ratings by address. An address is a day by UTC and a keyed hash of that day and the address; nothing leads from
# it to a rating. Deleted when the day is over.
RATING_ADDRESSES = sa.Table(
    "rating_addresses",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("daily_address", sa.String(64), nullable=False, unique=True),
    sa.Column("number", sa.Integer, nullable=False),
)
# Topics that people follow, with the version of the answer that they were last notified of.
FOLLOWS = sa.Table(
    "follows",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    # The version of a notification in progress, and when it began.
    sa.Column("notifying", sa.String(12)),
    sa.Column("notifying_since", sa.Float(53)),
    # Encrypted by the channel; only messaging services have one.
    sa.Column("reply_address", sa.Text),
    sa.Column("followed_at", sa.Float(53), nullable=False),
    sa.UniqueConstraint("sender_id", "topic"),
)
# Messages that were not understood, masked, for editors: `day` by UTC, `nearest` the likeliest topics with their probabilities
# as JSON, `chosen` the topic that the person took afterwards, or `none`, `danger` the probability of emergency and self-harm
# together, `was_danger` an editor's word that it was one of them.
UNANSWERED = sa.Table(
    "unanswered",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("day", sa.String(10), nullable=False, index=True),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("nearest", sa.Text, nullable=False),
    sa.Column("chosen", sa.String(64)),
    sa.Column("danger", sa.Float(53), nullable=False, server_default="0"),
    sa.Column("was_danger", sa.Boolean, nullable=False, server_default=sa.false()),
)
# Usage counts by day, without sender ids. Each server writes its own rows, so that none waits for another.
COUNTS = sa.Table(
    "counts",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("server", sa.String(8), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.UniqueConstraint("day", "channel", "kind", "name", "server"),
)
VERSION = sa.Table("schema_version", METADATA, sa.Column("version", sa.Integer, nullable=False))

# Versions 1 to 6 were development steps before 0.1.0; only backups of the last two are still read.
SCHEMA_VERSION = 7
# Any number will do, as long as no other program locks it in this database.
SCHEMA_LOCK = 1_953_655_660
OLDER = (
    "The database is of version {found}, this TrialGuide needs version {needed}: back it up with the TrialGuide that made it, "
    "then restore the backup into a new database with this one (docs/running.md, “Updating”)."
)
LATER = "The database is of version {found}, this TrialGuide only knows version {needed}: run the TrialGuide that made it."


class WrongSchemaVersion(ValueError):
    """The tables belong to another version of the program; the message tells the operator what to do."""


def create_schema(engine: Engine) -> None:
    """Creates the tables of an empty database; concurrent servers wait for each other.

    Raises WrongSchemaVersion for the tables of another version, and whatever the database raises.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(SCHEMA_LOCK)))
        version = _version(connection)
        if version is None:
            METADATA.create_all(connection)
            connection.execute(VERSION.insert().values(version=SCHEMA_VERSION))
        else:
            _require_current(version)


def check_schema(address: str) -> None:
    """Raises WrongSchemaVersion for the tables of another version; passes a database that is empty or cannot be reached."""
    engine = open_engine(address)
    try:
        with engine.connect() as connection:
            version = _version(connection)
    except FAILURES:
        return
    finally:
        engine.dispose()
    if version is not None:
        _require_current(version)


def _require_current(version: int) -> None:
    if version != SCHEMA_VERSION:
        sentence = OLDER if version < SCHEMA_VERSION else LATER
        raise WrongSchemaVersion(sentence.format(found=version, needed=SCHEMA_VERSION))


def _version(connection: Connection) -> int | None:
    """The version of the tables: None for an empty database, 0 for tables without a version, as Rasa itself creates them."""
    tables = sa.inspect(connection)
    if tables.has_table(VERSION.name):
        return connection.execute(sa.select(VERSION.c.version)).scalar() or 0
    return 0 if tables.has_table(EVENTS.name) else None

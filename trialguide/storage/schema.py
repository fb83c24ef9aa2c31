"""The tables of the conversations, and how those of an earlier version become those of this one."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

METADATA = sa.MetaData()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# As in Rasa's own SQL store, and `said`: the id under which the front door knows a person's message.
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
    sa.Column("said", sa.String(64)),
    # No message is ever answered twice, whatever fails: its turn is stored at most once.
    sa.Index("events_said", "sender_id", "said", unique=True, sqlite_where=sa.text("said IS NOT NULL")),
    sa.Index("events_timestamp", "timestamp"),
)
# What was taken in and whose turn is not stored yet, or whose answer is not sent yet.
MESSAGES = sa.Table(
    "messages",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("said", sa.String(64), nullable=False),
    # The turn that took it in, as long as it was not delivered to another one as well.
    sa.Column("turn", sa.String(32), nullable=False),
    sa.Column("received", sa.Float(53), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("data", sa.Text, nullable=False),
    # Stays until its answer has been sent; on the website whoever comes back reads it in the conversation.
    sa.Column("to_send", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("sender_id", "said"),
)
# Stored events that the message broker has not confirmed yet.
OUTBOX = sa.Table("outbox", METADATA, sa.Column("id", _NUMBER, primary_key=True), sa.Column("data", sa.Text, nullable=False))
# Stars that people gave to answers: one rating a person and topic, with the version of the answer that they had read.
RATINGS = sa.Table(
    "ratings",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    sa.Column("stars", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("rated", sa.Float(53), nullable=False),
    sa.UniqueConstraint("sender_id", "topic"),
)
# Topics that people follow, with the version of the answer that they know.
FOLLOWS = sa.Table(
    "follows",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    # The version that they are being told of, as long as it is not known whether that has reached them.
    sa.Column("telling", sa.String(12)),
    sa.Column("since", sa.Float(53)),
    # Where to write to, encrypted by the channel, where its service has addresses.
    sa.Column("way_back", sa.Text),
    sa.Column("followed", sa.Float(53), nullable=False),
    sa.UniqueConstraint("sender_id", "topic"),
)
# Messages that were not understood, masked, for editors: `day` by UTC, `nearest` the likeliest topics with their probabilities
# as JSON, `chosen` the topic that the person took afterwards, or `none`.
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
)
# How often what happened on a day, without a word of whom. Each server has its own rows, so that none waits for another.
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

# Any number will do, as long as no other program on this database locks it.
MIGRATION_LOCK = 1_953_655_660


def _events_of_rasa(connection: Connection) -> None:
    """The table that earlier versions had from Rasa."""
    if not sa.inspect(connection).has_table("events"):
        columns = [column._copy() for column in EVENTS.columns if column.name != "said"]
        sa.Table("events", sa.MetaData(), *columns).create(connection)


def _known_messages(connection: Connection) -> None:
    """Messages are known by their ids, and kept before the work."""
    connection.execute(sa.text("ALTER TABLE events ADD COLUMN said VARCHAR(64)"))
    connection.execute(sa.text("CREATE UNIQUE INDEX events_said ON events (sender_id, said) WHERE said IS NOT NULL"))
    METADATA.create_all(connection, tables=[MESSAGES, OUTBOX])


def _ratings_and_follows(connection: Connection) -> None:
    """People rate answers and follow topics."""
    METADATA.create_all(connection, tables=[RATINGS, FOLLOWS])


def _unanswered_and_counts(connection: Connection) -> None:
    """Editors see what was not understood, and how often what happens; what is old is found without looking at all rows."""
    METADATA.create_all(connection, tables=[UNANSWERED, COUNTS])
    connection.execute(sa.text("CREATE INDEX events_timestamp ON events (timestamp)"))


def _answers_to_send(connection: Connection) -> None:
    """Answers on messaging services are kept until they are sent."""
    # A new database has made the table as it is today.
    if not any(column["name"] == "to_send" for column in sa.inspect(connection).get_columns("messages")):
        connection.execute(sa.text("ALTER TABLE messages ADD COLUMN to_send BOOLEAN NOT NULL DEFAULT FALSE"))


# The version is the number of those that have been run. What has been released stays as it is; changes are added at the end.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _events_of_rasa,
    _known_messages,
    _ratings_and_follows,
    _unanswered_and_counts,
    _answers_to_send,
)


def migrate(engine: Engine) -> None:
    """Makes or brings up to date the tables; servers that start together do it one after another.

    Raises RuntimeError when the tables are those of a later version, and what the database raises.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        VERSION.create(connection, checkfirst=True)
        version = connection.execute(sa.select(VERSION.c.version)).scalar()
        if version is None:
            version = 0
            connection.execute(VERSION.insert().values(version=version))
        if version > len(MIGRATIONS):
            raise RuntimeError(f"The database is of version {version}; this TrialGuide knows up to {len(MIGRATIONS)}.")
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(VERSION.update().values(version=len(MIGRATIONS)))

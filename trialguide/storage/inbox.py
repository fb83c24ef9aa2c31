"""Messages that were taken in, kept until they are answered: nothing that was acknowledged is lost with a server."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.storage.database import now
from trialguide.storage.group_commit import Rows, row_id
from trialguide.storage.schema import EVENTS, MESSAGES
from trialguide.storage.tracker_store import ConversationStore

TURN = "SELECT id FROM events WHERE sender_id = :sender_id AND said = :said"
# A message that ends every server that takes it up must not do so for ever.
MOST_TRIES = 5


@dataclass(frozen=True)
class Message:
    """A message of a person: its id, what was said, and where to answer it if its sender does not tell that, encrypted."""

    sender_id: str
    message_id: str
    data: dict[str, Any]
    reply_address: str | None = None


class Inbox:
    """The messages without a turn. Their rows go when the turn is saved, in the same transaction; those of messages with a way
    back go when the answer has been sent.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def receive(self, turn: str, *messages: Message) -> None:
        """Keeps messages that were delivered to a turn, perhaps not the first one. Raises Unavailable."""
        rows = [
            {
                "sender_id": row_id(message.sender_id),
                "said": message.message_id,
                "turn": turn,
                "tries": 0,
                "data": json.dumps(asdict(message)),
                "to_send": message.reply_address is not None,
            }
            for message in messages
        ]
        if rows:
            await self._store.write(Rows(messages=rows))

    async def is_processed(self, sender_id: str, said: str) -> bool:
        """Whether the turn of a message is saved. Raises Unavailable."""
        return await self._store.lookup(TURN, sender_id=row_id(sender_id), said=said) is not None

    async def withdraw(self, message: Message, turn: str) -> None:
        """Forgets a message that a turn refuses after all; not if another turn has taken it as well. Raises Unavailable."""
        await self._change(MESSAGES.delete().where(*_own(message), MESSAGES.c.turn == turn))

    async def discard(self, message: Message) -> None:
        """Forgets a message that needs no answer any more. Raises Unavailable."""
        await self._change(MESSAGES.delete().where(*_own(message)))

    async def mark_sent(self, message: Message) -> None:
        """Forgets a message whose answer was sent, if its turn is saved; otherwise it is answered later. Raises Unavailable."""
        turn = (EVENTS.c.sender_id == row_id(message.sender_id), EVENTS.c.said == message.message_id)
        await self._change(MESSAGES.delete().where(*_own(message), sa.exists().where(*turn)))

    async def count_try(self, message: Message) -> None:
        """Notes that a server now does the work for a message that was kept before. Raises Unavailable."""
        await self._change(MESSAGES.update().where(*_own(message)).values(tries=MESSAGES.c.tries + 1))

    async def renew(self, messages: Sequence[Message]) -> None:
        """Has messages wait anew: their server is at work on them, though it takes long. Raises Unavailable."""

        def renew(connection: Connection) -> None:
            for message in messages:
                connection.execute(MESSAGES.update().where(*_own(message)).values(received=now(connection)))

        if messages:
            await self._store.write(Rows(after=renew))

    async def _change(self, statement: sa.sql.Executable) -> None:
        await self._store.write(Rows(after=lambda connection: connection.execute(statement)))

    async def claim_orphans(self, seconds: float, prefix: str) -> list[Message]:
        """Messages of senders with a prefix that waited so long, in order; each starts to wait anew. Raises Unavailable."""
        own = (MESSAGES.c.tries < MOST_TRIES, MESSAGES.c.sender_id.startswith(prefix, autoescape=True))

        def take(connection: Connection) -> list[sa.engine.Row]:
            old = MESSAGES.c.received < now(connection) - seconds
            rows = connection.execute(sa.select(MESSAGES).where(old, *own).order_by(MESSAGES.c.id)).all()
            if rows:
                again = MESSAGES.update().where(MESSAGES.c.id.in_([row.id for row in rows]))
                connection.execute(again.values(received=now(connection)))
            return rows

        rows = await self._store.run(take)
        return [Message(**json.loads(row.data)) for row in rows]


def _own(message: Message) -> tuple[sa.sql.ColumnElement, ...]:
    return MESSAGES.c.sender_id == row_id(message.sender_id), MESSAGES.c.said == message.message_id

"""The inbox: an acknowledged message is stored until it is answered, so a crash loses nothing."""

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

TURN = "SELECT id FROM events WHERE sender_id = :sender_id AND message_id = :message_id"
# A message that has crashed so many servers is not retried.
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Message:
    """A person's message; `reply_address` is encrypted, and None where the sender id is enough to answer."""

    sender_id: str
    message_id: str
    data: dict[str, Any]
    reply_address: str | None = None


class Inbox:
    """Messages whose turn is not stored yet.

    A row is deleted in the transaction that stores the turn; with a reply address, once the answer is delivered.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def receive(self, request_id: str, *messages: Message, daily_address: str | None = None) -> None:
        """Stores messages that a request delivered, perhaps not for the first time. Raises Unavailable.

        `daily_address` is the address that their ratings are counted under, see `Identities.daily_address`.
        """
        rows = [
            {
                "sender_id": row_id(message.sender_id),
                "message_id": message.message_id,
                "request_id": request_id,
                "attempts": 0,
                "data": json.dumps(asdict(message)),
                "needs_delivery": message.reply_address is not None,
                "daily_address": daily_address,
            }
            for message in messages
        ]
        if rows:
            await self._store.write(Rows(messages=rows))

    async def is_processed(self, sender_id: str, message_id: str) -> bool:
        """Whether the turn of a message is stored. Raises Unavailable."""
        return await self._store.lookup(TURN, sender_id=row_id(sender_id), message_id=message_id) is not None

    async def withdraw(self, message: Message, request_id: str) -> None:
        """Deletes a message that is refused after all, unless another request delivered it too. Raises Unavailable."""
        await self._execute(MESSAGES.delete().where(*_own(message), MESSAGES.c.request_id == request_id))

    async def discard(self, message: Message) -> None:
        """Deletes a message that needs no answer any more. Raises Unavailable."""
        await self._execute(MESSAGES.delete().where(*_own(message)))

    async def mark_sent(self, message: Message) -> None:
        """Deletes a message whose answer was delivered, if its turn is stored; otherwise it stays. Raises Unavailable."""
        turn = (EVENTS.c.sender_id == row_id(message.sender_id), EVENTS.c.message_id == message.message_id)
        await self._execute(MESSAGES.delete().where(*_own(message), sa.exists().where(*turn)))

    async def count_try(self, message: Message) -> None:
        """Counts an attempt to answer a stored message. Raises Unavailable."""
        await self._execute(MESSAGES.update().where(*_own(message)).values(attempts=MESSAGES.c.attempts + 1))

    async def renew(self, messages: Sequence[Message]) -> None:
        """Restarts the timeout of messages that this server is still working on. Raises Unavailable."""

        def renew(connection: Connection) -> None:
            for message in messages:
                connection.execute(MESSAGES.update().where(*_own(message)).values(received_at=now(connection)))

        if messages:
            await self._store.write(Rows(after=renew))

    async def claim_orphans(self, seconds: float, prefix: str) -> list[Message]:
        """Messages of senders with a prefix that have waited `seconds`, oldest first; their timeout starts anew.

        Raises Unavailable.
        """
        own = (MESSAGES.c.attempts < MAX_ATTEMPTS, MESSAGES.c.sender_id.startswith(prefix, autoescape=True))

        def claim(connection: Connection) -> list[sa.engine.Row]:
            is_orphan = MESSAGES.c.received_at < now(connection) - seconds
            rows = connection.execute(sa.select(MESSAGES).where(is_orphan, *own).order_by(MESSAGES.c.id)).all()
            if rows:
                claimed = MESSAGES.update().where(MESSAGES.c.id.in_([row.id for row in rows]))
                connection.execute(claimed.values(received_at=now(connection)))
            return rows

        rows = await self._store.run(claim)
        return [Message(**json.loads(row.data)) for row in rows]

    async def _execute(self, statement: sa.sql.Executable) -> None:
        await self._store.write(Rows(after=lambda connection: connection.execute(statement)))


def _own(message: Message) -> tuple[sa.sql.ColumnElement, ...]:
    return MESSAGES.c.sender_id == row_id(message.sender_id), MESSAGES.c.message_id == message.message_id

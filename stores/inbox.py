"""Messages that were taken in, kept until their turn is saved: nothing that was acknowledged is lost with a server."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from stores.database import now
from stores.schema import MESSAGES
from stores.tracker_store import ConversationStore
from stores.writer import Rows, row_id

TURN = "SELECT id FROM events WHERE sender_id = :sender_id AND said = :said"
# A message that ends every server that takes it up must not do so for ever.
MOST_TRIES = 5


@dataclass(frozen=True)
class Message:
    """A message of a person: its id, what was said, and where to answer it if its sender does not tell that, encrypted."""

    sender_id: str
    said: str
    data: dict[str, Any]
    way_back: str | None = None


class Inbox:
    """The messages without a turn. Its rows go when the turn is saved, in the same transaction."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def receive(self, message: Message, turn: str) -> None:
        """Keeps a message that was delivered to a turn, perhaps not the first one. Raises Away."""
        row = {
            "sender_id": row_id(message.sender_id),
            "said": message.said,
            "turn": turn,
            "tries": 0,
            "data": json.dumps(asdict(message)),
        }
        await self._store.write(Rows(messages=[row]))

    async def has_turn(self, sender_id: str, said: str) -> bool:
        """Whether the turn of a message is saved. Raises Away."""
        return await self._store.first(TURN, sender_id=row_id(sender_id), said=said) is not None

    async def give_up(self, message: Message, turn: str) -> None:
        """Forgets a message that a turn refuses after all; not if another turn has taken it as well. Raises Away."""
        await self._forget(message, MESSAGES.c.turn == turn)

    async def is_done(self, message: Message) -> None:
        """Forgets a message whose turn is saved, which was delivered once more. Raises Away."""
        await self._forget(message)

    async def count_try(self, message: Message) -> None:
        """Notes that a server now does the work for a message that was left. Raises Away."""
        own = (MESSAGES.c.sender_id == row_id(message.sender_id), MESSAGES.c.said == message.said)
        tried = MESSAGES.update().where(*own).values(tries=MESSAGES.c.tries + 1)
        await self._store.run(lambda connection: connection.execute(tried))

    async def _forget(self, message: Message, *which: sa.sql.ColumnElement) -> None:
        own = (MESSAGES.c.sender_id == row_id(message.sender_id), MESSAGES.c.said == message.said, *which)
        await self._store.run(lambda connection: connection.execute(MESSAGES.delete().where(*own)))

    async def left(self, seconds: float, prefix: str) -> list[Message]:
        """Messages of senders with a prefix that have waited so long, in their order; now they wait anew. Raises Away."""
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

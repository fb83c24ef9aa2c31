"""The observer of saved turns: usage counts, and the unanswered messages that editors read.

The tracker store calls it twice for a turn: `prepare` reads the events before they are written, `record` writes what came of
it in the transaction that saves the turn, once for all turns of that transaction.
"""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from typing import Any

from rasa.shared.core.events import Event
from sqlalchemy.engine import Connection

from trialguide.content.catalogue import load_catalogue
from trialguide.storage.schema import UNANSWERED
from trialguide.storage.turn_summary import ERASED, TurnSummary, summarise_turn
from trialguide.storage.unanswered import note_choice, reason, unanswered_row
from trialguide.storage.usage_counts import Count, add_counts, count_turn

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TurnNotes:
    """The notes on one turn: its counts, its row if it was not answered, and the topic taken from the offer before it."""

    sender_id: str
    counts: Sequence[Count]
    unanswered: dict[str, Any] | None = None
    chosen: str | None = None


class TurnObserver:
    """Observes the turns that one server saves."""

    def __init__(self) -> None:
        # Names the rows of this server among the counts.
        self._server = secrets.token_hex(4)

    async def prepare(self, sender_id: str, before: Sequence[Event], new: Sequence[Event]) -> TurnNotes | None:
        """The notes on a turn, for a sender id as it is stored; None when the new events hold no message.

        Never raises: an answer is worth more than its figures.
        """
        turn = summarise_turn(before, new)
        if turn is None:
            return None
        try:
            return await _notes(sender_id, turn)
        except Exception as error:
            logger.error("A turn could not be counted: %s", type(error).__name__)
            return None

    def record(self, connection: Connection, turns: Sequence[TurnNotes]) -> None:
        """Writes notes in the transaction that saves their turns."""
        for notes in turns:
            if notes.chosen:
                note_choice(connection, notes.sender_id, notes.chosen)
            if notes.unanswered:
                connection.execute(UNANSWERED.insert(), notes.unanswered)
        add_counts(connection, self._server, [count for notes in turns for count in notes.counts])


async def _notes(sender_id: str, turn: TurnSummary) -> TurnNotes:
    if turn.replied_with(ERASED):
        return TurnNotes(sender_id, [Count(turn.day, turn.channel, "erased", "")])
    titles = load_catalogue().titles
    chosen = turn.chosen(titles)
    # Masking takes some milliseconds.
    unanswered = await asyncio.to_thread(unanswered_row, sender_id, turn, titles) if reason(turn) else None
    return TurnNotes(sender_id, count_turn(turn, time(), titles), unanswered, chosen)

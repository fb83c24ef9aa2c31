"""Messages that were not understood, masked, for those who write the answers. What concerns safety is never among them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.content.catalogue import FAQ
from trialguide.storage.schema import UNANSWERED
from trialguide.storage.turn_summary import OFFER, TurnSummary
from trialguide.text.masking import masked

NEAREST = 3
OUT_OF_SCOPE, UNSURE, GAVE_UP = "out_of_scope", "unsure", "gave_up"

Row = dict[str, Any]


@dataclass(frozen=True)
class Unanswered:
    """A message that was not understood: its day by ISO 8601, why, and what it may have been about, the likeliest first."""

    day: str
    channel: str
    reason: str
    text: str
    nearest: tuple[tuple[str, float], ...]
    chosen: str | None


def reason(turn: TurnSummary) -> str | None:
    """Why a turn did not answer its message, or None when it did."""
    if turn.said(OFFER):
        return UNSURE if any(reply.metadata.get("offer") for reply in turn.replies) else GAVE_UP
    return OUT_OF_SCOPE if turn.said("utter_out_of_scope") else None


def unanswered_row(sender_id: str, turn: TurnSummary, titles: Mapping[str, str]) -> Row | None:
    """The row of a turn that did not answer its message, for the sender id as it is stored; None for any other turn.

    Masking takes some milliseconds.
    """
    why = reason(turn)
    if why is None:
        return None
    ranking = turn.heard.parse_data.get("intent_ranking") or []
    likely = ((str(row["name"]).removeprefix(f"{FAQ}/"), round(float(row["confidence"]), 3)) for row in ranking)
    return {
        "sender_id": sender_id,
        "day": turn.day,
        "channel": turn.channel,
        "reason": why,
        "text": masked(turn.heard.text or ""),
        "nearest": json.dumps([row for row in likely if row[0] in titles][:NEAREST]),
    }


def note_choice(connection: Connection, sender_id: str, chosen: str) -> None:
    """Notes what a person chose after the latest of their messages that was not understood."""
    latest = sa.select(sa.func.max(UNANSWERED.c.id)).where(UNANSWERED.c.sender_id == sender_id).scalar_subquery()
    own = (UNANSWERED.c.id == latest, UNANSWERED.c.reason == UNSURE, UNANSWERED.c.chosen.is_(None))
    connection.execute(UNANSWERED.update().where(*own).values(chosen=chosen))


def unanswered_between(connection: Connection, first: str, last: str) -> list[Unanswered]:
    """The messages of the days from the first to the last, in their order."""
    columns = (UNANSWERED.c[name] for name in ("day", "channel", "reason", "text", "nearest", "chosen"))
    rows = sa.select(*columns).where(UNANSWERED.c.day.between(first, last)).order_by(UNANSWERED.c.id)
    return [
        Unanswered(day, channel, why, text, tuple((topic, value) for topic, value in json.loads(nearest)), chosen)
        for day, channel, why, text, nearest, chosen in connection.execute(rows)
    ]

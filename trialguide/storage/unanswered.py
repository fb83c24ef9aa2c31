"""Unanswered messages, masked, for the editors of the answers. Messages recognised as about safety are never among them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from trialguide.content.catalogue import FAQ
from trialguide.storage.schema import UNANSWERED
from trialguide.storage.turn_summary import OFFER, TurnSummary
from trialguide.text.masking import masked

NEAREST = 3
DANGERS = frozenset({"emergency", "self_harm"})
OUT_OF_SCOPE, UNSURE, GAVE_UP = "out_of_scope", "unsure", "gave_up"

Row = dict[str, Any]


@dataclass(frozen=True)
class Unanswered:
    """An unanswered message: its day in ISO 8601, the reason, and the likeliest topics with their probabilities, best first.

    `danger` is the probability of emergency and self-harm together, `was_danger` an editor's word, `number` names the entry.
    """

    day: str
    channel: str
    reason: str
    text: str
    nearest: tuple[tuple[str, float], ...]
    chosen: str | None
    danger: float = 0.0
    was_danger: bool = False
    number: int = 0


def reason(turn: TurnSummary) -> str | None:
    """The reason why a turn did not answer its message, or None when it did."""
    if turn.replied_with(OFFER):
        return UNSURE if any(reply.metadata.get("offer") for reply in turn.replies) else GAVE_UP
    return OUT_OF_SCOPE if turn.replied_with("utter_out_of_scope") else None


def unanswered_row(sender_id: str, turn: TurnSummary, titles: Mapping[str, str]) -> Row | None:
    """The row of an unanswered turn, for a sender id as it is stored; None for an answered one. Takes some milliseconds."""
    cause = reason(turn)
    if cause is None:
        return None
    ranking = turn.message.parse_data.get("intent_ranking") or []
    likely = [(str(row["name"]).removeprefix(f"{FAQ}/"), round(float(row["confidence"]), 3)) for row in ranking]
    return {
        "sender_id": sender_id,
        "day": turn.day,
        "channel": turn.channel,
        "reason": cause,
        "text": masked(turn.message.text or ""),
        "nearest": json.dumps([row for row in likely if row[0] in titles][:NEAREST]),
        "danger": sum(value for name, value in likely if name in DANGERS),
    }


def note_choice(connection: Connection, sender_id: str, chosen: str) -> None:
    """Stores the topic that a person chose, with their latest unanswered message."""
    latest = sa.select(sa.func.max(UNANSWERED.c.id)).where(UNANSWERED.c.sender_id == sender_id).scalar_subquery()
    own = (UNANSWERED.c.id == latest, UNANSWERED.c.reason == UNSURE, UNANSWERED.c.chosen.is_(None))
    connection.execute(UNANSWERED.update().where(*own).values(chosen=chosen))


def mark_danger(connection: Connection, numbers: Collection[int]) -> None:
    """Stores that entries were about danger. Raises ValueError, with a sentence, if one of the numbers is none."""
    found = set(connection.execute(sa.select(UNANSWERED.c.id).where(UNANSWERED.c.id.in_(numbers))).scalars())
    missing = sorted(set(numbers) - found)
    if missing:
        raise ValueError(f"No entry of the inbox has the number {missing[0]}. Nothing was marked.")
    connection.execute(UNANSWERED.update().where(UNANSWERED.c.id.in_(numbers)).values(was_danger=True))


def unanswered_between(connection: Connection, first: str, last: str) -> list[Unanswered]:
    """The unanswered messages from the first to the last day, oldest first."""
    names = ("day", "channel", "reason", "text", "nearest", "chosen", "danger", "was_danger", "id")
    columns = (UNANSWERED.c[name] for name in names)
    rows = sa.select(*columns).where(UNANSWERED.c.day.between(first, last)).order_by(UNANSWERED.c.id)
    return [
        Unanswered(day, channel, why, text, tuple((topic, value) for topic, value in json.loads(nearest)), *others)
        for day, channel, why, text, nearest, *others in connection.execute(rows)
    ]

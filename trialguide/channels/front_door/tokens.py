"""Opaque tokens for choices; what a choice means never leaves the server.

A choice below an entry is known from the stored conversation, a topic or look-up from the catalogue, so tokens outlive a
restart and are good on every server. At most 64 bytes, which is what Telegram carries.
"""

import re
from collections.abc import Collection

CHOICE = re.compile(r"([cf])\.(\d{16})\.(\d{1,2})", re.ASCII)


def choice_token(entry: int, place: int) -> str:
    """The token of a choice: the number of its entry and its place below it, from 0."""
    return f"c.{entry}.{place}"


def feedback_token(entry: int, place: int) -> str:
    """The token of a choice that rates an answer or follows its topic: the number of its entry and its place, from 0."""
    return f"f.{entry}.{place}"


def topic_token(id: str) -> str:
    """The token of a topic or look-up, offered before anything has been said."""
    return f"t.{id}"


def choice_of(token: object) -> tuple[int, int, bool] | None:
    """The entry's number, the choice's place and whether it is feedback, or None when the token names no choice."""
    match = CHOICE.fullmatch(token) if isinstance(token, str) else None
    return (int(match[2]), int(match[3]), match[1] == "f") if match else None


def topic_of(token: object, ids: Collection[str]) -> str | None:
    """The topic or look-up that a token names, or None when it names none."""
    id = token.removeprefix("t.") if isinstance(token, str) and token.startswith("t.") else None
    return id if id in ids else None

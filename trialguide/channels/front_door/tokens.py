"""Opaque tokens of choices: payloads never leave the server.

The payload of a choice is looked up in the stored conversation, that of a topic or look-up in the catalogue, so tokens
survive a restart and are valid on every server. They have at most 64 bytes, Telegram's limit for callback data.
"""

import re
from collections.abc import Collection

CHOICE = re.compile(r"([cf])\.(\d{16})\.(\d{1,2})", re.ASCII)


def choice_token(entry: int, place: int) -> str:
    """The token of a choice: its entry's number and its index among the entry's choices."""
    return f"c.{entry}.{place}"


def feedback_token(entry: int, place: int) -> str:
    """The token of a feedback choice: its entry's number and its index among the entry's feedback choices."""
    return f"f.{entry}.{place}"


def topic_token(id: str) -> str:
    """The token of a topic or look-up that is offered at the start of a conversation."""
    return f"t.{id}"


def choice_of(token: object) -> tuple[int, int, bool] | None:
    """Parses the token of a choice into its entry's number, its index and whether it is feedback; None for other tokens."""
    match = CHOICE.fullmatch(token) if isinstance(token, str) else None
    return (int(match[2]), int(match[3]), match[1] == "f") if match else None


def topic_of(token: object, ids: Collection[str]) -> str | None:
    """Parses the token of a topic or look-up; None for other tokens and for ids that are not among `ids`."""
    id = token.removeprefix("t.") if isinstance(token, str) and token.startswith("t.") else None
    return id if id in ids else None

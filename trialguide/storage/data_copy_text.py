"""A copy of personal data as text: whole for a file, in parts for a chat. Words from `data/words/privacy.yml`."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from babel.dates import format_datetime

from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import fill, load_words
from trialguide.storage.data_copy import DataCopy, Row
from trialguide.storage.schema import EVENTS

# The name of the replies that show a copy.
COPY = "data_copy"
# Columns with the time of a row, in seconds.
TIMES = ("timestamp", "rated_at", "followed_at", "received_at", "queued_at")
PARAGRAPH = "\n\n"


def as_text(copy: DataCopy) -> str:
    """The whole copy, as text for a file: the conversation, then everything else."""
    blocks = [*_section(EVENTS.name, _said(copy)), *_others(copy)]
    return PARAGRAPH.join([_words("copy_title"), *blocks]) + "\n"


def as_parts(copy: DataCopy, length: int, until: float) -> list[str]:
    """The copy in parts of some length: first everything but the conversation, then that, its latest part first.

    Of the conversation what was said until a time in seconds: so the parts stay what they are while a person asks for them.
    """
    heading = f"{_words(f'copy_{EVENTS.name}')}{PARAGRAPH}"
    conversation = _packed(_said(copy, until), length - len(heading))
    return [*_packed(_others(copy), length), *(f"{heading}{part}" for part in reversed(conversation))]


def _others(copy: DataCopy) -> list[str]:
    """The sections of all tables but the conversation's."""
    tables = (table for table in copy.rows if table != EVENTS.name)
    return [block for table in tables for block in _section(table, [_line(table, row) for row in copy.rows[table]])]


def _section(table: str, lines: list[str]) -> list[str]:
    """The heading of a table and its lines; the first of them stays with the heading."""
    first, *rest = lines or [_words("copy_nothing")]
    return [f"{_words(f'copy_{table}')}\n{first}", *rest]


def _said(copy: DataCopy, until: float = float("inf")) -> list[str]:
    rows = (row for row in copy.rows[EVENTS.name] if row["type_name"] in ("user", "bot") and row["timestamp"] <= until)
    return [_message(row) for row in rows]


def _message(row: Row) -> str:
    event: Mapping[str, Any] = row["data"]
    metadata = event.get("metadata") or {}
    if row["type_name"] == "user":
        return _filled("copy_you", row, text=metadata.get("shown") or event.get("text"))
    # A copy of a copy would double with each request.
    said = _words("copy_of_copy") if metadata.get("utter_action") == COPY else event.get("text")
    return _filled("copy_assistant", row, text=said)


def _line(table: str, row: Row) -> str:
    return _filled(f"copy_{table}_row", row, text=_text_of(row))


def _text_of(row: Mapping[str, Any]) -> str | None:
    """The words in a row, or in the data within it."""
    found: str | None = row.get("text")
    data = row.get("data")
    return found or (_text_of(data) if isinstance(data, Mapping) else None)


def _filled(words: str, row: Row, text: str | None) -> str:
    time = next((row[name] for name in TIMES if row.get(name)), None)
    when = format_datetime(time, "d MMMM yyyy, HH:mm", locale="en") if time else None
    title = load_catalogue().titles.get(row.get("topic") or "", row.get("topic"))
    return fill(_words(words), row | {"time": when, "title": title, "text": text or _words("copy_no_words")})


def _words(name: str) -> str:
    return str(_all_words()[name]["text"])


@cache
def _all_words() -> dict[str, dict[str, Any]]:
    return load_words()


def _packed(blocks: Iterable[str], length: int) -> list[str]:
    """The blocks in as few parts of at most this length as fit, filled from the end so that the last part is full."""
    parts: list[str] = []
    for piece in reversed([piece for block in blocks for piece in _cut(block, length)]):
        if parts and len(piece) + len(PARAGRAPH) + len(parts[0]) <= length:
            parts[0] = f"{piece}{PARAGRAPH}{parts[0]}"
        else:
            parts.insert(0, piece)
    return parts


def _cut(block: str, length: int) -> Iterator[str]:
    while len(block) > length:
        at = block.rfind(" ", length // 2, length)
        at = at if at > 0 else length
        yield block[:at]
        block = block[at:].lstrip()
    yield block

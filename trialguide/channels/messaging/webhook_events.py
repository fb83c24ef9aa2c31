"""Parsing of webhook events, whose shape is not to be relied on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trialguide.text.normalisation import printable

# Raised by parsing an event of another shape than the documented one.
MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True)
class VendorMessage:
    """A message as a vendor reports it. Without text, token, location and fixed text it holds nothing that can be read.

    `address` is the vendor's id of the person, `reply_to` (a JSON value) what a reply needs, `time` orders a batch.
    `has_attachment`: something that cannot be read came beside the text. `fixed_text` names a text that is the whole answer.
    """

    address: str
    id: str
    reply_to: Any
    text: str | None = None
    token: str | None = None
    location: tuple[float, float] | None = None
    time: float = 0
    has_attachment: bool = False
    fixed_text: str | None = None


def walk(body: Any, *names: str) -> Iterator[dict[str, Any]]:
    """The objects in nested lists under these names; values of another shape are skipped."""
    if not isinstance(body, dict):
        return
    if not names:
        yield body
        return
    inner = body.get(names[0])
    for item in inner if isinstance(inner, list) else ():
        yield from walk(item, *names[1:])


def parse_json(text: bytes | str) -> Any:
    """The JSON in a body or form field, or None when it is malformed."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def words_in(text: Any) -> str | None:
    """The text beside an attachment, or None when it holds nothing visible."""
    return text if isinstance(text, str) and printable(text) else None

"""What a messaging service reports, read with care: what comes over a network may have any shape."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# What an event of another shape than the documented one raises when it is read.
MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True)
class VendorMessage:
    """What somebody said, as a vendor reports it. Without text, token and location it is something that cannot be read.

    `address` is the vendor's name for the person, `reply_to` what the channel needs to answer, `time` orders a batch.
    """

    address: str
    id: str
    reply_to: Any
    text: str | None = None
    token: str | None = None
    location: tuple[float, float] | None = None
    time: float = 0


def walk(body: Any, *names: str) -> Iterator[dict[str, Any]]:
    """The objects in the lists that lie within one another under these names; what has another shape is passed over."""
    if not isinstance(body, dict):
        return
    if not names:
        yield body
        return
    inner = body.get(names[0])
    for item in inner if isinstance(inner, list) else ():
        yield from walk(item, *names[1:])


def parse_json(text: bytes | str) -> Any:
    """The JSON in a body or a field of one, or None when it holds none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

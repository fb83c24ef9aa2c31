"""Request ids: the correlation id in every log line of a turn, in the Rasa server and the action server."""

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[0-9A-Za-z-]{8,64}")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin_request(given: str | None = None) -> str:
    """Sets the id of the current request: a well-formed one from another process, or a new one."""
    id = given if given and _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    request_id.set(id)
    return id

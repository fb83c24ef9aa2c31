"""Logging: JSON lines (LOG_FORMAT=json), and records without what people type."""

import json
import logging
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from trialguide.runtime.request_id import request_id
from trialguide.runtime.settings import process_settings

logger = logging.getLogger(__name__)

# Fields of a record about a turn, which become fields of its JSON line.
TURN_FIELDS = ("channel", "outcome", "milliseconds")


class JsonLines(logging.Formatter):
    """Formats log records as JSON. Of an error it keeps type and place: the message may quote what a person typed."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": request_id.get(),
        }
        line |= {name: vars(record)[name] for name in TURN_FIELDS if name in vars(record)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-3:]]
        return json.dumps(line)


def log_as_json(level: int | str | None = None) -> None:
    """Configures all loggers of this process to write JSON lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level or process_settings().log_level, handlers=[handler], force=True)
    logging.captureWarnings(True)


def wants_json() -> bool:
    """Whether LOG_FORMAT asks for JSON."""
    return process_settings().log_format == "json"


def log_failure(what: str, error: BaseException) -> None:
    """Logs what failed and where, without the error's message: it may quote what a person typed."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s in %s:%s", what, type(error).__name__, Path(where.filename).name, where.lineno)


def log_turn(channel: str, outcome: str, seconds: float) -> None:
    """Logs a finished turn at INFO, without its text."""
    fields = dict(zip(TURN_FIELDS, (channel, outcome, round(seconds * 1000)), strict=True))
    words = " ".join(f"{name}={value}" for name, value in {**fields, "request": request_id.get()}.items())
    logger.info("Turn finished: %s", words, extra=fields)

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
# Loggers of the web server and its sockets. Both libraries install handlers of their own where a level is not set.
SERVER_LOGGERS = ("sanic.root", "sanic.error", "sanic.access", "engineio.server", "socketio.server")


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


class OneLine(logging.Filter):
    """Replaces a traceback by type and place: one malformed packet would write twenty lines, and quote itself in the last."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = f"{record.getMessage()}: {_type_and_place(record.exc_info[1])}", ()
            record.exc_info = record.exc_text = None
        return True


def route_server_logs(*_: Any, **__: Any) -> None:
    """Makes the loggers of the web server write errors alone, a line each, where all others write.

    In the place of Rasa's `update_sanic_log_level`, whose arguments are for files and syslog.
    """
    for name in SERVER_LOGGERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.setLevel(logging.ERROR)
        server.propagate = True
        if not any(isinstance(one, OneLine) for one in server.filters):
            server.addFilter(OneLine())


def wants_json() -> bool:
    """Whether LOG_FORMAT asks for JSON."""
    return process_settings().log_format == "json"


def log_failure(what: str, error: BaseException) -> None:
    """Logs what failed and where, without the error's message: it may quote what a person typed."""
    logger.error("%s: %s", what, _type_and_place(error))


def _type_and_place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def log_turn(channel: str, outcome: str, seconds: float) -> None:
    """Logs a finished turn at INFO, without its text."""
    fields = dict(zip(TURN_FIELDS, (channel, outcome, round(seconds * 1000)), strict=True))
    words = " ".join(f"{name}={value}" for name, value in {**fields, "request": request_id.get()}.items())
    logger.info("Turn finished: %s", words, extra=fields)

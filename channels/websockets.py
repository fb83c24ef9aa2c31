"""Makes Sanic's websockets work on Python 3.11."""

import asyncio
import inspect
from typing import Any

from sanic.server.websockets.frame import WebsocketFrameAssembler


def repair_websockets() -> None:
    """Lets Sanic wait for a message by a task.

    Sanic 21.12, which Rasa asks for, hands a coroutine to `asyncio.wait`; Python 3.11 refuses that, and every websocket ends
    with its first message.
    """
    get = WebsocketFrameAssembler.get
    if not inspect.iscoroutinefunction(get):
        return

    def get_by_task(assembler: WebsocketFrameAssembler, timeout: float | None = None) -> "asyncio.Task[Any]":
        return asyncio.get_running_loop().create_task(get(assembler, timeout))

    WebsocketFrameAssembler.get = get_by_task  # type: ignore[assignment, method-assign]

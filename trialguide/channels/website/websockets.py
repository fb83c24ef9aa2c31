"""Fixes for websockets: on Python 3.11, and across servers during a Redis outage."""

import asyncio
import contextlib
import inspect
from typing import Any

import socketio
from sanic.server.websockets.frame import WebsocketFrameAssembler

from trialguide.runtime.circuit_breaker import Unavailable, redis_circuit_breaker


class ResilientRedisManager(socketio.AsyncRedisManager):
    """Redis client manager that drops messages to other servers during an outage; local pages are served before."""

    async def _publish(self, data: Any) -> None:
        with contextlib.suppress(Unavailable):
            await redis_circuit_breaker().call(lambda: super(ResilientRedisManager, self)._publish(data))


def patch_sanic_websockets() -> None:
    """Wraps Sanic's wait for a message in a task.

    Sanic 21.12, which Rasa requires, passes a coroutine to `asyncio.wait`. Python 3.11 rejects that, and every websocket closes
    at its first message.
    """
    get = WebsocketFrameAssembler.get
    if not inspect.iscoroutinefunction(get):
        return

    def get_by_task(assembler: WebsocketFrameAssembler, timeout: float | None = None) -> "asyncio.Task[Any]":
        return asyncio.get_running_loop().create_task(get(assembler, timeout))

    WebsocketFrameAssembler.get = get_by_task  # type: ignore[assignment, method-assign]

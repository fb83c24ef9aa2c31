"""Sockets that work on Python 3.11, and over several servers whose Redis may be away."""

import asyncio
import contextlib
import inspect
from typing import Any

import socketio
from sanic.server.websockets.frame import WebsocketFrameAssembler

from trialguide.runtime.circuit_breaker import Unavailable, redis_circuit_breaker


class ResilientRedisManager(socketio.AsyncRedisManager):
    """Passes what is shown on to the other servers; their own pages are served by each server before."""

    async def _publish(self, data: Any) -> None:
        with contextlib.suppress(Unavailable):
            await redis_circuit_breaker().call(lambda: super(ResilientRedisManager, self)._publish(data))


def patch_sanic_websockets() -> None:
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

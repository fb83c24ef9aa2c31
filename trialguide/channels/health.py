"""What operators and their machines ask: `/health/live`, `/health/ready` and `/metrics`."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.settings import process_settings

LOOPBACK = frozenset({"127.0.0.1", "::1"})
# A proxy on the same machine writes one of these, so that what comes through it does not pass for this machine's own.
FORWARDED = ("x-forwarded-for", "x-real-ip", "forwarded")
# However often somebody asks, the services are asked once in so long.
FRESH_SECONDS = 1.0

State = dict[str, Any]


class Health(InputChannel):
    """Rasa loads it as a channel; nobody talks through it."""

    def __init__(self) -> None:
        self._token = process_settings().metrics_token
        self._app: Sanic | None = None
        self._state: State = {}
        self._looked_at = 0.0
        self._looking = asyncio.Lock()
        self._stopping = False

    @classmethod
    def name(cls) -> str:
        return "health"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "Health":
        """The settings come from the environment."""
        return cls()

    def url_prefix(self) -> str:
        """An absolute path, so that nothing lies under `/webhooks/`."""
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes."""
        blueprint = Blueprint("health")

        @blueprint.get("/health/live", name="live")
        async def live(_: Request) -> HTTPResponse:
            return response.json({"status": "live"})

        @blueprint.get("/health/ready", name="ready")
        async def ready(_: Request) -> HTTPResponse:
            state = await self._current()
            return response.json(state, status=503 if state["status"] == "not ready" else 200)

        @blueprint.get("/metrics", name="metrics")
        async def metrics(request: Request) -> HTTPResponse:
            if not self._may_read(request):
                return response.text("", status=403)
            return response.raw(generate_latest(), content_type=CONTENT_TYPE_LATEST)

        @blueprint.listener("before_server_start")
        async def remember_app(app: Sanic, _: Any) -> None:
            self._app = app

        @blueprint.listener("before_server_stop")
        async def stop(_: Sanic, __: Any) -> None:
            self._stopping = True

        return blueprint

    def _may_read(self, request: Request) -> bool:
        if self._token:
            return hmac.compare_digest((request.token or "").encode(errors="replace"), self._token.encode())
        return request.ip in LOOPBACK and not any(name in request.headers for name in FORWARDED)

    async def _current(self) -> State:
        now = asyncio.get_running_loop().time
        async with self._looking:
            if now() - self._looked_at > FRESH_SECONDS:
                self._state = await self._look()
                self._looked_at = now()
        return self._state

    async def _look(self) -> State:
        agent: Agent | None = getattr(self._app and self._app.ctx, "agent", None)
        if agent is None or agent.processor is None or self._stopping:
            return {"status": "not ready", "model": None}
        names = ("database", "lock", "actions")
        looks = (agent.tracker_store.ping(), agent.lock_store.ping(), agent.processor.action_endpoint.ping())
        states = dict(zip(names, await asyncio.gather(*map(_state, looks)), strict=True))
        if agent.tracker_store.event_broker:
            states["broker"] = "ok" if agent.tracker_store.event_broker.is_ready() else "away"
        vital = states["database"] == states["lock"] == "ok"
        # Without look-ups or the broker most is still answered, so the server stays in service.
        status = "not ready" if not vital else "ready" if all(state == "ok" for state in states.values()) else "degraded"
        model = {"name": agent.processor.model_filename, "id": agent.processor.model_metadata.model_id}
        return {"status": status, **states, "model": model}


async def _state(look: Awaitable[Any]) -> str:
    try:
        await look
    except Unavailable:
        return "away"
    return "ok"

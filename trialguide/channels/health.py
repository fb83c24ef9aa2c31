"""Health checks and metrics for operators: `/health/live`, `/health/ready` and `/metrics`."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.website.origins import OWN_MACHINE
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.constant_time import constant_time_equal
from trialguide.runtime.metrics import OUTBOX_LENGTH
from trialguide.runtime.settings import process_settings

LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Set by proxies: a request through a proxy on the same machine is not a local one.
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
# Result cache: frequent polling does not load the services.
CACHE_SECONDS = 1.0

State = dict[str, Any]


class Health(InputChannel):
    """Health endpoints, in the form of a channel because Rasa loads them as one."""

    def __init__(self) -> None:
        self._token = process_settings().metrics_token
        self._app: Sanic | None = None
        self._state: State = {}
        self._checked_at = 0.0
        self._checking = asyncio.Lock()
        self._stopping = False

    @classmethod
    def name(cls) -> str:
        return "health"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "Health":
        """Creates the channel with the settings of the environment."""
        return cls()

    def url_prefix(self) -> str:
        """An absolute path, which Rasa does not put below `/webhooks/`."""
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Creates the routes."""
        blueprint = Blueprint("health")

        @blueprint.get("/health/live", name="live")
        async def live(_: Request) -> HTTPResponse:
            return response.json({"status": "live"})

        @blueprint.get("/health/ready", name="ready")
        async def ready(_: Request) -> HTTPResponse:
            state = await self._current_state()
            return response.json(state, status=503 if state["status"] == "not ready" else 200)

        @blueprint.get("/metrics", name="metrics")
        async def metrics(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return response.text("", status=403)
            await self._measure_outbox()
            return response.raw(generate_latest(), content_type=CONTENT_TYPE_LATEST)

        @blueprint.listener("before_server_start")
        async def store_app(app: Sanic, _: Any) -> None:
            self._app = app

        @blueprint.listener("before_server_stop")
        async def start_to_drain(_: Sanic, __: Any) -> None:
            self._stopping = True

        return blueprint

    def _is_authorised(self, request: Request) -> bool:
        if self._token:
            return constant_time_equal(request.token or "", self._token)
        if request.ip not in LOOPBACK or any(name in request.headers for name in FORWARDED):
            return False
        # A page of another site may have had its name resolved to this machine (DNS rebinding).
        return _host_name(request) in OWN_MACHINE

    async def _current_state(self) -> State:
        now = asyncio.get_running_loop().time
        async with self._checking:
            if now() - self._checked_at > CACHE_SECONDS:
                self._state = await self._check()
                self._checked_at = now()
        return self._state

    async def _measure_outbox(self) -> None:
        """Sets the outbox gauge; not a number while the database is away."""
        async with self._checking:
            agent = self._agent()
            try:
                length = await agent.tracker_store.outbox_length() if agent else math.nan
            except Unavailable:
                length = math.nan
            OUTBOX_LENGTH.set(length)

    def _agent(self) -> Agent | None:
        return getattr(self._app and self._app.ctx, "agent", None)

    async def _check(self) -> State:
        agent = self._agent()
        if agent is None or agent.processor is None or self._stopping:
            return {"status": "not ready", "model": None}
        names = ("database", "lock", "actions")
        pings = (agent.tracker_store.ping(), agent.lock_store.ping(), agent.processor.action_endpoint.ping())
        states = dict(zip(names, await asyncio.gather(*map(_state, pings)), strict=True))
        if agent.tracker_store.event_broker:
            states["broker"] = "ok" if agent.tracker_store.event_broker.is_ready() else "away"
        serving = states["database"] == states["lock"] == "ok"
        # Without look-ups or the broker most messages are still answered, so load balancers keep the server.
        status = "not ready" if not serving else "ready" if all(state == "ok" for state in states.values()) else "degraded"
        model = {"name": agent.processor.model_filename, "id": agent.processor.model_metadata.model_id}
        return {"status": status, **states, "model": model}


def _host_name(request: Request) -> str | None:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return None


async def _state(ping: Awaitable[Any]) -> str:
    try:
        await ping
    except Unavailable:
        return "away"
    return "ok"

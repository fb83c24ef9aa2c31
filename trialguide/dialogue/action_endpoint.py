"""Client of the action server with a timeout and a circuit breaker."""

import asyncio
from typing import Any

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from trialguide.runtime.circuit_breaker import CircuitBreaker, Unavailable
from trialguide.runtime.metrics import stage
from trialguide.runtime.request_id import HEADER, request_id
from trialguide.runtime.settings import process_settings

HEALTH_SECONDS = 1.0


class ActionEndpoint(EndpointConfig):
    """Rasa's endpoint behind a circuit breaker.

    Overrides `request`: Rasa waits up to 300 seconds, and with it the person and the lock of the conversation. It would go with
    a timeout and a breaker in Rasa's `action_endpoint` setting.
    """

    def __init__(self, endpoint: EndpointConfig) -> None:
        self.__dict__.update(endpoint.__dict__)
        seconds = process_settings().action_seconds
        self.service = CircuitBreaker("action server", seconds, (aiohttp.ClientError, OSError))

    async def request(self, *arguments: Any, timeout: float | None = None, **named: Any) -> Any:
        """The response of the action server. Raises Unavailable, and ClientResponseError for an error response."""
        if request_id.get():
            named["headers"] = named.get("headers", {}) | {HEADER: request_id.get()}

        # The action server takes no compressed bodies, whatever COMPRESS_ACTION_SERVER_REQUEST says.
        named["compress"] = False

        async def answer() -> Any:
            try:
                return await EndpointConfig.request(self, *arguments, **named)
            except ClientResponseError as refusal:
                # A server that answers with an error is up: the breaker stays closed.
                return refusal

        with stage("acting"):
            answered = await self.service.call(answer)
        if isinstance(answered, ClientResponseError):
            raise answered
        return answered

    async def ping(self) -> None:
        """Checks the health of the action server. Raises Unavailable."""
        address = str(self.url).removesuffix("/webhook") + "/health"
        try:
            timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(address) as response:
                response.raise_for_status()
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise Unavailable(self.service.name) from error

"""Circuit breakers for the services that the assistant depends on: database, Redis, message broker, action server."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

REDIS_SECONDS = 2.0
# An open circuit breaker rejects calls for so long; then one call probes the service.
COOL_DOWN_SECONDS = 1.0


class Unavailable(Exception):
    """A service does not answer in time, or not at all."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} is away.")
        self.service = service


class CircuitBreaker:
    """Circuit breaker of one service: an outage costs one caller the timeout, and the others nothing."""

    def __init__(self, name: str, seconds: float, failures: tuple[type[BaseException], ...]) -> None:
        """`seconds` is the timeout of a call; `failures` are the errors that count as an outage."""
        self.name = name
        self.outages = 0
        self._seconds = seconds
        self._failures: tuple[type[BaseException], ...] = (asyncio.TimeoutError, *failures)
        self._failed_at: float | None = None
        self._probing = False
        known_services[name] = self

    @property
    def closed(self) -> bool:
        """Whether the latest call succeeded; true before the first one."""
        return self._failed_at is None

    async def call(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the work. Raises Unavailable if the service fails or the breaker is open; other errors pass through."""
        if self._failed_at is not None and (self._probing or monotonic() < self._failed_at + COOL_DOWN_SECONDS):
            raise Unavailable(self.name)
        probing = self._probing = self._failed_at is not None
        try:
            result = await asyncio.wait_for(work(), self._seconds)
        except self._failures as error:
            self._record_failure(error)
            raise Unavailable(self.name) from error
        finally:
            if probing:
                self._probing = False
        self.record_success()
        return result

    def record_success(self) -> None:
        """Closes the circuit breaker."""
        if self._failed_at is not None:
            self._failed_at = None
            logger.warning("The %s is back.", self.name)

    def _record_failure(self, error: BaseException) -> None:
        if self._failed_at is None:
            self.outages += 1
            logger.error("The %s is away: %s", self.name, type(error).__name__)
        self._failed_at = monotonic()


known_services: dict[str, CircuitBreaker] = {}


def redis_circuit_breaker() -> CircuitBreaker:
    """The circuit breaker that all users of Redis share."""
    return known_services.get("Redis") or CircuitBreaker("Redis", REDIS_SECONDS, (RedisError, OSError))

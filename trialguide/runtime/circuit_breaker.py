"""What the assistant depends on and what may be away, slow or back again: databases, brokers, the action server."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

REDIS_SECONDS = 2.0
# After a failure nobody waits for the service for so long; then one call tries it again.
REST_SECONDS = 1.0


class Unavailable(Exception):
    """A service does not answer, or not in time."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} is away.")
        self.service = service


class CircuitBreaker:
    """Watches the calls to one service, so that an outage costs one person a wait and the others none."""

    def __init__(self, name: str, seconds: float, failures: tuple[type[BaseException], ...]) -> None:
        """`seconds` is the longest that a call may take; `failures` are the errors that mean that the service is away."""
        self.name = name
        self.outages = 0
        self._seconds = seconds
        self._failures: tuple[type[BaseException], ...] = (asyncio.TimeoutError, *failures)
        self._failed_at: float | None = None
        self._trying = False
        known_services[name] = self

    @property
    def closed(self) -> bool:
        """Whether the latest call was answered; true before the first one."""
        return self._failed_at is None

    async def call(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the work. Raises Unavailable if the service fails or the breaker is open; passes other errors on."""
        if self._failed_at is not None and (self._trying or monotonic() < self._failed_at + REST_SECONDS):
            raise Unavailable(self.name)
        trying = self._trying = self._failed_at is not None
        try:
            result = await asyncio.wait_for(work(), self._seconds)
        except self._failures as error:
            self._has_failed(error)
            raise Unavailable(self.name) from error
        finally:
            if trying:
                self._trying = False
        self.has_answered()
        return result

    def has_answered(self) -> None:
        """Notes that the service is there."""
        if self._failed_at is not None:
            self._failed_at = None
            logger.warning("The %s is back.", self.name)

    def _has_failed(self, error: BaseException) -> None:
        if self._failed_at is None:
            self.outages += 1
            logger.error("The %s is away: %s", self.name, type(error).__name__)
        self._failed_at = monotonic()


known_services: dict[str, CircuitBreaker] = {}


def redis_circuit_breaker() -> CircuitBreaker:
    """Redis, for all that use it: when one finds it away, the others do not wait for it as well."""
    return known_services.get("Redis") or CircuitBreaker("Redis", REDIS_SECONDS, (RedisError, OSError))

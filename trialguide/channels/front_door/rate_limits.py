"""Rate limits for senders and addresses."""

import asyncio
import ipaddress
from collections.abc import Iterable

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from trialguide.runtime.circuit_breaker import REDIS_SECONDS, Unavailable, redis_circuit_breaker


class RateLimits:
    """Counts messages in moving windows, in memory or, across servers, in Redis."""

    def __init__(self, sender: str, address: str, redis: str | None) -> None:
        """Rates are in the notation of the library `limits`: `8 per 10 seconds; 200 per hour`. Raises ValueError."""
        self._sender_limits, self._address_limits = parse_many(sender), parse_many(address)
        timeouts = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS} if redis else {}
        # The limiter holds its storage by a weak reference only.
        self._storage = storage_from_string(redis or "memory://", **timeouts)
        if redis:
            self._circuit_breaker = redis_circuit_breaker()
        self._limiter = MovingWindowRateLimiter(self._storage)

    async def allow_sender(self, sender: str) -> bool:
        """Counts a message of a sender and returns whether it is within the limits."""
        return await self._allow(self._sender_limits, 1, "sender", sender)

    async def allow_address(self, address: str, cost: int = 1) -> bool:
        """Counts a message or new conversation from an address, `cost` times, and returns whether it is within the limits."""
        return await self._allow(self._address_limits, cost, "address", network(address))

    async def _allow(self, limits: Iterable[RateLimitItem], cost: int, *key: str) -> bool:
        if isinstance(self._storage, MemoryStorage):
            return self._hit(limits, cost, *key)
        try:
            return await self._circuit_breaker.call(lambda: asyncio.to_thread(self._hit, limits, cost, *key))
        except Unavailable:
            # Fails open: a Redis outage must not lock patients out.
            return True

    def _hit(self, limits: Iterable[RateLimitItem], cost: int, *key: str) -> bool:
        return all(self._limiter.hit(limit, *key, cost=cost) for limit in limits)


def network(address: str) -> str:
    """The network that an address is counted under: of IPv6 the /64, which a household or ward shares, else the address."""
    try:
        # Sanic puts an IPv6 address from a proxy header in brackets.
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))

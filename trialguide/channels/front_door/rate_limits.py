"""How much one sender and one address may send."""

import asyncio
import ipaddress
from collections.abc import Iterable

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from trialguide.runtime.circuit_breaker import REDIS_SECONDS, Unavailable, redis_circuit_breaker


class RateLimits:
    """Counts messages in moving windows, in memory or, for several servers, in Redis."""

    def __init__(self, sender: str, address: str, redis: str | None) -> None:
        """Limits in the notation of the library `limits`, such as `8 per 10 seconds; 200 per hour`. Raises ValueError."""
        self._sender, self._address = parse_many(sender), parse_many(address)
        waits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS} if redis else {}
        # The limiter itself holds its storage by a weak reference only.
        self._storage = storage_from_string(redis or "memory://", **waits)
        if redis:
            self._service = redis_circuit_breaker()
        self._limiter = MovingWindowRateLimiter(self._storage)

    async def allow_sender(self, sender: str) -> bool:
        """Counts one message of a sender; whether it is within the limits."""
        return await self._may(self._sender, 1, "sender", sender)

    async def allow_address(self, address: str, cost: int = 1) -> bool:
        """Counts a message or new conversation from an address, as so many; whether it is within the limits."""
        return await self._may(self._address, cost, "address", network(address))

    async def _may(self, limits: Iterable[RateLimitItem], cost: int, *whom: str) -> bool:
        if isinstance(self._storage, MemoryStorage):
            return self._hit(limits, cost, *whom)
        try:
            return await self._service.call(lambda: asyncio.to_thread(self._hit, limits, cost, *whom))
        except Unavailable:
            # Patients must not pay for it.
            return True

    def _hit(self, limits: Iterable[RateLimitItem], cost: int, *whom: str) -> bool:
        return all(self._limiter.hit(limit, *whom, cost=cost) for limit in limits)


def network(address: str) -> str:
    """Whom an address stands for: an IPv6 address for its /64 network, which one household or ward shares."""
    try:
        # Sanic writes an IPv6 address that a proxy names in brackets.
        known = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))

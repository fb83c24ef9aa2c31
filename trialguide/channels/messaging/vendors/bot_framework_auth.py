"""Authentication of requests from the Bot Framework, and validation of the address that replies go to.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, "Connector to bot"
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

from trialguide.channels.messaging.http_client import ApiClient, ApiError

logger = logging.getLogger(__name__)

DOCUMENT = "https://login.botframework.com/v1/.well-known/openidconfiguration"
ISSUER = "https://api.botframework.com"
LEEWAY_SECONDS = 300
# Keys are cached for a day. An unknown key refreshes the cache earlier, but not at every request that names one.
CACHE_SECONDS = 24 * 3600
REFRESH_SECONDS = 300
RETRY_SECONDS = 10
# Hosts of the connector service. A reply carries this app's token and must go nowhere else; other names under
# trafficmanager.net are open to any customer of Azure.
SERVICES = frozenset({"smba.trafficmanager.net"})
SERVICE_DOMAINS = (".botframework.com", ".teams.microsoft.com")


class BotFrameworkKeys:
    """Cache of the Bot Framework's signing keys, and validation of its tokens."""

    def __init__(self, calls: ApiClient, app: str, test_address: str | None) -> None:
        self._calls = calls
        self._app = app
        self._test_address = test_address
        self._document = f"{test_address}/v1/.well-known/openidconfiguration" if test_address else DOCUMENT
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._fetching = asyncio.Lock()
        # Monotonic times from which the keys are stale, and from which an unknown key refreshes them.
        self._stale = self._refresh = 0.0

    async def verifies(self, token: str, activity: Mapping[str, Any]) -> bool:
        """Whether a token authenticates this activity as the Bot Framework's, for this app."""
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return False
            claims = jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm="RS256").key,
                algorithms=["RS256"],
                audience=self._app,
                issuer=ISSUER,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return False
        service = activity.get("serviceUrl")
        # A key is valid for the channels that it is endorsed for.
        endorsed = activity.get("channelId") in (key.get("endorsements") or ())
        return endorsed and claims.get("serviceurl") == service and is_service(service, self._test_address)

    async def fetch(self) -> None:
        """Refreshes the keys. A failure is logged, and retried when a key is needed."""
        try:
            document = await self._calls.request("GET", self._document)
            key_set = await self._calls.request("GET", document["jwks_uri"])
            self._keys = {key["kid"]: key for key in key_set["keys"]}
            self._stale, self._refresh = time.monotonic() + CACHE_SECONDS, time.monotonic() + REFRESH_SECONDS
        except (ApiError, KeyError, TypeError) as error:
            logger.error("The keys of the Bot Framework could not be fetched: %s", type(error).__name__)
            self._stale = self._refresh = time.monotonic() + RETRY_SECONDS

    async def _key(self, id: object) -> Mapping[str, Any] | None:
        if not isinstance(id, str):
            return None
        async with self._fetching:
            now = time.monotonic()
            if now >= self._stale or (id not in self._keys and now >= self._refresh):
                await self.fetch()
        return self._keys.get(id)


def is_service(address: object, test_address: str | None) -> bool:
    """Whether an address belongs to the connector service, which may receive this app's token."""
    if not isinstance(address, str):
        return False
    if test_address:
        return address.startswith(test_address)
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        return parts.scheme == "https" and parts.port in (None, 443) and (host in SERVICES or host.endswith(SERVICE_DOMAINS))
    except ValueError:
        return False

"""HTTP client for the vendors' APIs: every call has a timeout, transient errors are retried, permanent ones raised at once."""

import asyncio
import random
import re
from typing import Any

import aiohttp

CALL_SECONDS = 10
TRIES = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60
UNREACHABLE = "unreachable"
# Error codes are logged, error messages are not: they may quote the text and the recipient.
CODE = re.compile(r"[\w.-]{1,40}", re.ASCII)


class ApiError(Exception):
    """A failed call: its HTTP status, 0 without a response, and the vendor's error code, if there is one."""

    def __init__(self, status: int, code: str | None) -> None:
        super().__init__(f"status {status}, code {code}")
        self.status = status
        self.code = code

    @property
    def may_have_arrived(self) -> bool:
        """Whether the vendor may have accepted the message although no response came."""
        return self.status == 0 and self.code != UNREACHABLE


class ApiClient:
    """HTTP client of one channel."""

    def __init__(self, tries: int = TRIES) -> None:
        self._tries = tries
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str, url: str, **request: Any) -> Any:
        """Sends a request with retries and returns the JSON of the response, None when there is none; `request` as for aiohttp.

        Raises ApiError for a status from 400 to 499 except 429, and when the last attempt fails.
        """
        failure = ApiError(0, None)
        for attempt in range(1, self._tries + 1):
            pause = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
            try:
                async with self._open().request(method, url, allow_redirects=False, **request) as response:
                    answer = await _json(response)
                    if response.status < 400:
                        return answer
                    failure = ApiError(response.status, error_code(answer))
                    if response.status != 429 and response.status < 500:
                        raise failure
                    pause = _retry_after(response, answer) or pause
            except aiohttp.ClientConnectorError:
                failure = ApiError(0, UNREACHABLE)
            except (aiohttp.ClientError, asyncio.TimeoutError):
                failure = ApiError(0, None)
            if attempt < self._tries:
                # Jitter, so that calls which failed together do not retry together.
                await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(1, 1.3))  # noqa: S311
        raise failure

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        # A session belongs to the running event loop, so it is created at the first call.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS), connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def error_code(answer: Any) -> str | None:
    """The error code: Meta's and Microsoft's `error.code`, Telegram's `error_code`, Twilio's `code`, Slack's `error`."""
    if not isinstance(answer, dict):
        return None
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else answer.get("error_code") or answer.get("code") or error
    return str(code) if CODE.fullmatch(str(code)) and code is not None else None


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return None


def _retry_after(response: aiohttp.ClientResponse, answer: Any) -> float | None:
    """Seconds until the retry that the vendor asks for: `Retry-After` (RFC 9110, 10.2.3), or Telegram's `retry_after`."""
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    seconds = response.headers.get("Retry-After") or (parameters.get("retry_after") if isinstance(parameters, dict) else None)
    try:
        return max(0.0, float(seconds)) if seconds is not None else None
    except (TypeError, ValueError):
        return None

"""Calls to the vendors of messaging services: none waits for ever, what may pass is tried again, what may not is said once."""

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
# An error code is logged, an error's text is not: it may quote what was sent and to whom.
CODE = re.compile(r"[\w.-]{1,40}", re.ASCII)


class ApiError(Exception):
    """A call that came to nothing: its HTTP status (0 without an answer) and the vendor's own code, if it named one."""

    def __init__(self, status: int, code: str | None) -> None:
        super().__init__(f"status {status}, code {code}")
        self.status = status
        self.code = code

    @property
    def may_have_arrived(self) -> bool:
        """Whether the vendor was silent, and may have taken the message all the same."""
        return self.status == 0 and self.code != UNREACHABLE


class ApiClient:
    """The calls of one channel."""

    def __init__(self, tries: int = TRIES) -> None:
        self._tries = tries
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str, url: str, **request: Any) -> Any:
        """Calls until there is an answer below 400, whose JSON it gives (None where it holds none); `request` as for aiohttp.

        Raises ApiError for any other answer below 500 but 429, and when all tries came to nothing.
        """
        refused = ApiError(0, None)
        for tried in range(1, self._tries + 1):
            pause = FIRST_PAUSE_SECONDS * 2 ** (tried - 1)
            try:
                async with self._open().request(method, url, allow_redirects=False, **request) as response:
                    answer = await _json(response)
                    if response.status < 400:
                        return answer
                    refused = ApiError(response.status, error_code(answer))
                    if response.status != 429 and response.status < 500:
                        raise refused
                    pause = _asked_pause(response, answer) or pause
            except aiohttp.ClientConnectorError:
                refused = ApiError(0, UNREACHABLE)
            except (aiohttp.ClientError, asyncio.TimeoutError):
                refused = ApiError(0, None)
            if tried < self._tries:
                # Spread, so that callers who failed together do not come back together.
                await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(1, 1.3))  # noqa: S311
        raise refused

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        # A session belongs to the running event loop, so none is made before the first call.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS), connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def error_code(answer: Any) -> str | None:
    """The code in an answer: Meta's and Microsoft's `error.code`, Telegram's `error_code`, Twilio's `code`, Slack's `error`."""
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


def _asked_pause(response: aiohttp.ClientResponse, answer: Any) -> float | None:
    """How many seconds the vendor asks to wait: `Retry-After` (RFC 9110, 10.2.3), or Telegram's `retry_after`."""
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    asked = response.headers.get("Retry-After") or (parameters.get("retry_after") if isinstance(parameters, dict) else None)
    try:
        return max(0.0, float(asked)) if asked is not None else None
    except (TypeError, ValueError):
        return None

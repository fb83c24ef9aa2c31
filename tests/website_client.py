"""Visitors of the website channel for the tests: over socket.io as the widget talks, and over plain HTTP."""

import asyncio
import http.client
import json
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any

import aiohttp
import socketio

PATH = "/chat/socket.io"
WAIT_SECONDS = 30

# The client expects a newer aiohttp than Rasa allows; there this class holds the seconds that the older one takes as they are.
if not hasattr(aiohttp, "ClientWSTimeout"):
    aiohttp.ClientWSTimeout = lambda ws_close: ws_close


class Visitor:
    """A visitor with an open page. `entries` is what arrived, in its order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.entries: list[dict[str, Any]] = []
        self.conversation: str | None = None
        self.working = False
        self.socket = socketio.AsyncClient(reconnection=False)
        self.socket.on("entry", self._on_entry)
        self.socket.on("working", self._on_working)

    async def __aenter__(self) -> "Visitor":
        await self.socket.connect(self.address, socketio_path=PATH)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.disconnect()

    async def _on_entry(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)

    async def _on_working(self, working: dict[str, Any]) -> None:
        self.working = working["on"]

    async def hello(self, conversation: Any = None, after: Any = None) -> dict[str, Any]:
        """Says hello; the answer."""
        answer: dict[str, Any] = await self.socket.call("hello", {"conversation": conversation, "after": after})
        self.conversation = answer.get("conversation")
        return answer

    async def say(self, text: Any = None, token: Any = None, id: Any = None) -> dict[str, Any]:
        """Says something; the acknowledgement."""
        body = {"id": id or uuid.uuid4().hex} | ({"text": text} if token is None else {"token": token})
        answer: dict[str, Any] = await self.socket.call("say", body, timeout=WAIT_SECONDS)
        return answer

    async def ask(self, text: Any = None, token: Any = None, id: Any = None) -> list[dict[str, Any]]:
        """Says something and waits for the end of the turn; the assistant's entries."""
        before = len(self.entries)
        acknowledged = await self.say(text, token, id)
        assert acknowledged == {"accepted": True}, acknowledged
        await self.until(lambda: len(self.entries) > before + 1 and not self.working)
        return [entry for entry in self.entries[before:] if entry["from"] == "assistant"]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until a condition holds."""

        async def met() -> None:
            while not condition():
                await asyncio.sleep(0.01)

        await asyncio.wait_for(met(), WAIT_SECONDS)


def post(address: str, what: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """Posts a body (bytes as they are, anything else as JSON) to the API; status and answer. `_` in a header's name is `-`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=WAIT_SECONDS)
    try:
        connection.request("POST", f"/chat/api/{what}", raw, {"Content-Type": "application/json"} | named)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def new_conversation(address: str, **headers: str) -> str:
    """The signed id of a new conversation."""
    return str(post(address, "hello", {}, **headers)[1]["conversation"])


def say(address: str, conversation: str, text: Any = None, id: str | None = None, **more: Any) -> dict[str, Any]:
    """Says something over HTTP; the answer."""
    body = {"conversation": conversation, "id": id or uuid.uuid4().hex, "text": text} | more
    return post(address, "say", body)[1]


def replies(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The assistant's texts in an HTTP response."""
    return [entry for entry in answer["entries"] if entry["from"] == "assistant"]

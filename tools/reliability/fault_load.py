"""The load while something fails: people who send messages, and send one again when it is not acknowledged."""

import asyncio
import json
import ssl
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PEOPLE = 4
PAUSE_SECONDS = 0.25
AGAIN_SECONDS = 0.3
GIVE_UP_SECONDS = 60
# A conversation has so many turns, then somebody else comes.
TURNS = 12
SAYINGS = ("what is a placebo", "find a NET clinic in Oslo", "what is a clinical trial", "support groups in Poland")


@dataclass
class Sent:
    """One message: which conversation, its id, and what came of it."""

    conversation: str
    id: str
    text: str
    acknowledged: bool = False
    # What was said in its turn, and the longest wait for any word about it.
    kinds: list[str] = field(default_factory=list)
    tries: int = 0
    longest: float = 0.0


@dataclass
class People:
    """Several people at once, until they are told to stop; each stays at a route and finishes its last message."""

    addresses: Callable[[int], str]
    sent: list[Sent] = field(default_factory=list)
    stopping: bool = False

    async def talk(self) -> None:
        """Talks. Raises TimeoutError when a message was not acknowledged in the end."""
        # The certificate is of the test's own making.
        connector = aiohttp.TCPConnector(ssl=False)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
            await asyncio.gather(*(self._one(session, number) for number in range(PEOPLE)))
        # Encrypted connections take a moment to close.
        await asyncio.sleep(0.25)

    async def _one(self, session: aiohttp.ClientSession, number: int) -> None:
        conversation, turn = None, number
        while not self.stopping:
            if conversation is None:
                conversation = (await self._post(session, number, "hello", {}) or {}).get("conversation")
                continue
            message = Sent(conversation, uuid.uuid4().hex, SAYINGS[turn % len(SAYINGS)])
            self.sent.append(message)
            await self._deliver(session, number, message)
            await asyncio.sleep(PAUSE_SECONDS)
            turn += 1
            if turn % TURNS == 0:
                conversation = None

    async def _deliver(self, session: aiohttp.ClientSession, number: int, message: Sent) -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            message.tries += 1
            begun = time.monotonic()
            body = {"conversation": message.conversation, "id": message.id, "text": message.text}
            answer = await self._post(session, number, "say", body)
            message.longest = max(message.longest, time.monotonic() - begun)
            if answer and answer.get("accepted"):
                message.acknowledged = True
                message.kinds = [entry["kind"] for entry in answer["entries"] if entry["from"] == "assistant"]
                return
            await asyncio.sleep(AGAIN_SECONDS)
        raise TimeoutError("A message was not acknowledged in the end.")

    async def _post(
        self, session: aiohttp.ClientSession, number: int, what: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        address = f"{self.addresses(number)}/chat/api/{what}?route={number}"
        try:
            async with session.post(address, json=body) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
                return answer if response.status < 500 else None
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, ssl.SSLError):
            return None


def probe(address: str, route: int) -> bool:
    """Whether a new person's look-up is answered as ever."""
    try:
        conversation = post(f"{address}/chat/api/hello?route={route}", {})["conversation"]
        body = {"conversation": conversation, "id": "probe", "text": SAYINGS[1]}
        entries = post(f"{address}/chat/api/say?route={route}", body)["entries"]
    except (OSError, ValueError, KeyError):
        return False
    return any(entry["kind"] == "clinic" for entry in entries)


def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request. Raises OSError and ValueError."""
    # The certificate is of the test's own making.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10, context=context if address.startswith("https") else None) as response:
        answer: dict[str, Any] = json.load(response)
    return answer

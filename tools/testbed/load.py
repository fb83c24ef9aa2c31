"""Load over the website's HTTP API: people who retry a message until it is acknowledged, as the widget does."""

import asyncio
import json
import ssl
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import aiohttp

PEOPLE = 4
PAUSE_SECONDS = 0.25
RETRY_SECONDS = 0.3
GIVE_UP_SECONDS = 60
# The turns of a conversation.
TURNS = 12
QUESTIONS = ("what is a placebo", "find a NET clinic in Oslo", "what is a clinical trial", "support groups in Poland")
# Reasons for which a message is refused however often it is sent.
INVALID = ("blank", "too_long", "invalid")


@dataclass
class Sent:
    """A message with its conversation and id, and its fate."""

    conversation: str
    id: str
    text: str
    acknowledged: bool = False
    invalid: bool = False
    # The kinds of the entries in its turn, and the longest wait for a response to a request, in seconds.
    kinds: list[str] = field(default_factory=list)
    tries: int = 0
    longest: float = 0.0


def repeated_questions() -> Iterator[Sequence[str]]:
    """Conversations without end, each beginning with another question."""
    for first in count():
        yield [QUESTIONS[(first + turn) % len(QUESTIONS)] for turn in range(TURNS)]


@dataclass
class People:
    """People who write at the same time until `stopping` is set or no conversation is left.

    `addresses` gives the server of the person of a number. The route, by which nginx picks a server, is that number, or a new
    one for each conversation.
    """

    addresses: Callable[[int], str]
    conversations: Iterator[Sequence[str]] = field(default_factory=repeated_questions)
    number: int = PEOPLE
    pause: Callable[[], float] = lambda: PAUSE_SECONDS
    new_routes: bool = False
    sent: list[Sent] = field(default_factory=list)
    stopping: bool = False

    async def talk(self) -> None:
        """Holds the conversations. Raises TimeoutError when a message is never acknowledged."""
        # The certificate is self-signed.
        connector = aiohttp.TCPConnector(ssl=False, limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
            await asyncio.gather(*(self._converse(session, number) for number in range(self.number)))
        # Encrypted connections take a moment to close.
        await asyncio.sleep(0.25)

    async def _converse(self, session: aiohttp.ClientSession, number: int) -> None:
        for texts in self.conversations:
            route = uuid.uuid4().hex if self.new_routes else str(number)
            conversation = None
            while conversation is None and not self.stopping:
                conversation = (await self._post(session, number, route, "hello", {}) or {}).get("conversation")
            for text in texts:
                if conversation is None or self.stopping:
                    return
                message = Sent(conversation, uuid.uuid4().hex, text)
                self.sent.append(message)
                await self._deliver(session, number, route, message)
                await asyncio.sleep(self.pause())

    async def _deliver(self, session: aiohttp.ClientSession, number: int, route: str, message: Sent) -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            message.tries += 1
            started = time.monotonic()
            body = {"conversation": message.conversation, "id": message.id, "text": message.text}
            answer = await self._post(session, number, route, "say", body)
            message.longest = max(message.longest, time.monotonic() - started)
            if answer and answer.get("accepted"):
                message.acknowledged = True
                message.kinds = [entry["kind"] for entry in answer["entries"] if entry["from"] == "assistant"]
                return
            if answer and answer.get("reason") in INVALID:
                message.invalid = True
                return
            await asyncio.sleep(RETRY_SECONDS)
        raise TimeoutError("A message was never acknowledged.")

    async def _post(
        self, session: aiohttp.ClientSession, number: int, route: str, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        address = f"{self.addresses(number)}/chat/api/{path}?route={route}"
        try:
            async with session.post(address, json=body) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
                return answer if response.status < 500 else None
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, ssl.SSLError):
            return None


def ask_all(address: str, conversations: Iterator[Sequence[str]], number: int) -> list[float]:
    """Holds the conversations, `number` at once, without pauses; the seconds of each answer. Raises TimeoutError."""
    people = People(lambda _: address, conversations, number, pause=lambda: 0.0, new_routes=True)
    asyncio.run(people.talk())
    refused = [message for message in people.sent if message.tries > 1 or not message.acknowledged]
    if refused:
        raise TimeoutError(f"“{refused[0].text}” was not answered at once.")
    return [message.longest for message in people.sent]


def in_conversations(texts: Iterator[str], turns: int, conversations: int) -> Iterator[Sequence[str]]:
    """Texts as so many conversations of so many turns."""
    for _ in range(conversations):
        yield list(islice(texts, turns))


def probe(address: str, route: int) -> bool:
    """Whether the look-up of a new person is answered."""
    try:
        conversation = post(f"{address}/chat/api/hello?route={route}", {})["conversation"]
        body = {"conversation": conversation, "id": "probe", "text": QUESTIONS[1]}
        entries = post(f"{address}/chat/api/say?route={route}", body)["entries"]
    except (OSError, ValueError, KeyError):
        return False
    return any(entry["kind"] == "clinic" for entry in entries)


def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON response to a request. Raises OSError and ValueError."""
    # The certificate is self-signed.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10, context=context if address.startswith("https") else None) as response:
        answer: dict[str, Any] = json.load(response)
    return answer

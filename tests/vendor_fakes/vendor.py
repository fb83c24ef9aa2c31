"""Base class of the vendors' fakes: an HTTP API that records its requests, and is slow, down or failing on demand."""

import asyncio
import contextlib
import http.client
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema
from aiohttp import web

WAIT_SECONDS = 30
PUBLIC_ADDRESS = "https://bot.example.org"

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Heard:
    """A message as it reached a person: its text as the vendor got it, the buttons' titles and tokens, a picture's address.

    `thread` is the message that it answers, where the service has threads.
    """

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    picture: str | None = None
    thread: str | None = None


@dataclass
class Trouble:
    """A failure injected into the next calls; status 0 closes the connection."""

    status: int
    times: int
    headers: Headers = field(default_factory=dict)


class Refusal(Exception):
    """A request that the vendor rejects, with the body of its response."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


class Vendor(ABC):
    """One vendor: its API for the assistant, and the webhooks by which it tells what a person did."""

    name: str
    # The sender ids of its channel begin with this.
    prefix: str
    pictures = True
    locations = True

    def __init__(self) -> None:
        self.heard: list[tuple[str, Heard]] = []
        self.refused: list[Any] = []
        self.calls = 0
        self.trouble: Trouble | None = None
        self.seconds = 0.0
        self.address = ""

    # What a vendor is to write

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """The variables of the channel."""

    @abstractmethod
    async def answer(self, request: web.Request) -> Any:
        """The body of the answer to a call. Raises Refusal."""

    @abstractmethod
    def trouble_body(self, status: int) -> Any:
        """The body of an error response."""

    @abstractmethod
    def signed(self, event: Any) -> tuple[bytes, dict[str, str]]:
        """The body and headers of a webhook with an event."""

    @abstractmethod
    def text(self, person: str, id: str, text: str) -> Any:
        """The event of a typed text."""

    @abstractmethod
    def press(self, person: str, id: str, token: str) -> Any:
        """The event of a pressed button."""

    def location(self, person: str, id: str, latitude: float, longitude: float) -> Any:
        """The event of a shared location, or None where the service has none."""
        return None

    @abstractmethod
    def odd(self, person: str) -> dict[str, Any]:
        """Events that come to silence."""

    @abstractmethod
    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        """Events of a text beside something that is not text, such as a caption."""

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        """Events of a text with the preview of a link, or of its own rest, in it."""
        return {}

    @abstractmethod
    def unreadable(self, person: str) -> dict[str, Any]:
        """Events of something that is not text, which is said kindly."""

    @abstractmethod
    def new_person(self, number: int) -> str:
        """A new user id in the vendor's format."""

    @abstractmethod
    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        """A signed webhook made worthless in every way."""

    # What is done here

    @property
    def path(self) -> str:
        return f"/webhooks/{self.name}/webhook"

    def told(self, person: str) -> list[Heard]:
        """The messages that have reached a person."""
        return [heard for to, heard in self.heard if to == person]

    def wait(self, person: str, count: int = 1, quiet: float = 0.25) -> list[Heard]:
        """The messages that have reached a person, once there are so many and no further one arrives for a moment."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.told(person)) < count:
            assert time.monotonic() < deadline, f"{len(self.told(person))} of {count} messages came; refused: {self.refused}"
            time.sleep(0.02)
        while True:
            before = len(self.told(person))
            time.sleep(quiet)
            if len(self.told(person)) == before:
                assert not self.refused, self.refused
                return self.told(person)

    def post(
        self, address: str, body: bytes, headers: Headers, method: str = "POST", path: str | None = None
    ) -> tuple[int, bytes]:
        """Sends a request to the assistant; the status and body of its answer."""
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=WAIT_SECONDS)
        try:
            connection.request(method, path or self.path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def tell(self, address: str, event: Any) -> int:
        """Sends a signed webhook; the status of the answer."""
        return self.post(address, *self.signed(event))[0]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers a call."""
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if self.trouble and self.trouble.times:
            self.trouble.times -= 1
            if not self.trouble.status:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            body = self.trouble_body(self.trouble.status)
            return web.json_response(body, status=self.trouble.status, headers=dict(self.trouble.headers))
        try:
            return web.json_response(await self.answer(request))
        except Refusal as refusal:
            self.refused.append((refusal.status, refusal.body))
            return web.json_response(refusal.body, status=refusal.status)

    @contextlib.contextmanager
    def in_trouble(self, status: int, times: int = 1000, **headers: str) -> Iterator[None]:
        """Answers the next calls with an error."""
        self.trouble = Trouble(status, times, {name.replace("_", "-"): value for name, value in headers.items()})
        try:
            yield
        finally:
            self.trouble = None

    @contextlib.contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Answers every call so much later."""
        self.seconds = seconds
        try:
            yield
        finally:
            self.seconds = 0.0


def raw(event: Any) -> bytes:
    """An event as it is sent; bytes are sent as they are."""
    return event if isinstance(event, bytes) else json.dumps(event).encode()


def checked(body: Any, schema: Mapping[str, Any], refuse: Any) -> Any:
    """The body, if it has the form of the schema. Raises what `refuse` makes of the problem."""
    problem = next(jsonschema.Draft202012Validator(schema).iter_errors(body), None)
    if problem:
        raise refuse(problem.message)
    return body


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object that has these properties, may have those, and has no other."""
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def text_of(most: int) -> dict[str, Any]:
    """The schema of a text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": most}


@contextlib.contextmanager
def serving(vendors: list[Vendor]) -> Iterator[None]:
    """Serves the vendors' APIs, each on a port of its own, in a thread beside the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runners = [asyncio.run_coroutine_threadsafe(_serve(vendor), loop).result(WAIT_SECONDS) for vendor in vendors]
    try:
        yield
    finally:
        for runner in runners:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(WAIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(vendor: Vendor) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner

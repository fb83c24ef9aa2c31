"""The website channel: conversations over socket.io, or plain HTTP where sockets are blocked, and the site's files."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import socketio
from rasa.core.channels.channel import UserMessage
from rasa.core.channels.socketio import SocketBlueprint
from sanic import Blueprint, Sanic, response
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.front_door.public_channel import PublicChannel
from trialguide.channels.front_door.tokens import topic_token
from trialguide.channels.front_door.transcript import Entry, as_json, entries_of_turn, number_of
from trialguide.channels.website.origins import is_allowed
from trialguide.channels.website.pages import Site
from trialguide.channels.website.websockets import ResilientRedisManager, patch_sanic_websockets
from trialguide.content.catalogue import load_catalogue
from trialguide.runtime.logs import log_failure
from trialguide.runtime.metrics import OPEN_SOCKETS
from trialguide.runtime.settings import Settings
from trialguide.storage.data_copy_text import as_text

PATH = "/chat"

Body = dict[str, Any]


class WebsiteChannel(PublicChannel):
    """Conversations on websites, at `/chat/`."""

    prefix = "web"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._site = Site(settings.origins)
        titles = load_catalogue().titles
        self._starters = [{"title": titles[id], "token": topic_token(id)} for id in self._site.starters]
        # The sender of each open socket.
        self._senders: dict[str, str] = {}
        self._sockets = socketio.AsyncServer(
            async_mode="sanic",
            # Events of a page are handled in order.
            async_handlers=False,
            client_manager=ResilientRedisManager(settings.redis) if settings.redis else None,
            cors_allowed_origins=self._origin_allowed,
            cors_credentials=False,
            max_http_buffer_size=self.largest_body,
        )

    @classmethod
    def name(cls) -> str:
        return "website"

    def url_prefix(self) -> str:
        """An absolute path, which Rasa does not put below `/webhooks/`."""
        return PATH

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        patch_sanic_websockets()
        OPEN_SOCKETS.set_function(lambda: len(self._sockets.eio.sockets))
        blueprint = SocketBlueprint(self._sockets, f"{PATH}/socket.io", "website")
        # Sanic calls these listeners in reverse order: turns finish before the sockets close.
        blueprint.listener("before_server_stop")(self._close_sockets)
        self.register(blueprint, on_new_message)
        for name, on_socket, over_http in (
            ("hello", self._hello_on_socket, self._hello),
            ("again", self._again_on_socket, self._again),
            ("say", self._say_on_socket, self._say),
            ("copy", self._copy_on_socket, self._copy),
        ):
            self._sockets.on(name, partial(self._on_socket, on_socket))
            blueprint.add_route(self._route(over_http), f"/api/{name}", methods=["POST", "OPTIONS"], name=name)
        self._sockets.on("disconnect", self._on_disconnect)
        self._site.add_to(blueprint)

        @blueprint.listener("before_server_start")
        async def disable_global_cors(app: Sanic, _: Any) -> None:
            # Even without configured origins, Rasa's CORS layer would answer every preflight before this channel can.
            app.ctx.sanic_cors.resources.clear()

        @blueprint.exception(PayloadTooLarge)
        async def reject_body(request: Request, _: PayloadTooLarge) -> HTTPResponse:
            return response.json(self._rejection("too_long"), status=413)

        return blueprint

    async def show(self, sender: str, entry: Entry) -> None:
        """Sends an entry to all open pages of a conversation."""
        await self._sockets.emit("entry", as_json(entry), room=sender)

    async def show_typing(self, sender: str, on: bool) -> None:
        """Sends the state of the typing indicator to all open pages of a conversation."""
        await self._sockets.emit("working", {"on": on}, room=sender)

    def _origin_allowed(self, origin: str | None, environ: dict[str, Any]) -> bool:
        return is_allowed(origin, environ.get("HTTP_HOST"), self.settings.origins)

    async def _respond(self, handling: Awaitable[Body]) -> Body:
        """Builds the response body; a rejection or an error becomes a fixed sentence."""
        try:
            return {"accepted": True} | await handling
        except Rejected as rejection:
            return self._rejection(rejection.reason)
        except Exception as error:
            log_failure("A request could not be answered", error)
            return {"accepted": False, "reason": "trouble", "text": self.fixed_text("trouble")}

    def _rejection(self, reason: str) -> Body:
        return {"accepted": False, "reason": reason, "text": self.fixed_text(f"refused_{reason}")}

    async def _greeting(self, sender: str, after: object = None) -> Body:
        entries = await self.history(sender, number_of(after) or 0)
        return {
            "conversation": self.identities.sign(sender),
            "entries": [as_json(entry) for entry in entries],
            "working": self.is_busy(sender),
            "starters": [] if entries or after else self._starters,
        }

    async def _copy_of(self, sender: str | None) -> Body:
        """The copy of the data of the conversation that was proven, as an object and as text."""
        if sender is None:
            raise Rejected("expired")
        copy = await self.data_copy(sender)
        return {"copy": copy.as_json(), "text": await asyncio.to_thread(as_text, copy)}

    # Over socket.io

    async def _on_socket(self, handler: Callable[[str, str, Body], Awaitable[Body]], socket: str, *data: Any) -> Body:
        body = data[0] if data and isinstance(data[0], dict) else {}
        return await self._respond(handler(socket, client_ip(self._sockets.get_environ(socket)["sanic.request"]), body))

    async def _hello_on_socket(self, socket: str, address: str, body: Body) -> Body:
        await self.check_rate(address)
        sender = self.identities.verify(body.get("conversation")) or self.identities.new()
        await self._join(socket, sender)
        return await self._greeting(sender, body.get("after"))

    async def _again_on_socket(self, socket: str, address: str, _: Body) -> Body:
        await self.check_rate(address)
        sender = self.identities.new()
        await self._join(socket, sender)
        return await self._greeting(sender)

    async def _say_on_socket(self, socket: str, address: str, body: Body) -> Body:
        if socket not in self._senders:
            raise Rejected("expired")
        await self.accept(self._senders[socket], address, body.get("id"), body.get("text"), body.get("token"))
        return {}

    async def _copy_on_socket(self, socket: str, address: str, _: Body) -> Body:
        await self.check_rate(address)
        return await self._copy_of(self._senders.get(socket))

    async def _join(self, socket: str, sender: str) -> None:
        """Subscribes a socket to a conversation, before the history is read: an entry may come twice but is never missed."""
        if socket in self._senders:
            await self._sockets.leave_room(socket, self._senders[socket])
        self._senders[socket] = sender
        await self._sockets.enter_room(socket, sender)

    async def _on_disconnect(self, socket: str, *_: Any) -> None:
        self._senders.pop(socket, None)

    async def _close_sockets(self, *_: Any) -> None:
        if self._sockets.eio.sockets:
            await self._sockets.eio.disconnect()
        await self._sockets.shutdown()
        # Engine.IO leaves a sleeping ping task per socket, and asyncio would warn about each at exit.
        pings = [task for task in asyncio.all_tasks() if "_send_ping" in str(task.get_coro())]
        for task in pings:
            task.cancel()
        await asyncio.gather(*pings, return_exceptions=True)

    # Over plain HTTP

    def _route(self, handler: Callable[[Request, Body], Awaitable[Body]]) -> Callable[[Request], Awaitable[HTTPResponse]]:
        async def handle(request: Request) -> HTTPResponse:
            origin = request.headers.get("origin")
            if not is_allowed(origin, request.headers.get("host"), self.settings.origins):
                return response.json(self._rejection("invalid"), status=403)
            headers = {"Cache-Control": "no-store", "Vary": "Origin"}
            if origin:
                headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "Content-Type"}
            if request.method == "OPTIONS":
                return response.empty(headers=headers)
            # Other content types need no CORS preflight, so any site could post them.
            if (request.content_type or "").partition(";")[0].strip().lower() != "application/json":
                return response.json(self._rejection("invalid"), status=415, headers=headers)
            body = json_object(request.body)
            if body is None:
                return response.json(self._rejection("invalid"), status=400, headers=headers)
            return response.json(await self._respond(handler(request, body)), headers=headers)

        return handle

    async def _hello(self, request: Request, body: Body) -> Body:
        await self.check_rate(client_ip(request))
        sender = self.identities.verify(body.get("conversation")) or self.identities.new()
        return await self._greeting(sender, body.get("after"))

    async def _again(self, request: Request, _: Body) -> Body:
        await self.check_rate(client_ip(request))
        return await self._greeting(self.identities.new())

    async def _say(self, request: Request, body: Body) -> Body:
        sender = self.identities.verify(body.get("conversation"))
        if sender is None:
            raise Rejected("expired")
        turn = await self.accept(sender, client_ip(request), body.get("id"), body.get("text"), body.get("token"))
        # A closed connection does not cancel the turn.
        entries = await asyncio.shield(turn) if turn else entries_of_turn(await self.history(sender), body["id"])
        return {"entries": [as_json(entry) for entry in entries]}

    async def _copy(self, request: Request, body: Body) -> Body:
        await self.check_rate(client_ip(request))
        return await self._copy_of(self.identities.verify(body.get("conversation")))


def client_ip(request: Request) -> str:
    """The client's address; behind a proxy the one it names, if Sanic is configured to trust it."""
    return request.remote_addr or request.ip


def json_object(body: bytes) -> Body | None:
    """Parses a request body as a JSON object; None for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None

"""What the messaging services share: webhooks that are answered at once, work in order, answers that wait for nobody else."""

import json
import logging
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.fernet import InvalidToken
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.front_door.front_door import PublicChannel, Turn
from trialguide.channels.front_door.identity import address_cipher
from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.front_door.transcript import PATIENT, Entry, entries_of_turn
from trialguide.channels.messaging.conversation_queue import ConversationQueue
from trialguide.channels.messaging.delivery_queue import DeliveryQueue
from trialguide.channels.messaging.http_client import ApiClient
from trialguide.channels.messaging.rendering import Capabilities, RenderedMessage, messages
from trialguide.channels.messaging.webhook_events import MALFORMED, VendorMessage
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure
from trialguide.runtime.request_id import begin_request
from trialguide.runtime.settings import Settings, process_settings
from trialguide.storage import inbox

logger = logging.getLogger(__name__)

# Messages of one person that may wait to be taken.
MOST_WAITING = 30
# Persons of whom it is known what they were told last.
RECENT_SENDERS = 5_000
SENDING_SECONDS = 5


@dataclass(frozen=True)
class _Received:
    """A message as it is kept, with where to answer it in plain, and as it was said unless it was left behind by a server."""

    message: inbox.Message
    reply_to: Any
    said: VendorMessage | None = None


class MessagingChannel(PublicChannel):
    """A messaging service. It proves who sends, reads the vendor's events, and sends messages; the rest is done here."""

    # Vendors send several events at once; a person's own message is far smaller.
    largest_body = 256 * 1024
    numbers_choices = True
    capabilities: Capabilities
    # How long after a person's last message the service lets us write to them; for ever where it sets no end.
    window_seconds: float | None = None

    def __init__(self, settings: Settings, vendor: Mapping[str, str]) -> None:
        """`vendor` holds the channel's variables, see messaging_settings.py."""
        super().__init__(settings)
        self.vendor = vendor
        self.calls = ApiClient()
        public = settings.public_address or ""
        # No vendor fetches a picture from an address within a machine, or without encryption.
        self.public_address = public if public.startswith("https://") else None
        self._cipher = address_cipher(settings.key)
        self._lines = ConversationQueue(MOST_WAITING)
        self._deliveries = DeliveryQueue(self.name())
        # Where to answer those whose turn runs, and how many choices it has offered so far. Real addresses are plain to read
        # nowhere else.
        self._reply_to: dict[str, Any] = {}
        self._offered: dict[str, int] = {}
        # What was taken in here and is neither answered nor refused yet.
        self._at_work: dict[tuple[str, str], inbox.Message] = {}
        # Fixed sentences that a person has read since their last message was taken.
        self._told: OrderedDict[str, set[str]] = OrderedDict()

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "InputChannel":
        """The channel with the settings of the environment; one without routes when it has none."""
        settings = process_settings()
        vendor = settings.services.get(cls.name())
        return cls(settings, vendor) if vendor else DisabledChannel(cls.name())

    @abstractmethod
    async def is_authentic(self, request: Request) -> bool:
        """Whether the vendor itself has sent this."""

    @abstractmethod
    def events(self, request: Request) -> Iterable[Any]:
        """The events in a request."""

    @abstractmethod
    def message_in(self, event: Any) -> VendorMessage | None:
        """What somebody said in an event, or None for one that needs no answer. May raise any of `ODD`."""

    async def noticed(self, said: VendorMessage) -> None:
        """Lets a person see that something they did has arrived, where the vendor waits for that."""

    @abstractmethod
    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        """Sends a message. Raises ApiError."""

    def capabilities_for(self, reply_to: Any) -> Capabilities:
        """What this person's end shows."""
        return self.capabilities

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """What the vendor wants to read at once."""
        return response.empty(status=200)

    def add_routes(self, blueprint: Blueprint) -> None:
        """Adds what a channel has beside its webhook."""

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint(self.name())
        self.register(blueprint, on_new_message)
        self.add_routes(blueprint)

        @blueprint.post("/webhook", name="webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self._on_webhook(request)

        @blueprint.listener("before_server_stop")
        async def finish(_: Sanic, __: Any) -> None:
            # Called before the turns are waited for: a message that waits in line still becomes one.
            await self._lines.finish(self.settings.turn_seconds)
            await self._deliveries.finish(SENDING_SECONDS)
            await self.calls.close()

        return blueprint

    async def show(self, sender: str, entry: Entry) -> None:
        """Hands an entry to the line of what is sent to a person."""
        if entry.author == PATIENT:
            return
        reply_to = self._reply_to[sender]
        made = messages(entry, self.capabilities_for(reply_to), self.public_address, self._offered[sender] + 1)
        self._offered[sender] += len(entry.choices)
        for message in made:
            self._deliveries.submit(sender, partial(self.send, reply_to, message))

    async def write(self, way_back: str, entry: Entry) -> None:
        """Sends an entry to somebody who has not just written.

        Raises ApiError, and cryptography.fernet.InvalidToken when the address was encrypted under another key.
        """
        reply_to = json.loads(self._cipher.decrypt(way_back))
        for message in messages(entry, self.capabilities_for(reply_to), self.public_address):
            await self.send(reply_to, message)

    async def resume(self, message: inbox.Message) -> None:
        if _key(message) in self._at_work:
            return
        try:
            reply_to = json.loads(self._cipher.decrypt(message.reply_address or ""))
        except InvalidToken:
            logger.error("A message on %s was dropped: its address was encrypted under another key.", self.name())
            await self._inbox.discard(message)
            return
        self._receive(_Received(message, reply_to), turn=None)

    def in_progress(self) -> list[inbox.Message]:
        return list(self._at_work.values())

    def on_turn_finished(self, message: inbox.Message) -> None:
        self._settle(message, self._inbox.mark_sent)

    async def _on_webhook(self, request: Request) -> HTTPResponse:
        if not await self.is_authentic(request):
            logger.warning("A request to %s was refused: it was not proven to be the vendor's.", self.name())
            return response.empty(status=403)
        read = []
        for event in self.events(request):
            try:
                said = self.message_in(event)
            except MALFORMED as problem:
                logger.error("An event of %s could not be read: %s", self.name(), type(problem).__name__)
                continue
            if said:
                read.append(said)
        await self._arrive([self._arrival(said) for said in sorted(read, key=lambda said: said.time)])
        return self.acknowledgement(request)

    def _arrival(self, said: VendorMessage) -> "_Received":
        # Vendors write telephone numbers into the ids of messages.
        id, text = self.identities.pseudonym(said.id), said.text
        if said.location:
            # Two decimals are about a kilometre: no more is kept of where somebody is.
            text = "{:.2f}, {:.2f}".format(*said.location)
        way_back = self._cipher.encrypt(json.dumps(said.reply_to).encode()).decode()
        message = inbox.Message(self.identities.pseudonym(said.address), id, {"text": text, "token": said.token}, way_back)
        return _Received(message, said.reply_to, said)

    async def _arrive(self, arrivals: list["_Received"]) -> None:
        """Keeps what is new of what arrived, and has it taken."""
        turn = begin_request()
        try:
            # A batch may hold one twice.
            new = {_key(arrival.message): arrival for arrival in arrivals if not await self._is_known(arrival.message)}
            await self._inbox.receive(turn, *(arrival.message for arrival in new.values()))
        except Unavailable as error:
            log_failure("Messages could not be kept", error)
            for arrival in arrivals:
                self._notify_once(arrival, "trouble")
            return
        for arrival in new.values():
            self._receive(arrival, turn)

    async def _is_known(self, message: inbox.Message) -> bool:
        return _key(message) in self._at_work or await self._inbox.is_processed(message.sender_id, message.message_id)

    def _receive(self, arrival: "_Received", turn: str | None) -> None:
        """Has a message taken when those before it are done. `turn` has kept it; it is None for one that was left."""
        message, said = arrival.message, arrival.said
        self._at_work[_key(message)] = message
        try:
            self._lines.submit(message.sender_id, lambda: self._take(arrival, turn))
        except Rejected:
            logger.error("A message on %s was dropped: too many of one person wait.", self.name())
            self._forget(message, turn)
            return
        if said:
            self._deliveries.submit(message.sender_id, lambda: self.noticed(said))

    async def _take(self, arrival: "_Received", turn: str | None) -> None:
        """Takes a message and waits for the end of its turn, so that the next one of this person comes after it."""
        message, sender = arrival.message, arrival.message.sender_id
        self._reply_to[sender], self._offered[sender] = arrival.reply_to, 0
        try:
            answer = await self._turn_of(message)
            if answer:
                self._told.pop(sender, None)
                await answer
                return
            if turn is None:
                # Its server has ended before the answer was sent.
                for entry in entries_of_turn(await self.history(sender), message.message_id):
                    await self.show(sender, entry)
                self.on_turn_finished(message)
                return
        except Rejected as refusal:
            self._notify_once(arrival, f"refused_{refusal.reason}")
        except Exception as error:
            log_failure("A message could not be taken", error)
            if turn is None:
                # It is left once more.
                self.on_turn_finished(message)
                return
            self._notify_once(arrival, "trouble")
        finally:
            del self._reply_to[sender], self._offered[sender]
        self._forget(message, turn)

    async def _turn_of(self, message: inbox.Message) -> Turn | None:
        sender, text, token = message.sender_id, message.data["text"], message.data.get("token")
        if token is None and text is None:
            raise Rejected("not_text")
        # All who write come from the vendor's addresses, so each is counted alone.
        return await self.accept(sender, sender, message.message_id, text, token, message.reply_address)

    def _forget(self, message: inbox.Message, turn: str | None) -> None:
        self._settle(message, self._inbox.discard if turn is None else partial(self._inbox.withdraw, turn=turn))

    def _settle(self, message: inbox.Message, settle: Callable[[inbox.Message], Awaitable[None]]) -> None:
        """Ends the work on a message, in the line behind what is sent because of it."""

        async def settled() -> None:
            try:
                await settle(message)
            finally:
                self._at_work.pop(_key(message), None)

        if not self._deliveries.submit(message.sender_id, settled):
            # Another server, or this one later, finds it left.
            self._at_work.pop(_key(message), None)

    def _notify_once(self, arrival: "_Received", name: str) -> None:
        """Says a fixed sentence, but not again and again: two machines could answer each other for ever."""
        sender, reply_to = arrival.message.sender_id, arrival.reply_to
        told = self._told.setdefault(sender, set())
        if len(self._told) > RECENT_SENDERS:
            self._told.popitem(last=False)
        if name not in told:
            told.add(name)
            said = RenderedMessage(self.capabilities_for(reply_to).markup.text(self.fixed_text(name)))
            self._deliveries.submit(sender, lambda: self.send(reply_to, said))


def _key(message: inbox.Message) -> tuple[str, str]:
    return message.sender_id, message.message_id


class DisabledChannel(InputChannel):
    """A channel that is not set up: it has no routes."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def name(self) -> str:
        return self._channel

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        return Blueprint(self._channel)

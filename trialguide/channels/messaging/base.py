"""Base class of the messaging services: everything between a vendor's webhook and the calls that send the answer.

The way of a message:

1. Webhook: `_on_webhook` asks the vendor's subclass whether the request `is_authentic`, splits it into `events` and parses each
   with `parse_event`.
2. Acknowledge: `_store_batch` drops duplicates and automatic messages and writes the rest to the inbox; then the webhook is
   answered. From here on a crash loses nothing: the inbox hands unfinished messages to `resume`, on this server or another.
3. Conversation queue: `_enqueue` queues `_process`, which runs the messages of one sender one after the other.
4. Turn: `_process` passes the message to the front door's `accept` and waits for the turn to end.
5. Rendering: the front door calls `show` for each entry; `Delivery` turns it into the vendor's messages, see `rendering.py`.
6. Delivery queue: the subclass's `send` posts them, in order for each sender. The last job, queued by `_settle`, takes
   the message out of the inbox.

A rejected message gets a fixed text instead (`Delivery.notify_once`). `notifications.py` calls `write`, outside of any turn.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from cryptography.fernet import InvalidToken
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.front_door.incoming import Rejected
from trialguide.channels.front_door.public_channel import PublicChannel
from trialguide.channels.front_door.transcript import Entry, entries_of_turn
from trialguide.channels.front_door.turn_queue import Turn
from trialguide.channels.messaging.automatic_messages import AutomaticFilter
from trialguide.channels.messaging.conversation_queue import ConversationQueue
from trialguide.channels.messaging.delivery import Delivery
from trialguide.channels.messaging.delivery_queue import DeliveryQueue
from trialguide.channels.messaging.disabled import DisabledChannel
from trialguide.channels.messaging.http_client import ApiClient
from trialguide.channels.messaging.received import MessageSealer, Received
from trialguide.channels.messaging.rendering import messages
from trialguide.channels.messaging.senders import SenderRegistry
from trialguide.channels.messaging.vendor_interface import VendorInterface
from trialguide.channels.messaging.webhook_events import MALFORMED
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure
from trialguide.runtime.metrics import MESSAGES
from trialguide.runtime.request_id import begin_request
from trialguide.runtime.settings import Settings, process_settings
from trialguide.storage.inbox import Message

logger = logging.getLogger(__name__)

# Messages of one sender that may be queued.
MAX_QUEUED = 30
MAX_SENDERS = 5_000
SHUTDOWN_DELIVERY_SECONDS = 5


class MessagingChannel(VendorInterface, PublicChannel):
    """Channel of a messaging service. A subclass implements `VendorInterface`."""

    # Vendors batch events; a message of one person is far smaller.
    largest_body = 256 * 1024
    numbers_choices = True

    def __init__(self, settings: Settings, vendor: Mapping[str, str]) -> None:
        """`vendor` holds the channel's variables, see messaging_settings.py."""
        super().__init__(settings)
        self.vendor = vendor
        self.calls = ApiClient()
        public = settings.public_address or ""
        # No vendor fetches a picture from a private address, or without TLS.
        self.public_address = public if public.startswith("https://") else None
        self._sealer = MessageSealer(self.identities, settings.key)
        self._senders = SenderRegistry(MAX_SENDERS)
        self._conversations = ConversationQueue(MAX_QUEUED)
        self._deliveries = DeliveryQueue(self.name())
        self._delivery = Delivery(self, self._deliveries, self._senders, self.fixed_text)
        self._automatic = AutomaticFilter(self.numbers_choices)

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "InputChannel":
        """The channel with the settings of the environment; one without routes when it has none."""
        settings = process_settings()
        vendor = settings.services.get(cls.name())
        return cls(settings, vendor) if vendor else DisabledChannel(cls.name())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint(self.name())
        self.register(blueprint, on_new_message)
        self.add_routes(blueprint)

        @blueprint.post("/webhook", name="webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self._on_webhook(request)

        @blueprint.listener("before_server_stop")
        async def finish(_: Sanic, __: Any) -> None:
            # Runs before the front door waits for its turns, so that queued messages still become turns.
            await self._conversations.finish(self.settings.turn_seconds)
            await self._deliveries.finish(SHUTDOWN_DELIVERY_SECONDS)
            await self.calls.close()

        return blueprint

    async def show(self, sender: str, entry: Entry) -> None:
        self._delivery.show(sender, entry, self.public_address)

    async def write(self, reply_address: str, entry: Entry) -> None:
        """Sends an entry outside of a turn.

        Raises ApiError, and cryptography.fernet.InvalidToken when the address was encrypted under another key.
        """
        reply_to = self._sealer.reply_to(reply_address)
        for message in messages(entry, self.capabilities_for(reply_to), self.public_address):
            await self.send(reply_to, message)

    async def resume(self, message: Message) -> None:
        if message.message_id in self._senders.get(message.sender_id).in_progress:
            return
        try:
            reply_to = self._sealer.reply_to(message.reply_address or "")
        except InvalidToken:
            logger.error("A message on %s was dropped: its address was encrypted under another key.", self.name())
            await self._inbox.discard(message)
            return
        self._enqueue(Received(message, reply_to), turn=None)

    def in_progress(self) -> list[Message]:
        return self._senders.in_progress()

    def on_turn_finished(self, message: Message) -> None:
        self._settle(message, self._inbox.mark_sent)

    async def _on_webhook(self, request: Request) -> HTTPResponse:
        if not await self.is_authentic(request):
            logger.warning("A request to %s was refused: it was not proven to be the vendor's.", self.name())
            return response.empty(status=403)
        parsed = []
        for event in self.events(request):
            try:
                message = self.parse_event(event)
            except MALFORMED as error:
                logger.error("An event of %s could not be read: %s", self.name(), type(error).__name__)
                continue
            if message:
                parsed.append(message)
        await self._store_batch([self._sealer.seal(message) for message in sorted(parsed, key=lambda message: message.time)])
        return self.acknowledgement(request)

    async def _store_batch(self, batch: list[Received]) -> None:
        """Stores the messages that are not duplicates in the inbox, and queues them."""
        turn = begin_request()
        try:
            # A batch may hold one twice.
            new = {
                (received.message.sender_id, received.message.message_id): received
                for received in batch
                if not await self._is_duplicate(received.message)
            }
            new = {key: received for key, received in new.items() if not self._is_automatic(received)}
            await self._inbox.receive(turn, *(received.message for received in new.values()))
        except Unavailable as error:
            log_failure("Messages could not be kept", error)
            for received in batch:
                self._delivery.notify_once(received, "trouble")
            return
        for received in new.values():
            self._enqueue(received, turn)

    async def _is_duplicate(self, message: Message) -> bool:
        in_progress = self._senders.get(message.sender_id).in_progress
        return message.message_id in in_progress or await self._inbox.is_processed(message.sender_id, message.message_id)

    def _is_automatic(self, received: Received) -> bool:
        sender = self._senders.get(received.message.sender_id)
        is_automatic = received.event is not None and self._automatic.is_automatic(received.event, sender)
        if is_automatic:
            MESSAGES.labels(self.name(), "automatic").inc()
        return is_automatic

    def _enqueue(self, received: Received, turn: str | None) -> None:
        """Queues a message that the inbox holds for `turn`; None for one that is resumed."""
        message, event = received.message, received.event
        self._senders.get(message.sender_id).in_progress[message.message_id] = message
        try:
            self._conversations.submit(message.sender_id, lambda: self._process(received, turn))
        except Rejected:
            logger.error("A message on %s was dropped: too many of one person wait.", self.name())
            self._withdraw(message, turn)
            return
        if event:
            self._deliveries.submit(message.sender_id, lambda: self.confirm_receipt(event))

    async def _process(self, received: Received, turn: str | None) -> None:
        """Runs the turn of a message to its end, so that the sender's next message comes after it."""
        message, sender = received.message, self._senders.get(received.message.sender_id)
        sender.reply_to, sender.choices_offered = received.reply_to, 0
        try:
            fixed_text = message.data.get("fixed_text")
            answer = None if fixed_text else await self._start_turn(message)
            if fixed_text:
                self._delivery.notify(received, fixed_text)
            elif answer:
                sender.notified.clear()
                self._delivery.mention_attachment(received, await answer)
                return
            elif turn is None:
                await self._show_again(message)
                return
        except Rejected as refusal:
            self._delivery.notify_once(received, f"refused_{refusal.reason}")
        except Exception as error:
            log_failure("A message could not be taken", error)
            if turn is None:
                # Stays in the inbox for another attempt.
                self.on_turn_finished(message)
                return
            self._delivery.notify_once(received, "trouble")
        finally:
            sender.end_turn()
        self._withdraw(message, turn)

    async def _start_turn(self, message: Message) -> Turn | None:
        sender, text, token = message.sender_id, message.data["text"], message.data.get("token")
        if token is None and text is None:
            raise Rejected("not_text")
        # All webhooks come from the vendor's addresses, so the sender stands for the address in the rate limit.
        return await self.accept(sender, sender, message.message_id, text, token, message.reply_address)

    async def _show_again(self, message: Message) -> None:
        """Sends the stored answer of a turn whose server stopped before the answer was sent."""
        for entry in entries_of_turn(await self.history(message.sender_id), message.message_id):
            await self.show(message.sender_id, entry)
        self.on_turn_finished(message)

    def _withdraw(self, message: Message, turn: str | None) -> None:
        self._settle(message, self._inbox.discard if turn is None else partial(self._inbox.withdraw, request_id=turn))

    def _settle(self, message: Message, update_inbox: Callable[[Message], Awaitable[None]]) -> None:
        """Updates the inbox and ends the message's progress, once everything sent because of it is delivered."""
        in_progress = self._senders.get(message.sender_id).in_progress

        async def settle() -> None:
            try:
                await update_inbox(message)
            finally:
                in_progress.pop(message.message_id, None)

        if not self._deliveries.submit(message.sender_id, settle):
            # It stays in the inbox, and is resumed later.
            in_progress.pop(message.message_id, None)

"""Delivery of entries and fixed texts: rendered for the vendor, and queued for each sender."""

from collections.abc import Callable
from functools import partial

from trialguide.channels.front_door.transcript import PATIENT, Entry
from trialguide.channels.messaging.delivery_queue import DeliveryQueue
from trialguide.channels.messaging.received import Received
from trialguide.channels.messaging.rendering import RenderedMessage, messages
from trialguide.channels.messaging.senders import SenderRegistry
from trialguide.channels.messaging.vendor_interface import VendorInterface


class Delivery:
    """Renders for one channel and submits to its delivery queue."""

    def __init__(
        self, vendor: VendorInterface, queue: DeliveryQueue, senders: SenderRegistry, fixed_text: Callable[[str], str]
    ) -> None:
        """`fixed_text` gives a fixed text by its name."""
        self._vendor = vendor
        self._queue = queue
        self._senders = senders
        self._fixed_text = fixed_text

    def show(self, sender_id: str, entry: Entry, public_address: str | None) -> None:
        """Queues an entry of the sender's running turn."""
        if entry.author == PATIENT:
            return
        sender = self._senders.get(sender_id)
        capabilities = self._vendor.capabilities_for(sender.reply_to)
        rendered = messages(entry, capabilities, public_address, sender.choices_offered + 1)
        sender.offer(choice.title for choice in entry.choices)
        for message in rendered:
            self._queue.submit(sender_id, partial(self._vendor.send, sender.reply_to, message))

    def notify_once(self, received: Received, name: str) -> None:
        """Queues a fixed text unless the sender has just had it: two machines could answer each other for ever."""
        notified = self._senders.get(received.message.sender_id).notified
        if name not in notified:
            notified.add(name)
            self.notify(received, name)

    def notify(self, received: Received, name: str) -> None:
        """Queues a fixed text."""
        markup = self._vendor.capabilities_for(received.reply_to).markup
        text = RenderedMessage(markup.text(self._fixed_text(name)))
        self._queue.submit(received.message.sender_id, partial(self._vendor.send, received.reply_to, text))

    def mention_attachment(self, received: Received, entries: list[Entry]) -> None:
        """Queues, after an answer, that only the words beside an attachment were read; nothing follows an urgent answer."""
        if received.event and received.event.has_attachment:
            # The other pictures of an album come without words.
            self._senders.get(received.message.sender_id).notified.add("refused_not_text")
            if not any(entry.kind == "urgent" for entry in entries):
                self.notify_once(received, "attachment_not_read")

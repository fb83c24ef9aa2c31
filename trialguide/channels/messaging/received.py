"""Messages as they enter the inbox: telephone numbers and vendors' ids are plain in memory only."""

import json
from dataclasses import dataclass
from typing import Any

from trialguide.channels.front_door.identity import Identities, address_cipher
from trialguide.channels.messaging.automatic_messages import load_automatic_messages
from trialguide.channels.messaging.webhook_events import VendorMessage
from trialguide.storage.inbox import Message


@dataclass(frozen=True)
class Received:
    """A message for the inbox with its plain reply address; `event` is None for one that is resumed from the inbox."""

    message: Message
    reply_to: Any
    event: VendorMessage | None = None


class MessageSealer:
    """Takes what names a person out of a message: ids become pseudonyms, the reply address is encrypted."""

    def __init__(self, identities: Identities, key: bytes) -> None:
        self._identities = identities
        self._cipher = address_cipher(key)

    def seal(self, event: VendorMessage) -> Received:
        """The message of an event, ready for the inbox."""
        text = event.text
        if event.location and not (text and load_automatic_messages().is_danger(text)):
            # Two decimals, about a kilometre: the exact position is never stored.
            text = "{:.2f}, {:.2f}".format(*event.location)
        data = {"text": text, "token": event.token} | ({"fixed_text": event.fixed_text} if event.fixed_text else {})
        message = Message(
            self._identities.pseudonym(event.address),
            # Vendors put telephone numbers into message ids.
            self._identities.pseudonym(event.id),
            data,
            self._cipher.encrypt(json.dumps(event.reply_to).encode()).decode(),
        )
        return Received(message, event.reply_to, event)

    def reply_to(self, reply_address: str) -> Any:
        """The plain address. Raises cryptography.fernet.InvalidToken when it was encrypted under another key."""
        return json.loads(self._cipher.decrypt(reply_address))

"""Signed sender ids: only the holder of an id that this server issued can enter its conversation."""

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone

from cryptography.fernet import Fernet

from trialguide.runtime.constant_time import constant_time_equal

SIGNATURE_BYTES = 16
MAX_SIGNED_ID = 200


@dataclass(frozen=True)
class Identities:
    """Issues and verifies the ids of one channel. The signature covers the prefix, so an id is invalid in other channels."""

    key: bytes
    prefix: str

    def new(self) -> str:
        """Issues the sender id of a new conversation."""
        return f"{self.prefix}:{uuid.uuid4().hex}"

    def pseudonym(self, vendor_id: str) -> str:
        """A keyed hash of a vendor's id of a person or message, such as a telephone number, which it does not reveal."""
        # The "=" keeps it apart from the signature of a sender id, which opens a conversation.
        return f"{self.prefix}:{self._signature(f'{self.prefix}={vendor_id}')}"

    def daily_address(self, address: str) -> str:
        """The day by UTC and a keyed hash of that day and an address: the same for a day, and then nothing leads back to it."""
        day = datetime.now(timezone.utc).date().isoformat()
        return f"{day}:{self._signature(f'{self.prefix}@{day}:{address}')}"

    def sign(self, sender: str) -> str:
        """Appends the signature to a sender id, for the patient's device (HMAC-SHA-256, RFC 2104, truncated to 128 bits)."""
        return f"{sender}.{self._signature(sender)}"

    def verify(self, signed: object) -> str | None:
        """The sender id of a signed one, or None unless this server signed it for this channel."""
        if not isinstance(signed, str) or len(signed) > MAX_SIGNED_ID or not signed.isascii():
            return None
        sender, _, signature = signed.rpartition(".")
        if not sender.startswith(f"{self.prefix}:") or not constant_time_equal(signature, self._signature(sender)):
            return None
        return sender

    def _signature(self, sender: str) -> str:
        digest = hmac.new(self.key, sender.encode(), hashlib.sha256).digest()[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def address_cipher(key: bytes) -> Fernet:
    """Cipher for reply addresses, with a key derived from the signing key."""
    return Fernet(base64.urlsafe_b64encode(hmac.new(key, b"addresses", hashlib.sha256).digest()))

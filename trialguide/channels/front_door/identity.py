"""Sender ids that the server issues and signs, so that nobody can take over somebody else's conversation."""

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from cryptography.fernet import Fernet

SIGNATURE_BYTES = 16
LONGEST_ID = 200


@dataclass(frozen=True)
class Identities:
    """The ids of one channel. Its prefix is signed with the rest, so an id of one channel is worth nothing in another."""

    key: bytes
    prefix: str

    def new(self) -> str:
        """The sender id of a new conversation."""
        return f"{self.prefix}:{uuid.uuid4().hex}"

    def pseudonym(self, known: str) -> str:
        """The id of what a vendor knows somebody or something by, such as a telephone number, which it does not tell."""
        # Not in the form of a sender id, whose signature opens a conversation.
        return f"{self.prefix}:{self._signature(f'{self.prefix}={known}')}"

    def sign(self, sender: str) -> str:
        """What the person's device keeps: the sender id with its signature (HMAC-SHA-256, RFC 2104, 128 bits of it)."""
        return f"{sender}.{self._signature(sender)}"

    def verify(self, signed: object) -> str | None:
        """The sender id of a signed one, or None for whatever this server has not signed for this channel."""
        if not isinstance(signed, str) or len(signed) > LONGEST_ID or not signed.isascii():
            return None
        sender, _, signature = signed.rpartition(".")
        if not sender.startswith(f"{self.prefix}:") or not hmac.compare_digest(signature, self._signature(sender)):
            return None
        return sender

    def _signature(self, sender: str) -> str:
        digest = hmac.new(self.key, sender.encode(), hashlib.sha256).digest()[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def address_cipher(key: bytes) -> Fernet:
    """Encrypts addresses of people, under a key made from the front door's own."""
    return Fernet(base64.urlsafe_b64encode(hmac.new(key, b"addresses", hashlib.sha256).digest()))

"""Signed sender ids: only the holder of an id that this server issued can enter its conversation."""

import base64
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from trialguide.runtime.constant_time import constant_time_equal

SIGNATURE_BYTES = 16
MIN_KEY_LENGTH = 32
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


def signing_key(configured: str | None, conversations: Path) -> bytes:
    """The configured signing key, or the one in the key file beside the database, which is generated if missing.

    Raises ValueError, with a sentence for the operator, if the key is too short or its file readable for others.
    """
    if configured:
        if len(configured) < MIN_KEY_LENGTH:
            raise ValueError(f"FRONT_DOOR_KEY needs at least {MIN_KEY_LENGTH} characters. Make one: openssl rand -hex 32")
        return configured.encode()
    file = conversations.with_name(conversations.name + ".key")
    if not file.exists():
        _generate_key_file(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ValueError(f"Others can read the key in {file}. Take that right away: chmod 600 {file}")
    key = file.read_bytes()
    if len(key) < MIN_KEY_LENGTH:
        raise ValueError(f"The key in {file} is too short. Remove the file and start again: a new one is made.")
    return key


def _generate_key_file(file: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as draft:
        draft.write(secrets.token_hex(MIN_KEY_LENGTH))
        draft.flush()
        try:
            # Atomic: a second server that starts at the same moment finds a whole key or none.
            os.link(draft.name, file)
        except FileExistsError:
            return

"""Sender ids that the server issues and signs, so that nobody can take over somebody else's conversation."""

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
SHORTEST_KEY = 32
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
        if not sender.startswith(f"{self.prefix}:") or not constant_time_equal(signature, self._signature(sender)):
            return None
        return sender

    def _signature(self, sender: str) -> str:
        digest = hmac.new(self.key, sender.encode(), hashlib.sha256).digest()[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def address_cipher(key: bytes) -> Fernet:
    """Encrypts addresses of people, under a key made from the front door's own."""
    return Fernet(base64.urlsafe_b64encode(hmac.new(key, b"addresses", hashlib.sha256).digest()))


def signing_key(given: str | None, conversations: Path) -> bytes:
    """The key that signs: the one given, or else the one in the file beside the conversations, made now if it is missing.

    Raises ValueError, with a sentence for the operator, when the key is too short or others can read its file.
    """
    if given:
        if len(given) < SHORTEST_KEY:
            raise ValueError(f"FRONT_DOOR_KEY needs at least {SHORTEST_KEY} characters. Make one: openssl rand -hex 32")
        return given.encode()
    file = conversations.with_name(conversations.name + ".key")
    if not file.exists():
        _make(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ValueError(f"Others can read the key in {file}. Take that right away: chmod 600 {file}")
    key = file.read_bytes()
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"The key in {file} is too short. Remove the file and start again: a new one is made.")
    return key


def _make(file: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as draft:
        draft.write(secrets.token_hex(SHORTEST_KEY))
        draft.flush()
        try:
            # A second server that starts at the same moment finds a whole key or none.
            os.link(draft.name, file)
        except FileExistsError:
            return

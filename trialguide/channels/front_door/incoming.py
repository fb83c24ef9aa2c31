"""Incoming messages, sanitised before they are handed on: text only, readable, of bounded length, never a command."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from trialguide.storage.inbox import Message
from trialguide.text.normalisation import MAX_CHARACTERS, compatible, printable

MAX_MESSAGE_ID = 64
# A phrase that lies across the border of two pieces is whole in one of them.
OVERLAP = 100
# Rasa reads a text that begins with a slash as a command; the look-alikes become one when a text is normalised.
COMMAND = re.compile(r"^[\s/／⁄∕]*[/／⁄∕]\s*")


class Rejected(Exception):
    """A message that is not accepted; `reason` completes the name `refused_<reason>` in data/words/front_door.yml."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class IncomingMessage:
    """An accepted message: `text` is what the assistant reads, `shown` what the patient sees as their own words.

    `about` names the topic and version of the answer that is rated by a choice below it. `reply_address` is the encrypted
    address at a messaging service, None where the sender id tells where to answer. `daily_address` is the address that a rating
    is counted under, None where the sender is one of their own.
    """

    sender_id: str
    message_id: str
    text: str
    shown: str
    about: Mapping[str, str] | None = None
    reply_address: str | None = None
    daily_address: str | None = None

    @classmethod
    def from_stored(cls, stored: Message) -> "IncomingMessage":
        """The message that `to_stored` put into the inbox."""
        return cls(stored.sender_id, stored.message_id, **stored.data, reply_address=stored.reply_address)

    def to_stored(self) -> Message:
        """The message as the inbox stores it."""
        data = {"text": self.text, "shown": self.shown, "about": self.about}
        return Message(self.sender_id, self.message_id, data, self.reply_address)


def valid_message_id(id: object) -> str:
    """The id of a message, the key of its deduplication. Raises Rejected if it is not printable ASCII of bounded length."""
    if not isinstance(id, str) or not 0 < len(id) <= MAX_MESSAGE_ID or not (id.isascii() and id.isprintable()):
        raise Rejected("invalid")
    return id


def from_text(sender_id: str, message_id: str, text: object) -> IncomingMessage:
    """The message of a typed text of any length. Raises Rejected if it is no text or blank."""
    if not isinstance(text, str):
        raise Rejected("invalid")
    shown = sanitise(text).strip()
    without_command = COMMAND.sub("", compatible(shown), count=1).strip()
    if not printable(without_command):
        raise Rejected("blank")
    return IncomingMessage(sender_id, message_id, without_command, shown)


def head_and_tail(text: str) -> list[str]:
    """Overlapping pieces of bounded length from both ends of an overlong text, to be searched for an emergency."""
    starts = {0, MAX_CHARACTERS - OVERLAP, len(text) - 2 * MAX_CHARACTERS + OVERLAP, len(text) - MAX_CHARACTERS}
    return [text[start : start + MAX_CHARACTERS] for start in sorted(starts) if start >= 0]


def sanitise(text: str) -> str:
    """Replaces characters that no database stores with spaces: lone surrogates and control characters but line feeds."""
    replaced = (character != "\n" and unicodedata.category(character) in ("Cc", "Cs") for character in text)
    return "".join(" " if bad else character for character, bad in zip(text, replaced, strict=True))

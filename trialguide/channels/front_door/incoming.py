"""What people type, made safe to be handed on: text only, readable, of bounded length, never a command."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from trialguide.text.normalisation import MAX_CHARACTERS, compatible, printable

LONGEST_MESSAGE_ID = 64
# A phrase that lies across the border of two pieces is whole in one of them.
OVERLAP = 100
# Rasa takes a text that begins with a slash for a command; the look-alikes become one when a text is normalised.
COMMAND = re.compile(r"^[\s/／⁄∕]*[/／⁄∕]\s*")


class Rejected(Exception):
    """A message that is not taken; `reason` is one of those in the words `refused` of data/words/front_door.yml."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class IncomingMessage:
    """A message that is taken: its id, what the assistant reads, and what the person sees as their own words.

    `about` names the topic and version of the answer that was rated by a choice below it.
    """

    id: str
    text: str
    shown: str
    about: Mapping[str, str] | None = None


def message_id(given: object) -> str:
    """The id of a message, by which a second delivery is known. Raises Rejected when it is none."""
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_MESSAGE_ID or not (given.isascii() and given.isprintable()):
        raise Rejected("invalid")
    return given


def from_text(id: str, text: object) -> IncomingMessage:
    """What somebody has typed, of any length. Raises Rejected when it is no text or blank."""
    if not isinstance(text, str):
        raise Rejected("invalid")
    shown = sanitise(text).strip()
    read = COMMAND.sub("", compatible(shown), count=1).strip()
    if not printable(read):
        raise Rejected("blank")
    return IncomingMessage(id, read, shown)


def head_and_tail(text: str) -> list[str]:
    """The beginning and the end of a text that is too long, in pieces that are not: there a cry for help is looked for."""
    starts = {0, MAX_CHARACTERS - OVERLAP, len(text) - 2 * MAX_CHARACTERS + OVERLAP, len(text) - MAX_CHARACTERS}
    return [text[start : start + MAX_CHARACTERS] for start in sorted(starts) if start >= 0]


def sanitise(text: str) -> str:
    """The text with what no database takes as spaces: lone surrogates, null and other control characters but line ends."""
    replaced = (character != "\n" and unicodedata.category(character) in ("Cc", "Cs") for character in text)
    return "".join(" " if bad else character for character, bad in zip(text, replaced, strict=True))

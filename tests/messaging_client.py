"""People on messaging services, as a service reports them and as they read what reaches them."""

import itertools
from typing import Any

from vendor_fakes.vendor import Heard, Vendor

from trialguide.commands.stack import Stack

NUMBERS = itertools.count(1)


class Person:
    """A person on a service, with the messages that they have read."""

    def __init__(self, stack: Stack, vendor: Vendor) -> None:
        self.vendor = vendor
        self.stack = stack
        self.address = vendor.new_person(next(NUMBERS))
        self._read = 0

    def id(self) -> str:
        return f"m{next(NUMBERS)}"

    def does(self, event: Any) -> None:
        assert self.vendor.tell(self.stack.address, event) == 200

    def reads(self, count: int = 1) -> list[Heard]:
        """The messages that are new."""
        everything = self.vendor.wait(self.address, self._read + count)
        new, self._read = everything[self._read :], len(everything)
        return new

    def asks(self, text: str, count: int = 0) -> list[Heard]:
        """The messages that answer a text: at least so many, otherwise one, and the notice before the first."""
        self.does(self.vendor.text(self.address, self.id(), text))
        return self.reads(count or (1 if self._read else 2))

    def presses(self, button: tuple[str, str]) -> list[Heard]:
        self.does(self.vendor.press(self.address, self.id(), button[1]))
        return self.reads()


def words_of(heard: list[Heard]) -> str:
    return "\n".join(message.text for message in heard)


def offered(heard: list[Heard]) -> list[tuple[str, str]]:
    """The choices, as buttons or numbered in the text; what has no button is chosen by its number."""
    buttons = [button for message in heard for button in message.buttons]
    lines = [line.partition(". ") for message in heard for line in message.text.split("\n")]
    numbered = [(title, number) for number, dot, title in lines if dot and number.isdecimal()]
    return buttons if len(buttons) >= len(numbered) else numbered

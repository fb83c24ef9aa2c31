"""The messaging services, each against a fake of its vendor that is as strict as the vendor's documentation."""

import itertools
import json
import sqlite3
import time
from typing import Any

import pytest
from vendor_fakes.all import VENDORS
from vendor_fakes.vendor import PUBLIC_ADDRESS, Heard, Vendor

from components.catalogue import load_catalogue
from components.wording import load_words
from tools.stack import Stack

WORDS = load_words()
TITLES = load_catalogue().titles
NAMES = [vendor.name for vendor in VENDORS]
NUMBERS = itertools.count(1)


class Person:
    """Somebody on a service, with what they have read."""

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

    def asks(self, text: str) -> list[Heard]:
        self.does(self.vendor.text(self.address, self.id(), text))
        return self.reads()

    def presses(self, button: tuple[str, str]) -> list[Heard]:
        self.does(self.vendor.press(self.address, self.id(), button[1]))
        return self.reads()


@pytest.fixture(params=NAMES)
def person(request: pytest.FixtureRequest, messaging: Any) -> Person:
    return Person(messaging.stack, messaging.vendors[request.param])


def words_of(heard: list[Heard]) -> str:
    return "\n".join(message.text for message in heard)


def offered(heard: list[Heard]) -> list[tuple[str, str]]:
    """The choices, as buttons or numbered in the text; what has no button is chosen by its number."""
    buttons = [button for message in heard for button in message.buttons]
    lines = [line.partition(". ") for message in heard for line in message.text.split("\n")]
    numbered = [(title, number) for number, dot, title in lines if dot and number.isdecimal()]
    return buttons if len(buttons) >= len(numbered) else numbered


def test_an_answer_has_its_text_source_date_and_choices(person: Person) -> None:
    heard = person.asks("what is a placebo")
    text = words_of(heard)
    assert "no active effect" in text
    assert "Macmillan" in text
    assert "macmillan.org.uk" in text
    assert "Reviewed November 2026" in text
    # On a button, or beside the number of one that is too short for it.
    assert TITLES["randomisation"] in text + "".join(title for title, _ in offered(heard))


def test_a_picture_comes_as_a_picture_or_as_its_text(person: Person) -> None:
    heard = person.asks("what are the phases of a trial")
    pictures = [message.picture for message in heard if message.picture]
    if person.vendor.pictures:
        assert pictures == [f"{PUBLIC_ADDRESS}/chat/pictures/phases.png"]
    else:
        assert not pictures
        assert "An arrow leads from each phase to the next" in words_of(heard)


def test_a_talk_by_buttons_and_numbers(person: Person) -> None:
    first = person.asks("what is a placebo")
    choices = offered(first)
    assert len(choices) >= 3
    chosen = person.presses(choices[0]) if any(message.buttons for message in first) else person.asks("1")
    assert "chance" in words_of(chosen)
    person.asks("what is a placebo")
    by_number = person.asks("2.")
    assert TITLES["blinding"].split()[-2] in words_of(by_number)


def test_unsure_offers(person: Person) -> None:
    heard = person.asks("what about the trial thing with the people")
    choices = offered(heard)
    assert choices, words_of(heard)
    heard = person.asks("1")
    assert "Reviewed" in words_of(heard) or "place" in words_of(heard).lower()


def test_a_look_up_by_typing(person: Person) -> None:
    person.asks("I need a NET clinic")
    text = words_of(person.asks("Oslo"))
    assert "Oslo University Hospital" in text
    assert "+47 23 07 00 00" in text
    assert "www.openstreetmap.org" in text


def test_a_look_up_by_a_shared_location(person: Person) -> None:
    if not person.vendor.locations:
        pytest.skip("this service shares no locations")
    person.asks("I need a NET clinic")
    person.does(person.vendor.location(person.address, person.id(), 59.949123, 10.715987))
    text = words_of(person.reads(2))
    assert "Oslo University Hospital" in text
    assert "About 1 km away" in text


def test_danger_is_answered(person: Person) -> None:
    assert "emergency number" in words_of(person.asks("i cant breathe"))


def test_odd_events_come_to_silence_and_spoil_nothing(person: Person) -> None:
    for name, event in person.vendor.odd(person.address).items():
        assert person.vendor.tell(person.stack.address, event) == 200, name
    assert "no active effect" in words_of(person.asks("what is a placebo"))
    assert all(WORDS["not_text"]["text"] not in heard.text for heard in person.vendor.told(person.address))


def test_what_is_no_text_is_said_kindly_once(person: Person) -> None:
    events = person.vendor.unreadable(person.address)
    for name, event in events.items():
        assert person.vendor.tell(person.stack.address, event) == 200, name
    assert [heard.text for heard in person.reads()] == [WORDS["not_text"]["text"]] * bool(events)
    person.asks("what is a placebo")
    person.does(next(iter(events.values())))
    assert [heard.text for heard in person.reads()] == [WORDS["not_text"]["text"]]


def test_a_second_delivery_is_not_answered_again(person: Person) -> None:
    event = person.vendor.text(person.address, person.id(), "what is a placebo")
    person.does(event)
    first = person.reads()
    person.does(event)
    person.does(event)
    assert "no active effect" not in words_of(person.asks("hello"))
    assert words_of(first).count("no active effect") == 1


def test_messages_are_answered_in_their_order(person: Person) -> None:
    for text in ("what is a placebo", "hello", "what is informed consent"):
        person.does(person.vendor.text(person.address, person.id(), text))
    text = words_of(person.reads(4))
    assert text.index("active effect") < text.index("Hello.") < text.index("consent")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_proven_is_refused(messaging: Any, name: str) -> None:
    vendor = messaging.vendors[name]
    person = vendor.new_person(next(NUMBERS))
    body, headers = vendor.signed(vendor.text(person, "forged", "what is a placebo"))
    for forged_body, forged_headers in vendor.forged(body, headers):
        assert vendor.post(messaging.stack.address, forged_body, forged_headers)[0] == 403
    time.sleep(0.5)
    assert not vendor.told(person)


@pytest.mark.parametrize(("status", "times"), [(500, 2), (429, 1), (0, 2)])
def test_a_vendor_in_trouble_is_tried_again(person: Person, status: int, times: int) -> None:
    with person.vendor.in_trouble(status, times, Retry_After="1"):
        assert "no active effect" in words_of(person.asks("what is a placebo"))
    assert len([heard for heard in person.vendor.told(person.address) if "active effect" in heard.text]) == 1


def test_a_vendor_that_stays_down_costs_the_others_nothing(person: Person, messaging: Any) -> None:
    others = [Person(messaging.stack, vendor) for vendor in messaging.vendors.values() if vendor is not person.vendor]
    with person.vendor.in_trouble(500):
        person.does(person.vendor.text(person.address, person.id(), "what is a placebo"))
        for other in others[:1]:
            assert "no active effect" in words_of(other.asks("what is a placebo"))
    assert "no active effect" in words_of(person.asks("what is a placebo"))


def test_nothing_that_names_a_person_is_kept_or_logged(messaging: Any) -> None:
    """Last of those with people: it looks for all of them."""
    kept = sqlite3.connect(messaging.stack.conversations)
    rows = kept.execute("select sender_id, data from events").fetchall()
    kept.close()
    log = messaging.stack.log.read_text(encoding="utf-8", errors="replace")
    assert rows
    for vendor in messaging.vendors.values():
        own = [(sender, data) for sender, data in rows if sender.startswith(f"{vendor.prefix}:")]
        assert own
        for person in {person for person, _ in vendor.heard}:
            assert person not in log
            assert not any(person in sender or person in data for sender, data in own)
    assert "59.949123" not in json.dumps(rows) + log
    assert "placebo" not in log
    assert "Traceback" not in log

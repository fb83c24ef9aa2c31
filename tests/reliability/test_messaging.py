"""Messaging services: a server that is killed loses neither a message that was acknowledged nor an answer on its way."""

import contextlib
import signal
import sqlite3
import time
from pathlib import Path

from conftest import free_port
from messaging_client import Person, words_of
from vendor_fakes.all import VENDORS
from vendor_fakes.vendor import PUBLIC_ADDRESS, serving

from tools.testbed.cluster import wait_until
from trialguide.commands.stack import Stack

QUESTIONS = ("find a NET clinic in Oslo", "what is a placebo", "what is informed consent")
ANSWERS = ("Oslo University Hospital", "no active effect", "consent")
# Longer than what is left behind waits for.
QUIET_SECONDS = 25


def test_a_kill_loses_neither_what_waits_nor_what_is_on_its_way(model: Path, tmp_path: Path) -> None:
    vendors = [kind() for kind in VENDORS]
    settings = {"PUBLIC_ADDRESS": PUBLIC_ADDRESS}
    with serving(vendors), contextlib.ExitStack() as troubles:
        for vendor in vendors:
            settings |= vendor.settings()
        database = tmp_path / "conversations.db"
        stack = Stack(model, free_port(), free_port(), database, log=tmp_path / "log", settings=settings)
        waiting = [Person(stack, vendor) for vendor in vendors]
        answered = [Person(stack, vendor) for vendor in vendors]
        with stack:
            for person in answered:
                person.asks("hello")
            for vendor in vendors:
                troubles.enter_context(vendor.in_trouble(500))
            for person in answered:
                person.does(person.vendor.text(person.address, person.id(), "what is a placebo"))
            wait_until(lambda: turns(database) == 2 * len(answered), "The turns", 20)
            heard = [list(vendor.heard) for vendor in vendors]
            stack.signal("action server", signal.SIGSTOP)
            said = [
                (person, person.vendor.text(person.address, person.id(), question))
                for question in QUESTIONS
                for person in waiting
            ]
            for person, event in said:
                person.does(event)
            stack.signal("Rasa server", signal.SIGKILL)
            stack.signal("action server", signal.SIGCONT)
            troubles.close()
            assert turns(database) == 2 * len(answered)
            assert [vendor.heard for vendor in vendors] == heard
            stack.restart("Rasa server")
            # As a vendor does that has heard nothing.
            for person, event in said:
                person.does(event)
            for person in answered:
                person.reads()
            for person in waiting:
                person.reads(len(QUESTIONS) + 1)
            time.sleep(QUIET_SECONDS)
        for person in answered:
            assert words_of(person.vendor.told(person.address)).count("no active effect") == 1, person.vendor.name
        for person in waiting:
            text = words_of(person.vendor.told(person.address))
            places = [text.index(answer) for answer in ANSWERS]
            assert places == sorted(places), person.vendor.name
            assert text.count("no active effect") == 1, person.vendor.name
        with contextlib.closing(sqlite3.connect(database)) as left:
            assert left.execute("SELECT count(*) FROM messages").fetchone() == (0,)


def turns(database: Path) -> int:
    """The number of stored turns."""
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as reading:
        number: int = reading.execute("SELECT count(*) FROM events WHERE message_id IS NOT NULL").fetchone()[0]
        return number

"""The messaging services, each against a fake of its vendor that is as strict as the vendor's documentation."""

import contextlib
import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from conftest import ROOT, free_port
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging_client import NUMBERS, Person, offered, words_of
from vendor_fakes.all import VENDORS
from vendor_fakes.messenger import Messenger
from vendor_fakes.meta import VERIFY_TOKEN
from vendor_fakes.teams import Teams
from vendor_fakes.telegram import Telegram
from vendor_fakes.twilio import TwilioWhatsApp
from vendor_fakes.vendor import PUBLIC_ADDRESS, Vendor, raw, serving
from website_client import post

from tools.reliability.fault import is_settled
from tools.testbed.cluster import wait_until
from trialguide.channels.front_door.identity import Identities, address_cipher
from trialguide.commands.stack import Stack
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import load_words
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.runtime.signing_key import signing_key
from trialguide.storage.database import open_engine
from trialguide.storage.group_commit import row_id
from trialguide.storage.inbox import Message

WORDS = load_words()
TITLES = load_catalogue().titles
NAMES = [vendor.name for vendor in VENDORS]
GUIDE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")


@pytest.fixture(params=NAMES)
def person(request: pytest.FixtureRequest, messaging: Any) -> Person:
    return Person(messaging.stack, messaging.vendors[request.param])


@pytest.fixture
def everybody(messaging: Any) -> list[Person]:
    """Somebody new on each service."""
    return [Person(messaging.stack, vendor) for vendor in messaging.vendors.values()]


def test_an_answer_has_its_text_source_date_and_choices(person: Person) -> None:
    heard = person.asks("what is a placebo")
    text = words_of(heard)
    assert "no active effect" in text
    assert "Cancer Council" in text
    assert "cancercouncil.com.au" in text
    assert "Checked against its sources, November 2026" in text
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
    for second in ("2.", "the second one please"):
        person.asks("what is a placebo")
        assert TITLES["blinding"].split()[-2] in words_of(person.asks(second))


def test_unsure_offers(person: Person) -> None:
    heard = person.asks("what about the trial thing with the people")
    choices = offered(heard)
    assert choices, words_of(heard)
    heard = person.asks("1")
    assert "Checked" in words_of(heard) or "place" in words_of(heard).lower()


def test_a_message_that_was_left_behind_finds_its_way_back(messaging: Any) -> None:
    """As a server leaves it that has ended before the turn was stored."""
    person = Person(messaging.stack, messaging.vendors["telegram"])
    conversations = messaging.stack.conversations
    key = signing_key(None, conversations)
    way_back = address_cipher(key).encrypt(json.dumps({"chat_id": int(person.address)}).encode()).decode()
    sender = Identities(key, "tg").pseudonym(person.address)
    left = Message(sender, person.id(), {"text": "what is a placebo", "shown": "what is a placebo"}, way_back)
    with contextlib.closing(sqlite3.connect(conversations, timeout=10)) as database, database:
        database.execute(
            "INSERT INTO messages (sender_id, message_id, request_id, received_at, attempts, data) VALUES (?, ?, '', ?, 0, ?)",
            (row_id(sender), left.message_id, time.time() - 60, json.dumps(asdict(left))),
        )
        assert person.address not in way_back
    assert "active effect" in words_of(person.reads(2))


def test_a_look_up_by_typing(person: Person) -> None:
    person.asks("I need a NET clinic")
    text = words_of(person.asks("Oslo", 3))
    assert "Oslo University Hospital" in text
    assert "+47 23 07 00 00" in text
    assert "www.openstreetmap.org" in text


@pytest.mark.parametrize("person", [vendor.name for vendor in VENDORS if vendor.locations], indirect=True)
def test_a_look_up_by_a_shared_location(person: Person) -> None:
    person.asks("I need a NET clinic")
    person.does(person.vendor.location(person.address, person.id(), 59.949123, 10.715987))
    text = words_of(person.reads(3))
    assert "Oslo University Hospital" in text
    assert "About 1 km away" in text


def test_danger_is_answered(person: Person) -> None:
    assert "emergency number" in words_of(person.asks("i cant breathe", 1))


def test_odd_events_come_to_silence_and_spoil_nothing(person: Person) -> None:
    for name, event in person.vendor.odd(person.address).items():
        assert person.vendor.tell(person.stack.address, event) == 200, name
    assert "no active effect" in words_of(person.asks("what is a placebo"))
    assert all(WORDS["refused_not_text"]["text"] not in heard.text for heard in person.vendor.told(person.address))


def test_what_is_no_text_is_said_kindly_once(person: Person) -> None:
    events = person.vendor.unreadable(person.address)
    for name, event in events.items():
        assert person.vendor.tell(person.stack.address, event) == 200, name
    assert [heard.text for heard in person.reads()] == [WORDS["refused_not_text"]["text"]] * bool(events)
    person.asks("what is a placebo", 2)
    person.does(next(iter(events.values())))
    assert [heard.text for heard in person.reads()] == [WORDS["refused_not_text"]["text"]]


def test_a_second_delivery_is_not_answered_again(person: Person) -> None:
    event = person.vendor.text(person.address, person.id(), "what is a placebo")
    person.does(event)
    first = person.reads(2)
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
def test_vendors_in_trouble_are_tried_again(everybody: list[Person], status: int, times: int) -> None:
    with contextlib.ExitStack() as troubles:
        for person in everybody:
            troubles.enter_context(person.vendor.in_trouble(status, times, Retry_After="1"))
            person.does(person.vendor.text(person.address, person.id(), "what is a placebo"))
        for person in everybody:
            assert words_of(person.reads(2)).count("no active effect") == 1, person.vendor.name


def test_a_refusal_is_not_tried_again(everybody: list[Person]) -> None:
    with contextlib.ExitStack() as troubles:
        before = [person.vendor.calls for person in everybody]
        for person in everybody:
            troubles.enter_context(person.vendor.in_trouble(403))
            person.does(person.vendor.text(person.address, person.id(), "hello"))
        # Long enough for a second try.
        time.sleep(2)
        # The notice and the answer, once each.
        assert [person.vendor.calls - calls for person, calls in zip(everybody, before, strict=True)] == [2] * len(everybody)
    for person in everybody:
        assert "no active effect" in words_of(person.asks("what is a placebo", 1)), person.vendor.name


def test_a_vendor_that_is_slow_or_down_costs_the_others_nothing(everybody: list[Person]) -> None:
    with everybody[0].vendor.slow(4), everybody[1].vendor.in_trouble(500):
        for person in everybody[:2]:
            person.does(person.vendor.text(person.address, person.id(), "what is a placebo"))
        for person in everybody[2:]:
            started = time.monotonic()
            assert "no active effect" in words_of(person.asks("what is a placebo"))
            assert time.monotonic() - started < 4, person.vendor.name
    # Only those who write there wait, and get it all.
    assert "no active effect" in words_of(everybody[0].reads(2))


@pytest.mark.parametrize("name", ["whatsapp", "messenger"])
def test_a_batch_is_taken_whole_and_in_the_order_of_its_times(messaging: Any, name: str) -> None:
    vendor = messaging.vendors[name]
    one, other = Person(messaging.stack, vendor), Person(messaging.stack, vendor)
    first = vendor.text(one.address, one.id(), "what is a placebo")
    second = vendor.text(one.address, one.id(), "what is informed consent")
    between = vendor.text(other.address, other.id(), "hello")
    odd = list(vendor.odd(one.address).values())
    one.does(vendor.joined([second, *odd, between, first, first]))
    text = words_of(one.reads(3))
    assert 0 <= text.index("no active effect") < text.index("consent")
    assert text.count("no active effect") == 1
    assert "Hello." in words_of(other.reads(2))


@pytest.mark.parametrize("name", ["whatsapp", "messenger"])
@pytest.mark.parametrize(
    ("mode", "token", "status"),
    [("subscribe", VERIFY_TOKEN, 200), ("subscribe", "wrong", 403), ("subscribe", "", 403), ("other", VERIFY_TOKEN, 403)],
)
def test_the_handshake_of_meta(messaging: Any, name: str, mode: str, token: str, status: int) -> None:
    vendor = messaging.vendors[name]
    query = urlencode({"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"})
    answer = vendor.post(messaging.stack.address, b"", {}, "GET", f"{vendor.path}?{query}")
    assert answer == (status, b"1158201444" if status == 200 else b"")


def test_the_handshake_of_slack(messaging: Any) -> None:
    vendor = messaging.vendors["slack"]
    body, headers = vendor.signed({"type": "url_verification", "challenge": "3eZbrw1aBm2rZg"})
    assert vendor.post(messaging.stack.address, body, headers) == (200, b"3eZbrw1aBm2rZg")
    assert vendor.post(messaging.stack.address, body, {})[0] == 403


def test_telegram_is_told_the_webhook_and_that_a_button_was_seen(messaging: Any) -> None:
    vendor = messaging.vendors["telegram"]
    assert vendor.is_set()
    person = Person(messaging.stack, vendor)
    person.does(vendor.text(person.address, person.id(), "/start"))
    assert "Hello." in words_of(person.reads(2))
    before = len(vendor.answered)
    person.presses(offered(person.asks("what is a placebo"))[0])
    assert len(vendor.answered) == before + 1


def test_whatsapp_answers_people_without_a_number(messaging: Any) -> None:
    vendor = messaging.vendors["whatsapp"]
    person = Person(messaging.stack, vendor)
    person.address = f"NO.{person.address}"
    said = {"id": f"wamid.{person.id()}", "timestamp": "1790000000", "type": "text", "text": {"body": "what is a placebo"}}
    person.does(vendor.batch([said | {"from_user_id": person.address}]))
    assert "no active effect" in words_of(person.reads(2))


def test_twilio_brings_whatsapp_too(messaging: Any) -> None:
    vendor = TwilioWhatsApp()
    # The same account: what either hears is heard here.
    vendor.__dict__ = messaging.vendors["sms"].__dict__
    person = Person(messaging.stack, vendor)
    heard = person.asks("what are the phases of a trial")
    assert [message.picture for message in heard if message.picture] == [f"{PUBLIC_ADDRESS}/chat/pictures/phases.png"]
    person.asks("I need a NET clinic")
    person.does(vendor.location(person.address, person.id(), 59.949123, 10.715987))
    assert "*Oslo University Hospital, Rikshospitalet*" in words_of(person.reads(3))


def test_a_button_of_somebody_else_is_worth_nothing(messaging: Any) -> None:
    vendor = messaging.vendors["telegram"]
    one, other = Person(messaging.stack, vendor), Person(messaging.stack, vendor)
    choice = offered(one.asks("what is a placebo"))[0]
    assert [heard.text for heard in other.presses(choice)] == [WORDS["refused_expired"]["text"]]
    assert [heard.text for heard in other.presses(("", "nonsense"))] == [WORDS["refused_invalid"]["text"]]


def test_commands_are_words(person: Person) -> None:
    person.asks("what is a placebo")
    person.asks("/restart")
    # The conversation still knows what was offered.
    assert "Checked" in words_of(person.asks("number 1"))


def test_a_body_that_is_too_large_is_refused(messaging: Any) -> None:
    for vendor in messaging.vendors.values():
        body, headers = vendor.signed(b"{" + b" " * 300_000)
        assert vendor.post(messaging.stack.address, body, headers)[0] == 413, vendor.name


@pytest.mark.parametrize("line", [line for line in GUIDE.splitlines() if line.startswith("curl") and "/webhooks/" in line])
def test_the_lines_to_try_print_what_the_guide_says(messaging: Any, line: str) -> None:
    command, _, printed = line.replace(PUBLIC_ADDRESS, messaging.stack.address).rpartition("  # ")
    done = subprocess.run(["sh", "-c", command], env=messaging.stack.settings, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == printed


def test_the_guide_names_tests_and_variables_that_exist() -> None:
    files = [*(ROOT / "tests" / "channels").rglob("test_*.py"), *(ROOT / "tests" / "reliability").glob("test_*.py")]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    named = re.findall(r"`(test_\w+)`", GUIDE)
    assert len(named) > 20
    assert not [name for name in named if f"def {name}(" not in code]
    variables = {name for needed, optional in VARIABLES.values() for name in (*needed, *optional) if not name.endswith("_API")}
    assert variables == set(
        re.findall(
            r"^\| `([A-Z]+_[A-Z_]+)` \| [^|]*\|$", GUIDE.partition("### WhatsApp")[2].partition("## Settings\n")[0], re.M
        )
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def spoilt(draw: Callable[[st.SearchStrategy[Any]], Any], event: Any) -> Any:
    """The event with something else in one place."""
    if not isinstance(event, (dict, list)) or not event or draw(st.integers(0, 5)) == 0:
        return draw(JSON)
    if isinstance(event, list):
        at = draw(st.integers(0, len(event) - 1))
        return [*event[:at], spoilt(draw, event[at]), *event[at + 1 :]]
    name = draw(st.sampled_from(sorted(event)))
    return event | {name: spoilt(draw, event[name])}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_whatever_comes_no_webhook_breaks(messaging: Any, name: str, data: st.DataObject) -> None:
    vendor = messaging.vendors[name]
    person = vendor.new_person(0)
    events = [
        vendor.text(person, "f1", "hello"),
        vendor.press(person, "f2", "t.placebo"),
        *vendor.odd(person).values(),
        *vendor.unreadable(person).values(),
        *vendor.beside(person, "f4", "hello").values(),
        *vendor.previews(person, "f5", "hello").values(),
    ]
    if isinstance(vendor, Teams):
        events += vendor.quoting(person, "f6", "A placebo is", "hello").values()
    if isinstance(vendor, Messenger):
        events += [vendor.referral(person, "placebo"), vendor.get_started(person, "f7", "placebo")]
    if vendor.locations:
        events.append(vendor.location(person, "f3", 59.95, 10.72))
    event = data.draw(
        st.binary(max_size=30) | st.builds(raw, JSON) | st.sampled_from(events).map(lambda event: spoilt(data.draw, event))
    )
    if name == "sms" and not isinstance(event, bytes):
        event = {str(field): str(value) for field, value in event.items()} if isinstance(event, dict) else {"Body": str(event)}
    body, headers = vendor.signed(event)
    assert vendor.post(messaging.stack.address, body, headers)[0] < 500
    if name != "teams":
        # Others sign the body itself, whatever it is.
        assert vendor.post(messaging.stack.address, body, headers | {"Content-Type": "text/plain"})[0] < 500
    # What answers it may be odd as well, and is refused here rather than in the next test.
    engine = open_engine(str(messaging.stack.conversations))
    wait_until(lambda: is_settled(engine), "The last answer")
    engine.dispose()
    vendor.refused.clear()


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


def test_a_vendor_that_is_away_at_the_start_and_a_stop_in_the_middle_of_an_answer(model: Path, tmp_path: Path) -> None:
    telegram, teams = Telegram(), Teams()
    teams.tenant = None
    vendors: list[Vendor] = [telegram, teams]
    settings = {"PUBLIC_ADDRESS": PUBLIC_ADDRESS}
    with serving(vendors), vendors[0].in_trouble(500, times=2), vendors[1].in_trouble(0, times=3):
        for vendor in vendors:
            settings |= vendor.settings()
        stack = Stack(model, free_port(), free_port(), tmp_path / "c.db", log=tmp_path / "log", settings=settings)
        with stack:
            assert post(stack.address, "hello", {})[0] == 200
            for vendor in vendors:
                assert "no active effect" in words_of(Person(stack, vendor).asks("what is a placebo"))
            assert telegram.is_set()
            # Channels without variables are shut.
            assert vendors[0].post(stack.address, b"{}", {}, path="/webhooks/whatsapp/webhook")[0] == 404
            people = [Person(stack, vendor) for vendor in vendors]
            for person in people:
                person.does(person.vendor.text(person.address, person.id(), "what is a placebo"))
        assert all("no active effect" in words_of(person.vendor.told(person.address)) for person in people)

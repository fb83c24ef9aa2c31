"""What people do on messaging services beside typing a question: captions, links, threads, keywords, quotations."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from messaging_client import Person, offered, words_of
from vendor_fakes.all import VENDORS

from trialguide.content.wording import load_words

WORDS = load_words()
NAMES = [vendor.name for vendor in VENDORS]
MENTION = WORDS["attachment_not_read"]["text"]
NOT_TEXT = WORDS["refused_not_text"]["text"]
AWAY = "Hello! We have got your letter and are going to look at it."
# Longer than an answer takes.
SILENCE_SECONDS = 2.5


@pytest.fixture(params=NAMES)
def person(request: pytest.FixtureRequest, messaging: Any) -> Person:
    return Person(messaging.stack, messaging.vendors[request.param])


def someone(messaging: Any, name: str) -> Any:
    """Somebody new on a service; `vendor` is its fake, with events of its own."""
    return Person(messaging.stack, messaging.vendors[name])


def beside(person: Person, words: str, method: str = "beside") -> Iterator[tuple[str, Person]]:
    """Sends words beside something of each kind, each from somebody new who has been greeted."""
    for name in getattr(person.vendor, method)(person.address, person.id(), words):
        other = Person(person.stack, person.vendor)
        other.asks("hello")
        other.does(getattr(other.vendor, method)(other.address, other.id(), words)[name])
        yield name, other


def test_words_beside_something_else_are_read(person: Person) -> None:
    for name, other in beside(person, "what is a placebo"):
        heard = other.reads(2)
        assert "no active effect" in words_of(heard), name
        assert heard[-1].text == MENTION, name
        # As in an album, where one picture has the words.
        other.does(next(iter(other.vendor.unreadable(other.address).values())))
        assert "consent" in words_of(other.asks("what is informed consent"))
        assert NOT_TEXT not in words_of(other.vendor.told(other.address))


@pytest.mark.parametrize(
    ("words", "answer"), [("I can't breathe", "emergency number"), ("I want to kill myself", "befrienders")]
)
def test_danger_beside_something_else_is_answered_as_danger(person: Person, words: str, answer: str) -> None:
    for name, other in beside(person, words):
        heard = words_of(other.reads(1))
        assert answer in heard, name
        assert MENTION not in heard, name
        assert NOT_TEXT not in heard, name


def test_previews_of_links_are_not_mentioned(person: Person) -> None:
    for name, other in beside(person, "what is a placebo", "previews"):
        heard = words_of(other.reads(1))
        assert "no active effect" in heard, name
        assert MENTION not in heard, name


def test_a_machine_that_answers_gets_silence_from_its_third_text_on(person: Person) -> None:
    person.asks(AWAY)
    person.asks(AWAY)
    known = len(person.vendor.told(person.address))
    for _ in range(4):
        person.does(person.vendor.text(person.address, person.id(), AWAY))
    time.sleep(SILENCE_SECONDS)
    assert len(person.vendor.told(person.address)) == known
    assert "no active effect" in words_of(person.asks("what is a placebo"))


def test_a_notice_gets_silence_and_danger_never(person: Person) -> None:
    person.asks("hello")
    known = len(person.vendor.told(person.address))
    person.does(
        person.vendor.text(person.address, person.id(), "I am out of the office until Monday. In an emergency, call 911.")
    )
    time.sleep(SILENCE_SECONDS)
    assert len(person.vendor.told(person.address)) == known
    for _ in range(4):
        assert "emergency number" in words_of(person.asks("please help I cannot breathe", 1))


@pytest.mark.parametrize("text", ["Liked “Hello.”", "Emphasized “I can't breathe”", "Loved an image", "A adoré « Hello. »"])
def test_reactions_by_sms_get_silence(messaging: Any, text: str) -> None:
    person = someone(messaging, "sms")
    person.asks("hello")
    person.does(person.vendor.text(person.address, person.id(), text))
    assert words_of(person.asks("what is a placebo")).count("Checked") == 1
    assert len(person.vendor.told(person.address)) <= 4


@pytest.mark.parametrize("word", ["STOP", "stopall", "Unsubscribe", "CANCEL", " end ", "Quit"])
def test_who_opts_out_by_sms_gets_silence(messaging: Any, word: str) -> None:
    person = someone(messaging, "sms")
    person.asks("hello")
    known = len(person.vendor.told(person.address))
    person.does(person.vendor.text(person.address, person.id(), word))
    time.sleep(SILENCE_SECONDS)
    assert len(person.vendor.told(person.address)) == known
    # The fake refuses, as Twilio does, what is sent to somebody who has opted out.
    assert not person.vendor.refused
    assert "Hello." in words_of(person.asks("START", 1))


@pytest.mark.parametrize("word", ["HELP", "info", "Help."])
def test_help_by_sms_is_one_line(messaging: Any, word: str) -> None:
    person = someone(messaging, "sms")
    for _ in range(2):
        assert [heard.text for heard in person.asks(word, 1)] == [WORDS["sms_help"]["text"]]


def test_with_advanced_opt_out_twilio_answers_keywords_of_the_operator(messaging: Any) -> None:
    person = someone(messaging, "sms")
    person.asks("hello")
    known = len(person.vendor.told(person.address))
    for kind, word in (("STOP", "ALTO"), ("HELP", "AYUDA")):
        person.does(person.vendor.text(person.address, person.id(), word) | {"OptOutType": kind})
    time.sleep(SILENCE_SECONDS)
    assert len(person.vendor.told(person.address)) == known


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sms"])
def test_keywords_of_sms_are_words_elsewhere(messaging: Any, name: str) -> None:
    assert WORDS["sms_help"]["text"] not in words_of(someone(messaging, name).asks("help"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/start placebo", "no active effect"),
        ("/start@TrialGuideBot placebo", "no active effect"),
        ("/start leaflet1", "Hello."),
        ("/start@TrialGuideBot", "Hello."),
        ("/start ", "Hello."),
    ],
)
def test_a_link_into_telegram_begins_at_its_topic(messaging: Any, text: str, answer: str) -> None:
    assert answer in words_of(someone(messaging, "telegram").asks(text))


@pytest.mark.parametrize(("ref", "answer"), [("placebo", "no active effect"), ("leaflet1", "Hello.")])
def test_a_link_into_messenger_begins_at_its_topic(messaging: Any, ref: str, answer: str) -> None:
    person = someone(messaging, "messenger")
    person.does(person.vendor.get_started(person.address, person.id(), ref))
    assert answer in words_of(person.reads(2))


@pytest.mark.parametrize(("payload", "answer"), [("placebo", "no active effect"), ("GET_STARTED", "Hello."), ("", "Hello.")])
def test_a_button_of_the_page_on_messenger_begins_at_its_topic(messaging: Any, payload: str, answer: str) -> None:
    person = someone(messaging, "messenger")
    person.does(person.vendor.postback(person.address, person.id(), payload))
    assert answer in words_of(person.reads(2))


def test_a_link_into_a_conversation_of_messenger_is_answered_if_its_topic_is_known(messaging: Any) -> None:
    person = someone(messaging, "messenger")
    person.asks("hello")
    person.does(person.vendor.referral(person.address, "leaflet1"))
    person.does(person.vendor.referral(person.address, "placebo"))
    assert "no active effect" in words_of(person.reads(1))
    assert "I could not read" not in words_of(person.vendor.told(person.address))


THREAD = "1790000000.000100"


@pytest.mark.parametrize(
    ("content", "thread"),
    [
        ({"thread_ts": THREAD}, THREAD),
        ({"thread_ts": THREAD, "subtype": "thread_broadcast", "root": {"text": "hello"}}, THREAD),
        ({"subtype": "me_message"}, None),
        ({}, None),
    ],
)
def test_answers_stay_in_the_thread_of_slack(messaging: Any, content: Any, thread: str | None) -> None:
    person = someone(messaging, "slack")
    person.does(person.vendor.envelope(person.address, person.id(), {"text": "what is a placebo"} | content))
    heard = person.reads(2)
    assert "no active effect" in words_of(heard)
    assert {message.thread for message in heard} == {thread}
    person.does(person.vendor.press(person.address, person.id(), offered(heard)[0][1], thread))
    assert {message.thread for message in person.reads(1)} == {thread}


@pytest.mark.parametrize("form", ["blockquote", "reference", "entity"])
def test_quoted_text_on_teams_is_not_answered_again(messaging: Any, form: str) -> None:
    person = someone(messaging, "teams")
    person.asks("hello")
    quoted = "A placebo is a treatment with no active effect. I can't breathe"
    person.does(person.vendor.quoting(person.address, person.id(), quoted, "what is informed consent")[form])
    heard = words_of(person.reads(1))
    assert "consent" in heard
    assert "emergency number" not in heard
    assert MENTION not in heard

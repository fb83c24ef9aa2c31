"""Every kind of bad input gets its kind sentence: never an error of the server, never silence, never somebody else's turn."""

import http.client
import json
import socket
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from website_client import new_conversation, post, replies, say

from trialguide.commands.stack import Stack
from trialguide.content.wording import load_words

WORDS = load_words()
HELP = "help " * 500


def sentence(reason: str) -> str:
    return str(WORDS[f"refused_{reason}"]["text"])


@pytest.fixture(scope="module")
def conversation(website: Stack) -> str:
    return new_conversation(website.address)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "blank"),
        ("   \n\t ", "blank"),
        ("\u0000\u0000", "blank"),
        ("\ud800", "blank"),
        ("\u200b\u200d", "blank"),
        ("/", "blank"),
        (" / ／/", "blank"),
        (None, "invalid"),
        (5, "invalid"),
        (True, "invalid"),
        (["what is a placebo"], "invalid"),
        ({"text": "what is a placebo"}, "invalid"),
        ("x" * 1001, "too_long"),
        ("word " * 3000, "too_long"),
        ("😀" * 1001, "too_long"),
    ],
)
def test_what_is_refused(website: Stack, text: Any, reason: str) -> None:
    conversation = new_conversation(website.address)
    answer = say(website.address, conversation, text)
    assert answer == {"accepted": False, "reason": reason, "text": sentence(reason)}
    assert post(website.address, "hello", {"conversation": conversation})[1]["entries"] == []


@pytest.mark.parametrize("id", [None, "", 5, ["a"], "x" * 65, "é", "a\nb", "\ud800"])
def test_a_message_needs_an_id(website: Stack, conversation: str, id: Any) -> None:
    body = {"conversation": conversation, "id": id, "text": "hello"}
    assert post(website.address, "say", body)[1]["reason"] == "invalid"


@pytest.mark.parametrize(
    "token", ["", 5, {}, [], "x", "c.1.1", "c.1764106800123456", "c." + "9" * 300 + ".1", "t.nothing", "t.", "/restart"]
)
def test_a_token_that_is_none_is_refused(website: Stack, token: Any) -> None:
    conversation = new_conversation(website.address)
    assert say(website.address, conversation, token=token)["reason"] == "invalid"


def test_a_token_of_another_conversation_is_refused(website: Stack) -> None:
    answer = say(website.address, new_conversation(website.address), "what is a placebo")
    token = replies(answer)[-1]["choices"][0]["token"]
    refused = say(website.address, new_conversation(website.address), token=token)
    assert refused == {"accepted": False, "reason": "expired", "text": sentence("expired")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what is\u0000 a\u0007 placebo", "active effect"),
        ("what is a placebo \ud83d", "active effect"),
        ("what is a placebo 😀", "active effect"),
        ("\u202ewhat is a placebo\u202c", "active effect"),
        ("what is a place" + "\u0301" * 500 + "bo", ""),
        ("<img src=x onerror=alert(1)>", ""),
        ("<script>alert(1)</script> what is a placebo", ""),
        ("'; DROP TABLE events; --", ""),
        ("مرحبا ما هو العلاج", "I can only read English"),
        ("♞♞", "I found no words"),
        ("x" * 1000, ""),
        ("{place} %s {{7*7}}", ""),
    ],
)
def test_what_is_odd_is_answered(website: Stack, text: str, words: str) -> None:
    conversation = new_conversation(website.address)
    heard = replies(say(website.address, conversation, text))
    assert heard
    assert all(entry["kind"] != "trouble" for entry in heard)
    assert words in heard[-1]["text"]
    assert replies(say(website.address, conversation, "what is a placebo"))


@pytest.mark.parametrize(
    "text", [HELP + "i want to kill myself", "i want to kill myself " + HELP, "hello " * 170 + "I cannot breathe"]
)
def test_a_cry_for_help_is_heard_in_a_message_that_is_too_long(website: Stack, text: str) -> None:
    assert len(text) > 1000
    assert replies(say(website.address, new_conversation(website.address), text))[0]["kind"] == "urgent"


COMMANDS = [
    "/restart",
    " /restart ",
    "\u3000/restart",
    "\u0000/restart",
    "\ufeff/restart",
    "//restart",
    "/ /restart",
    "／restart",
    "/session_start",
    "/back",
    "/greet",
    "/greet@0.1",
    "/greet{bad json",
    "/self_harm",
    '/inform_place{"city":"DE/Berlin"}',
    "/no_such_intent",
    "/utter_greet",
    "/action_listen",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_typed_command_is_plain_text(website: Stack, command: str) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "what is a placebo")
    heard = replies(say(website.address, conversation, command))
    assert heard
    # Neither wiped nor rewound: the answer before is still the one that “more” is about.
    entries = post(website.address, "hello", {"conversation": conversation})[1]["entries"]
    assert entries[0]["text"] == "what is a placebo"
    shown = [entry["text"] for entry in entries if entry["from"] == "patient"]
    assert shown == ["what is a placebo", command.replace("\0", " ").strip()]


def test_a_typed_command_keeps_the_conversations_memory(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "find a NET clinic in Vienna")
    say(website.address, conversation, "/restart")
    heard = "".join(entry["text"] for entry in replies(say(website.address, conversation, "support groups")))
    assert "Austria" in heard


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"5",
        b"{",
        b'{"a": 1,}',
        b"\xff\xfe\x00",
        b'{"text": "\xff"}',
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
@pytest.mark.parametrize("what", ["hello", "say", "again"])
def test_a_body_that_is_no_json_object_is_refused(website: Stack, what: str, body: bytes) -> None:
    status, answer = post(website.address, what, body)
    assert (status, answer) == (400, {"accepted": False, "reason": "invalid", "text": sentence("invalid")})


@pytest.mark.parametrize("size", [17_000, 100_000, 1_000_000])
def test_a_body_that_is_too_big_is_refused(website: Stack, conversation: str, size: int) -> None:
    body = json.dumps({"conversation": conversation, "id": "1", "text": "word " * (size // 5)}).encode()
    status, answer = post(website.address, "say", body)
    assert (status, answer["text"]) == (413, sentence("too_long"))


def test_a_body_that_is_announced_as_huge_is_not_waited_for(website: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", website.port, timeout=10)
    connection.putrequest("POST", "/chat/api/say")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "101000000")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_what_the_caller_adds_is_left_aside(website: Stack) -> None:
    conversation = new_conversation(website.address)
    more = {"metadata": "x", "sender": "victim", "sender_id": "victim", "input_channel": "telegram", "message": "/restart"}
    answer = say(website.address, conversation, "what is a placebo", **more)
    assert replies(answer)[-1]["topic"]["id"] == "placebo"


def test_slow_senders_hold_up_nobody(website: Stack, conversation: str) -> None:
    slow = []
    for _ in range(500):
        connection = socket.create_connection(("127.0.0.1", website.port))
        connection.sendall(b"POST /chat/api/say HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n")
        slow.append(connection)
    try:
        assert replies(say(website.address, conversation, "what is a placebo"))
    finally:
        for connection in slow:
            connection.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries({}, optional=dict.fromkeys(("conversation", "after", "id", "text", "token"), VALUES))
FUZZ = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def is_kind(status: int, answer: dict[str, Any]) -> bool:
    return status < 500 and (
        bool(answer.get("text")) if not answer["accepted"] else "conversation" in answer or bool(replies(answer))
    )


@FUZZ
@given(body=BODIES)
def test_any_hello_is_answered(website: Stack, body: dict[str, Any]) -> None:
    assert is_kind(*post(website.address, "hello", body))


@FUZZ
@given(body=BODIES)
def test_any_saying_is_answered(website: Stack, body: dict[str, Any]) -> None:
    assert is_kind(*post(website.address, "say", body))


@FUZZ
@given(text=st.text(st.characters(exclude_categories=()), max_size=1100))
def test_any_text_is_answered(website: Stack, text: str) -> None:
    body = {"conversation": new_conversation(website.address), "id": uuid.uuid4().hex, "text": text}
    assert is_kind(*post(website.address, "say", body))


@FUZZ
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered(website: Stack, body: bytes) -> None:
    assert is_kind(*post(website.address, "say", body))

"""Bad input gets a fixed kind sentence, and nobody else waits for it."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
import uuid

import pytest
from conftest import say

from trialguide.commands.stack import Stack

TOO_LONG = "Your message is too long for me."


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("word " * 20_000, TOO_LONG),
        ("x" * 100_000, TOO_LONG),
        ("😀" * 2_000, TOO_LONG),
        ("♞♜", "I found no words"),
        ("\u0000\u0000", "Your message was empty"),
        ("शब्द क्या है", "I can only read English so far"),
        ("help " * 300 + "i want to kill myself", "You do not have to carry this alone"),
    ],
)
def test_a_fixed_sentence(stack: Stack, message: str, words: str) -> None:
    assert words in " ".join(reply["text"] for reply in say(stack, uuid.uuid4().hex, message))


def test_others_do_not_wait_for_a_huge_message(stack: Stack) -> None:
    # Measured on stock Rasa: one message of 100 kB blocks everybody for half a minute and more.
    blocking = threading.Thread(target=say, args=(stack, "huge", "word " * 20_000))
    start = time.monotonic()
    blocking.start()
    say(stack, "other", "what is a placebo")
    waited = time.monotonic() - start
    blocking.join()
    assert waited < 10


@pytest.mark.parametrize(
    "body",
    [
        {"sender": "a", "message": None},
        {"sender": "a"},
        {"sender": "a", "message": 5},
        {"sender": "a", "message": "\ud800"},
        {"sender": "\ud800", "message": "what is a placebo"},
        {"sender": "a\u0000b", "message": "what is a placebo"},
    ],
)
def test_a_message_that_is_no_text_does_not_end_the_server(stack: Stack, body: dict[str, object]) -> None:
    request = urllib.request.Request(stack.rest, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.status == 200
    assert say(stack, "b", "what is a placebo")


def test_pictures_are_served_from_this_machine(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.address}/chat/pictures/phases.svg", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("image/svg+xml")
        assert b"<svg" in response.read()


def test_rasas_api_needs_the_token(stack: Stack) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{stack.address}/conversations/a/tracker", timeout=10)
    with urllib.request.urlopen(f"{stack.address}/conversations/a/tracker?token={stack.auth_token}", timeout=10) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        ("", None, 401),
        ("?token=", None, 401),
        ("?token=wrong", None, 401),
        ("?token=test-token-and-more", None, 401),
        ("", "Bearer wrong", 401),
        ("", "Bearer tést", 401),
        ("?token=test-token", None, 200),
        ("", "Bearer test-token", 200),
    ],
)
def test_the_rest_channel_needs_the_token(stack: Stack, query: str, header: str | None, status: int) -> None:
    headers = {"Content-Type": "application/json"} | ({"Authorization": header} if header else {})
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    connection.request("POST", f"/webhooks/rest/webhook{query}", b'{"sender": "a", "message": "hello"}', headers)
    assert connection.getresponse().status == status
    connection.close()

"""When something behind the front door fails, is slow or is started anew, nobody meets silence and nothing is lost."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, free_port
from website_client import Visitor, new_conversation, post, replies, say

from trialguide.channels.front_door.rate_limits import RateLimits, network
from trialguide.commands.stack import Stack
from trialguide.content.wording import load_words
from trialguide.runtime.circuit_breaker import COOL_DOWN_SECONDS

WORDS = load_words()
TURN_SECONDS = 3
SECRET = "zebrafinch"


@pytest.fixture(scope="module")
def fragile(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An assistant of this module's own, whose parts may be stopped."""
    folder = tmp_path_factory.mktemp("fragile")
    settings = {
        "TURN_SECONDS": str(TURN_SECONDS),
        "ADDRESS_RATE": "1000 per 10 seconds",
        "ALLOWED_ORIGINS": "https://clinic.example",
    }
    running = Stack(model, free_port(), free_port(), folder / "conversations.db", log=folder / "log", settings=settings)
    with running:
        yield running


@contextlib.contextmanager
def frozen(process: int) -> Iterator[None]:
    """A process that takes connections and answers nothing."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def history(stack: Stack, conversation: str) -> list[dict[str, Any]]:
    """The entries of a conversation when its turns have ended: a failed one is stored after it was answered."""
    while (answer := post(stack.address, "hello", {"conversation": conversation})[1])["working"]:
        time.sleep(0.05)
    entries: list[dict[str, Any]] = answer["entries"]
    return entries


def said(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["text"] for entry in entries]


def test_a_listed_site_gets_in_and_no_other(fragile: Stack) -> None:
    assert post(fragile.address, "hello", {}, Origin="https://clinic.example")[0] == 200
    for origin in ("http://localhost:9000", "https://evil.example"):
        assert post(fragile.address, "hello", {}, Origin=origin)[0] == 403


def test_a_slow_action_server_ends_in_a_kind_sentence(fragile: Stack) -> None:
    conversation = new_conversation(fragile.address)
    with frozen(fragile.process_id("action server")):
        started = time.monotonic()
        answer = say(fragile.address, conversation, f"find a NET clinic in Oslo {SECRET}", "m1")
        assert time.monotonic() - started < TURN_SECONDS
        assert [(entry["kind"], entry["text"]) for entry in replies(answer)] == [("trouble", WORDS["no_actions"]["text"])]
        # What needs no action server is answered meanwhile, for this person and for others.
        assert replies(say(fragile.address, conversation, "what is a placebo"))[-1]["topic"]["id"] == "placebo"
        assert replies(say(fragile.address, new_conversation(fragile.address), "what is a placebo"))
    # The turn that failed stands in the history, once.
    assert said(history(fragile, conversation))[:2] == [f"find a NET clinic in Oslo {SECRET}", WORDS["no_actions"]["text"]]
    assert say(fragile.address, conversation, "anything", "m1")["entries"] == answer["entries"]
    time.sleep(COOL_DOWN_SECONDS)
    heard = replies(say(fragile.address, conversation, "find a NET clinic in Oslo"))
    assert "clinic" in [entry["kind"] for entry in heard]


def test_too_many_waiting_messages_are_refused_and_the_others_come_in_their_order(fragile: Stack) -> None:
    async def play() -> None:
        async with Visitor(fragile.address) as visitor:
            await visitor.hello()
            with frozen(fragile.process_id("action server")):
                assert (await visitor.say("find a NET clinic in Oslo"))["accepted"]
                waiting = ["what is a placebo", "what is a trial", "hello", "who pays for a trial"]
                for text in waiting:
                    assert (await visitor.say(text))["accepted"]
                refused = await visitor.say("one more")
                assert refused == {"accepted": False, "reason": "busy", "text": WORDS["refused_busy"]["text"]}
                welcome = await visitor.hello(visitor.conversation)
                assert welcome["working"] is True
                assert said(welcome["entries"]) == ["find a NET clinic in Oslo"]
                own = [entry["text"] for entry in visitor.entries if entry["from"] == "patient"]
                assert own == ["find a NET clinic in Oslo"]
            await visitor.until(
                lambda: (
                    sum(entry["from"] == "patient" for entry in visitor.entries) == 5
                    and visitor.entries[-1]["from"] == "assistant"
                    and not visitor.working
                )
            )
            assert [entry["text"] for entry in visitor.entries if entry["from"] == "patient"][1:] == waiting
            assert (await visitor.hello(visitor.conversation))["entries"] == visitor.entries

    asyncio.run(play())


def test_an_action_server_that_is_away_is_said_kindly_and_may_come_back(fragile: Stack) -> None:
    conversation = new_conversation(fragile.address)
    os.kill(fragile.process_id("action server"), signal.SIGKILL)
    fragile._processes["action server"].wait(10)
    for text in (f"find a NET clinic in Oslo {SECRET}", "support groups in Poland"):
        heard = replies(say(fragile.address, conversation, text))
        assert (heard[-1]["kind"], heard[-1]["text"]) == ("trouble", WORDS["no_actions"]["text"])
    entries = history(fragile, conversation)
    assert said(entries).count(WORDS["no_actions"]["text"]) == 2
    assert entries[0]["text"].startswith("find a NET clinic")
    assert replies(say(fragile.address, conversation, "what is a placebo"))[-1]["topic"]["id"] == "placebo"

    fragile.restart("action server")
    time.sleep(COOL_DOWN_SECONDS)
    heard = replies(say(fragile.address, conversation, "find a NET clinic in Oslo"))
    assert "clinic" in [entry["kind"] for entry in heard]


class NothingToSay(BaseHTTPRequestHandler):
    """An action server whose actions say nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"events": [], "responses": []}')


def test_a_turn_that_comes_to_nothing_is_not_met_with_silence(fragile: Stack) -> None:
    conversation = new_conversation(fragile.address)
    os.kill(fragile.process_id("action server"), signal.SIGKILL)
    fragile._processes["action server"].wait(10)
    with ThreadingHTTPServer(("127.0.0.1", fragile.actions_port), NothingToSay) as silent:
        threading.Thread(target=silent.serve_forever, daemon=True).start()
        heard = replies(say(fragile.address, conversation, "find a NET clinic in Oslo"))
        silent.shutdown()
    assert [(entry["kind"], entry["text"]) for entry in heard] == [("trouble", WORDS["trouble"]["text"])]
    assert said(history(fragile, conversation)) == ["find a NET clinic in Oslo", WORDS["trouble"]["text"]]
    fragile.restart("action server")
    time.sleep(COOL_DOWN_SECONDS)


def test_a_conversation_outlives_the_server(fragile: Stack) -> None:
    """Last of those that use this assistant: it ends it twice."""

    async def before() -> tuple[str, list[dict[str, Any]], str]:
        async with Visitor(fragile.address) as visitor:
            await visitor.hello()
            answer = (await visitor.ask("what is a placebo", id="m1"))[-1]
            await visitor.ask("find a NET clinic in Oslo")
            return str(visitor.conversation), list(visitor.entries), answer["choices"][0]["token"]

    async def after(conversation: str, seen: list[dict[str, Any]], token: str) -> None:
        async with Visitor(fragile.address) as visitor:
            assert (await visitor.hello(conversation))["entries"] == seen
            # What was done before the restart is not done again.
            assert await visitor.say("what is a placebo", id="m1") == {"accepted": True}
            assert (await visitor.ask(token=token))[-1]["kind"] == "answer"
            assert "Oslo" in "".join(said(await visitor.ask("support groups"))) + "".join(
                said(await visitor.ask("more clinics"))
            )
            assert [entry["text"] for entry in visitor.entries].count("what is a placebo") == 0

    conversation, seen, token = asyncio.run(before())
    fragile.stop()
    with fragile:
        asyncio.run(after(conversation, seen, token))

        # Killed in the middle of a turn: the message is sent again and answered once.
        lost = new_conversation(fragile.address)

        async def killed() -> None:
            async with Visitor(fragile.address) as visitor:
                await visitor.hello(lost)
                with frozen(fragile.process_id("action server")):
                    assert (await visitor.say("find a NET clinic in Oslo", id="m2"))["accepted"]
                    os.kill(fragile.process_id("Rasa server"), signal.SIGKILL)
                    await visitor.socket.wait()

        asyncio.run(killed())
    with fragile:
        for _ in range(2):
            heard = replies(say(fragile.address, lost, "find a NET clinic in Oslo", "m2"))
            assert "clinic" in [entry["kind"] for entry in heard]
        assert said(history(fragile, lost)).count("find a NET clinic in Oslo") == 1


def test_a_server_that_is_asked_to_stop_ends_its_turns_first(fragile: Stack) -> None:
    with fragile:
        conversation = new_conversation(fragile.address)

        async def play() -> None:
            async with Visitor(fragile.address) as visitor:
                await visitor.hello(conversation)
                with frozen(fragile.process_id("action server")):
                    assert (await visitor.say("find a NET clinic in Oslo"))["accepted"]
                    await asyncio.sleep(0.2)
                    os.kill(fragile.process_id("Rasa server"), signal.SIGTERM)
                    await asyncio.sleep(0.5)
                await asyncio.to_thread(fragile._processes["Rasa server"].wait, 20)

        asyncio.run(play())
    with fragile:
        entries = history(fragile, conversation)
        assert entries[0]["text"] == "find a NET clinic in Oslo"
        assert "clinic" in [entry["kind"] for entry in entries]


def test_the_log_holds_no_message(website: Stack, fragile: Stack) -> None:
    conversation = new_conversation(website.address)
    for text in (
        f"{SECRET} what is a placebo",
        f"/{SECRET}",
        SECRET * 200,
        f"{SECRET}\ud800",
        f"find a NET clinic in Oslo {SECRET}",
    ):
        say(website.address, conversation, text)
    post(website.address, "say", f'{{"text": "{SECRET}'.encode())
    post(website.address, "say", {"conversation": SECRET, "id": SECRET, "text": SECRET, "token": SECRET})
    for stack in (website, fragile):
        assert stack.log is not None
        assert SECRET not in stack.log.read_text(encoding="utf-8", errors="replace")
    assert "A look-up failed" in Path(str(fragile.log)).read_text(encoding="utf-8", errors="replace")


def test_the_address_that_a_trusted_proxy_names_is_counted(model: Path, tmp_path: Path) -> None:
    settings = {"ADDRESS_RATE": "6 per hour", "SANIC_PROXIES_COUNT": "1"}
    with Stack(model, free_port(), free_port(), tmp_path / "c.db", log=tmp_path / "log", settings=settings) as stack:

        def taken(address: str) -> int:
            answers = [post(stack.address, "hello", {}, X_Forwarded_For=address)[1] for _ in range(8)]
            assert {answer["text"] for answer in answers if not answer["accepted"]} == {WORDS["refused_too_fast"]["text"]}
            return sum(answer["accepted"] for answer in answers)

        assert taken("192.0.2.1") == 6
        assert taken("192.0.2.2") == 6
        # What the person's own device writes before the proxy's word counts for nothing.
        assert taken("192.0.2.77, 192.0.2.1") == 0
        assert taken("2001:db8::1") == 6
        refused = post(stack.address, "hello", {}, X_Forwarded_For="2001:db8::2")[1]
        assert refused["reason"] == "too_fast"


def test_an_address_that_is_not_trusted_changes_nothing(model: Path, tmp_path: Path) -> None:
    settings = {"ADDRESS_RATE": "6 per hour"}
    with Stack(model, free_port(), free_port(), tmp_path / "c.db", log=tmp_path / "log", settings=settings) as stack:
        answers = [post(stack.address, "hello", {}, X_Forwarded_For=f"192.0.2.{number}")[1] for number in range(8)]
        assert [answer["accepted"] for answer in answers] == [True] * 6 + [False] * 2


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("not an address", "not an address"),
    ],
)
def test_whom_an_address_stands_for(address: str, counted: str) -> None:
    assert network(address) == counted


def test_rates_are_counted_apart() -> None:
    async def play() -> None:
        rates = RateLimits("2 per hour", "3 per hour", None)
        assert [await rates.allow_sender("a") for _ in range(3)] == [True, True, False]
        assert await rates.allow_sender("b")
        assert await rates.allow_address("192.0.2.1", cost=3)
        assert not await rates.allow_address("192.0.2.1")
        assert await rates.allow_address("192.0.2.2")

    asyncio.run(play())


def test_patients_do_not_pay_for_a_store_that_is_away() -> None:
    rates = RateLimits("1 per hour", "1 per hour", f"redis://127.0.0.1:{free_port()}/0")
    assert asyncio.run(rates.allow_sender("a"))
    assert asyncio.run(rates.allow_sender("a"))


def test_a_setting_that_cannot_be_stops_the_start_in_one_sentence(model: Path, tmp_path: Path) -> None:
    environment = {
        "CONVERSATIONS": str(tmp_path / "c.db"),
        "SENDER_RATE": "often",
        "RASA_PORT": str(free_port()),
        "ACTIONS_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "trialguide", "run"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.strip() == "SENDER_RATE must be a rate such as “10 per 10 seconds; 300 per hour”, not “often”."


def test_a_conversation_goes_on_at_another_server(website: Stack, tmp_path: Path) -> None:
    """Two servers that share the conversations and the key, which lies beside them."""
    conversation = new_conversation(website.address)
    token = replies(say(website.address, conversation, "what is a placebo", "m1"))[-1]["choices"][0]["token"]
    other = Stack(website.model, free_port(), free_port(), website.conversations, log=tmp_path / "log")
    with other:
        assert history(other, conversation) == history(website, conversation)
        assert replies(say(other.address, conversation, token=token))[-1]["kind"] == "answer"
        assert replies(say(website.address, conversation, "tell me more"))
        assert say(other.address, conversation, "what is a placebo", "m1")["entries"] == history(website, conversation)[:3]
        assert history(other, conversation) == history(website, conversation)

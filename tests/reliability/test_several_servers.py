"""Two servers share a conversation: nothing is done twice, nothing is lost, everything stays in its order."""

import asyncio
import contextlib
import json
import signal
import time
import urllib.error
import urllib.request
from functools import partial
from typing import Any

import aio_pika
import pytest
import sqlalchemy
from website_client import Visitor, new_conversation, post, replies, say

from tools.testbed.cluster import RABBITMQ_QUEUE, Cluster, wait_until
from trialguide.commands.stack import Stack
from trialguide.storage.database import open_engine
from trialguide.storage.schema import EVENTS

ROUNDS = 200
AT_ONCE = 6


def history(server: Stack, conversation: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = post(server.address, "hello", {"conversation": conversation})[1]["entries"]
    return entries


def readiness(server: Stack) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{server.address}/health/ready", timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def has_answers(visitor: Visitor, number: int) -> bool:
    return sum(entry["kind"] == "answer" for entry in visitor.entries) >= number


def test_six_messages_at_once_over_two_servers_are_all_kept_in_their_order(servers: Cluster) -> None:
    one, two = servers.servers

    async def play() -> None:
        async with Visitor(one.address) as first, Visitor(two.address) as second:
            for _ in range(ROUNDS):
                await first.hello()
                await second.hello(first.conversation)
                for visitor in (first, second):
                    visitor.entries.clear()
                # Acknowledged means that it has its place in the line: all six wait and run at once.
                for place in range(AT_ONCE):
                    verdict = await (first, second)[place % 2].say("what is a placebo", id=f"{place}")
                    assert verdict == {"accepted": True}
                for visitor in (first, second):
                    await visitor.until(partial(has_answers, visitor, AT_ONCE))
                    said = [entry["said"] for entry in visitor.entries if entry["from"] == "patient"]
                    assert said == [f"{place}" for place in range(AT_ONCE)]
                entries = [entry for entry in history(two, str(first.conversation)) if entry["kind"] != "notice"]
                # Every message is followed by its own answer.
                assert [entry["from"] for entry in entries] == ["patient", "assistant"] * AT_ONCE

    asyncio.run(play())


def test_a_message_sent_to_both_servers_is_answered_once(servers: Cluster) -> None:
    async def play() -> None:
        for number in range(10):
            conversation = new_conversation(servers.servers[0].address)
            answers = await asyncio.gather(
                *(
                    asyncio.to_thread(say, server.address, conversation, "find a NET clinic in Oslo", f"m{number}")
                    for server in servers.servers * 2
                )
            )
            assert all(replies(answer) == replies(answers[0]) for answer in answers)
            assert [entry["text"] for entry in history(servers.servers[1], conversation) if entry["from"] == "patient"] == [
                "find a NET clinic in Oslo"
            ]

    asyncio.run(play())


def test_what_one_server_has_understood_the_other_knows_whatever_its_clock_says(servers: Cluster) -> None:
    ahead, behind = servers.servers
    conversation = new_conversation(ahead.address)
    assert "clinic" in [entry["kind"] for entry in replies(say(ahead.address, conversation, "find a NET clinic in Oslo"))]
    for server in (behind, ahead, behind):
        assert "clinic" in [entry["kind"] for entry in replies(say(server.address, conversation, "more clinics"))]
    said = [entry["text"] for entry in history(ahead, conversation) if entry["from"] == "patient"]
    assert said == ["find a NET clinic in Oslo"] + ["more clinics"] * 3


def test_a_message_that_was_acknowledged_by_a_server_that_is_killed_is_answered_by_the_other(servers: Cluster) -> None:
    one, two = servers.servers

    async def play() -> str:
        async with Visitor(one.address) as visitor:
            await visitor.hello()
            one.signal("action server", signal.SIGSTOP)
            assert (await visitor.say("find a NET clinic in Oslo", id="m1"))["accepted"]
            one.signal("Rasa server", signal.SIGKILL)
            await visitor.socket.wait()
            return str(visitor.conversation)

    conversation = asyncio.run(play())
    try:
        wait_until(lambda: "clinic" in [entry["kind"] for entry in history(two, conversation)], "The answer", 40)
        again = replies(say(two.address, conversation, "find a NET clinic in Oslo", "m1"))
        assert "clinic" in [entry["kind"] for entry in again]
        assert len([entry for entry in history(two, conversation) if entry["from"] == "patient"]) == 1
    finally:
        one.signal("action server", signal.SIGCONT)
        one.restart("Rasa server")


@pytest.mark.parametrize("service", ["postgresql", "redis"])
def test_health_shows_what_is_away_and_that_it_is_back(servers: Cluster, service: str) -> None:
    name = {"postgresql": "database", "redis": "lock"}[service]
    program = getattr(servers, service)
    with program.frozen():
        wait_until(lambda: readiness(servers.servers[0])[0] == 503, "The bad news", 10)
        status = readiness(servers.servers[0])[1]
        assert (status["status"], status[name]) == ("not ready", "away")
        begun = time.monotonic()
        assert post(servers.servers[0].address, "hello", {})[0] == 200
        assert time.monotonic() - begun < 3
    wait_until(lambda: readiness(servers.servers[0])[0] == 200, "The good news", 15)


def test_every_event_has_reached_rabbitmq_in_its_order_whatever_befell_it(servers: Cluster) -> None:
    if servers.rabbitmq.process is None:
        servers.rabbitmq.start()
    conversation = new_conversation(servers.servers[0].address)
    say(servers.servers[1].address, conversation, "what is a placebo", "last")
    engine = open_engine(servers.database)
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(EVENTS.c.sender_id, EVENTS.c.data).order_by(EVENTS.c.id)).all()
    engine.dispose()
    stored: dict[str, list[Any]] = {}
    for sender_id, data in rows:
        stored.setdefault(sender_id, []).append(json.loads(data))
    assert sum(map(len, stored.values())) > ROUNDS * AT_ONCE
    assert asyncio.run(passed_on(servers.rabbitmq_address, len(rows))) == stored


async def passed_on(address: str, number: int) -> dict[str, list[Any]]:
    """The events that are in RabbitMQ's queue by sender id, each once; so many are waited for."""
    events: dict[str, list[Any]] = {}
    seen: set[str | None] = set()
    async with await aio_pika.connect(address) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(RABBITMQ_QUEUE, passive=True)
        with contextlib.suppress(asyncio.TimeoutError):
            async with queue.iterator(no_ack=True, timeout=30) as messages:
                async for message in messages:
                    if message.message_id not in seen:
                        seen.add(message.message_id)
                        event = json.loads(message.body)
                        events.setdefault(event.pop("sender_id"), []).append(event)
                    if len(seen) >= number:
                        break
    return events

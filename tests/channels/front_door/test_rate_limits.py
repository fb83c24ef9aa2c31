"""How much a person and an address may send, counted by several servers together on a real Redis."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import free_port
from services import redis_address
from website_client import new_conversation, say

from trialguide.channels.front_door.rate_limits import RateLimits
from trialguide.commands.stack import Stack

# What is counted, who, what it costs, and how many of six are let through by a limit of four.
COUNTED = [
    ("sender", "web:{id}", 1, 4),
    ("address", "{id}", 1, 4),
    ("address", "{id}", 2, 2),
]


@pytest.mark.parametrize(("kind", "whom", "cost", "let_through"), COUNTED)
def test_two_servers_share_a_count(kind: str, whom: str, cost: int, let_through: int) -> None:
    redis = redis_address()
    servers = [RateLimits("4 per minute", "4 per minute", redis) for _ in range(2)]
    who = whom.format(id=uuid.uuid4().hex)

    async def ask(server: RateLimits) -> bool:
        return await (server.allow_sender(who) if kind == "sender" else server.allow_address(who, cost))

    async def play() -> list[bool]:
        return [await ask(servers[number % 2]) for number in range(6)]

    assert asyncio.run(play()) == [number < let_through for number in range(6)]


def test_a_household_counts_as_one_address() -> None:
    network = uuid.uuid4().hex
    prefix = ":".join(network[place : place + 4] for place in range(0, 16, 4))
    servers = [RateLimits("4 per minute", "4 per minute", redis_address()) for _ in range(2)]

    async def play() -> list[bool]:
        return [await servers[number % 2].allow_address(f"{prefix}::{number + 1}") for number in range(6)]

    assert asyncio.run(play()) == [True, True, True, True, False, False]


def test_the_count_is_let_go_after_its_time() -> None:
    servers = [RateLimits("2 per second", "2 per second", redis_address()) for _ in range(2)]
    who = uuid.uuid4().hex

    async def play() -> list[bool]:
        first = [await server.allow_sender(who) for server in (*servers, servers[0])]
        await asyncio.sleep(1.1)
        return [*first, await servers[1].allow_sender(who)]

    assert asyncio.run(play()) == [True, True, False, True]


@pytest.fixture
def two_servers(model: Path, tmp_path: Path) -> Iterator[list[Stack]]:
    """Two whole servers that know the same people and share one Redis."""
    settings = {
        "REDIS_URL": redis_address(),
        "FRONT_DOOR_KEY": uuid.uuid4().hex * 2,
        "SENDER_RATE": "4 per minute",
        "ADDRESS_RATE": "1000 per second",
    }
    with ExitStack() as running:
        yield [
            running.enter_context(
                Stack(model, free_port(), free_port(), tmp_path / f"{name}.db", log=tmp_path / name, settings=settings)
            )
            for name in ("one", "two")
        ]


def test_what_one_server_has_counted_the_other_knows(two_servers: list[Stack]) -> None:
    conversation = new_conversation(two_servers[0].address)
    answers = [say(two_servers[number % 2].address, conversation, f"what is phase {number % 4 + 1}") for number in range(6)]
    assert [answer["accepted"] for answer in answers] == [True, True, True, True, False, False]
    assert {answer["reason"] for answer in answers[4:]} == {"too_fast"}
    # Somebody else may go on.
    assert say(two_servers[1].address, new_conversation(two_servers[0].address), "what is a placebo")["accepted"]

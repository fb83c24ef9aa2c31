"""What a flood by one person costs the others, over the website channel as the public meets it."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Any

import aiohttp

from tools.benchmarks.report import Target

PAIRS = 6
PEOPLE = 60
FLOOD_PER_SECOND = 100
# One address may send as much as it likes, as all people here share one; one person may not.
SETTINGS = {"ADDRESS_RATE": "1000000 per 10 seconds"}


async def flood_bar(server: str, questions: Sequence[str]) -> Target:
    """The 95th percentile of other people's answers in a flood, against quiet rounds, in pairs. Raises aiohttp.ClientError."""
    # Each round asks others: what was understood once is remembered.
    asked = cycle(questions)
    async with aiohttp.ClientSession() as session:
        await _round(session, server, asked)
        pairs = [await _pair(session, server, asked, bool(number % 2)) for number in range(PAIRS)]
    ratio = median(flooded / quiet for quiet, flooded in pairs)
    quiet, flooded = (median(values) for values in zip(*pairs, strict=True))
    return Target(
        f"p95 of other people's answers while one person sends {FLOOD_PER_SECOND} messages a second, against quiet",
        "under 2 times",
        f"{ratio:.2f} times ({quiet:.0f} and {flooded:.0f} ms)",
        ratio < 2,
    )


async def _pair(
    session: aiohttp.ClientSession, server: str, questions: Iterator[str], flooded_first: bool
) -> tuple[float, float]:
    """A quiet round and one in a flood; the order changes, as the machine grows busier or idler."""
    if flooded_first:
        flooded = await _flooded_round(session, server, questions)
        return await _round(session, server, questions), flooded
    return await _round(session, server, questions), await _flooded_round(session, server, questions)


async def _flooded_round(session: aiohttp.ClientSession, server: str, questions: Iterator[str]) -> float:
    flood = asyncio.create_task(_flood(session, server))
    try:
        return await _round(session, server, questions)
    finally:
        flood.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flood


async def _round(session: aiohttp.ClientSession, server: str, questions: Iterator[str]) -> float:
    """One person after the other asks one question; the 95th percentile in milliseconds."""
    milliseconds = []
    for question in islice(questions, PEOPLE):
        conversation = await _begin(session, server)
        started = time.perf_counter()
        await _say(session, server, conversation, question)
        milliseconds.append((time.perf_counter() - started) * 1000)
    return quantiles(milliseconds, n=20)[-1]


async def _flood(session: aiohttp.ClientSession, server: str) -> None:
    """Sends at a steady pace, whatever the answers are, until it is cancelled."""
    conversation = await _begin(session, server)
    sending: set[asyncio.Task[dict[str, Any]]] = set()
    try:
        while True:
            message = asyncio.create_task(_say(session, server, conversation, "what is a placebo"))
            sending.add(message)
            message.add_done_callback(sending.discard)
            await asyncio.sleep(1 / FLOOD_PER_SECOND)
    finally:
        await asyncio.gather(*sending)


async def _begin(session: aiohttp.ClientSession, server: str) -> str:
    return str((await _post(session, server, "hello", {}))["conversation"])


async def _say(session: aiohttp.ClientSession, server: str, conversation: str, text: str) -> dict[str, Any]:
    return await _post(session, server, "say", {"conversation": conversation, "id": uuid.uuid4().hex, "text": text})


async def _post(session: aiohttp.ClientSession, server: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    async with session.post(f"{server}/chat/api/{what}", json=body) as response:
        response.raise_for_status()
        answer: dict[str, Any] = await response.json()
        return answer

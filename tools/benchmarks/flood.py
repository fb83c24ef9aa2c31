"""Flood benchmark: the cost of a flood by one person for all others, over the website's HTTP API."""

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Iterator, Sequence
from itertools import cycle
from statistics import median, quantiles

import aiohttp

from tools.benchmarks.report import Target
from tools.testbed.load import ask_all, in_conversations, post

PAIRS = 6
PEOPLE = 60
FLOOD_PER_SECOND = 100
# All people here share one address, which may send as much as it likes; one person may not.
SETTINGS = {"ADDRESS_RATE": "1000000 per 10 seconds"}


def flood_bar(server: str, questions: Sequence[str]) -> Target:
    """The 95th percentile of other people's answers in a flood against quiet rounds, in pairs. Raises TimeoutError."""
    # New questions in each round: the understanding of earlier ones is cached.
    texts = cycle(questions)
    _round(server, texts)
    pairs = []
    for number in range(PAIRS):
        # The order changes, as the machine grows busier or idler.
        if number % 2:
            flooded = _flooded_round(server, texts)
            pairs.append((_round(server, texts), flooded))
        else:
            pairs.append((_round(server, texts), _flooded_round(server, texts)))
    ratio = median(flooded / quiet for quiet, flooded in pairs)
    quiet, flooded = (median(values) for values in zip(*pairs, strict=True))
    return Target(
        f"p95 of other people's answers while one person sends {FLOOD_PER_SECOND} messages a second, against quiet",
        "under 2 times",
        f"{ratio:.2f} times ({quiet:.0f} and {flooded:.0f} ms)",
        ratio < 2,
    )


def _round(server: str, texts: Iterator[str]) -> float:
    """One person after the other asks one question; the 95th percentile in milliseconds."""
    return 1000 * quantiles(ask_all(server, in_conversations(texts, 1, PEOPLE), 1), n=20)[-1]


def _flooded_round(server: str, texts: Iterator[str]) -> float:
    stopping = threading.Event()
    flood = threading.Thread(target=asyncio.run, args=(_flood(server, stopping),))
    flood.start()
    try:
        return _round(server, texts)
    finally:
        stopping.set()
        flood.join()


async def _flood(server: str, stopping: threading.Event) -> None:
    """Sends at a steady pace, whatever the answers are."""
    conversation = post(f"{server}/chat/api/hello", {})["conversation"]

    async def send(session: aiohttp.ClientSession) -> None:
        body = {"conversation": conversation, "id": uuid.uuid4().hex, "text": "what is a placebo"}
        with contextlib.suppress(aiohttp.ClientError):
            async with session.post(f"{server}/chat/api/say", json=body) as response:
                await response.read()

    sending = []
    async with aiohttp.ClientSession() as session:
        while not stopping.is_set():
            sending.append(asyncio.create_task(send(session)))
            await asyncio.sleep(1 / FLOOD_PER_SECOND)
        await asyncio.gather(*sending)

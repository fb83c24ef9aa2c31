"""Load generator of `make bench` over the `rest` channel: `python -m tools.benchmarks.load ADDRESS < messages.json`.

A closed loop, the only API that the stock bot shares: each worker sends its next message when the last one is answered.
"""

import argparse
import asyncio
import json
import math
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import aiohttp

CONVERSATION = 10
CONTENTS = ("text", "image", "attachment", "custom")
WAIT_SECONDS = 60


class NotAnswered(Exception):
    """A message was not answered properly; the text names it and the problem in a sentence."""


@dataclass(frozen=True)
class Load:
    """Throughput and latency of one load; the percentiles are in milliseconds from message to reply."""

    messages: int
    at_once: int
    per_second: float
    p50: float
    p95: float


def main() -> int:
    """Sends the messages from standard input, prints a `Load`, both as JSON; 1, with a sentence, on a failure."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.load", description="Sends messages and takes the time.")
    parser.add_argument("rest", help="such as http://127.0.0.1:5005/webhooks/rest/webhook?token=...")
    parser.add_argument("--at-once", type=int, default=8)
    arguments = parser.parse_args()
    try:
        load = asyncio.run(run_load(arguments.rest, json.load(sys.stdin), arguments.at_once))
    except NotAnswered as problem:
        print(problem, file=sys.stderr)
        return 1
    print(json.dumps(asdict(load)))
    return 0


async def run_load(rest: str, messages: Sequence[str], at_once: int) -> Load:
    """Sends the messages, in conversations of ten, from `at_once` workers. Raises NotAnswered."""
    conversations = (messages[start : start + CONVERSATION] for start in range(0, len(messages), CONVERSATION))
    milliseconds: list[float] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WAIT_SECONDS)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(_converse(session, rest, conversations, milliseconds) for _ in range(at_once)))
        seconds = time.perf_counter() - started
    milliseconds.sort()
    return Load(len(messages), at_once, len(messages) / seconds, _percentile(milliseconds, 50), _percentile(milliseconds, 95))


async def _converse(
    session: aiohttp.ClientSession, rest: str, conversations: Iterator[Sequence[str]], milliseconds: list[float]
) -> None:
    for conversation in conversations:
        sender = uuid.uuid4().hex
        for message in conversation:
            started = time.perf_counter()
            await _send(session, rest, sender, message)
            milliseconds.append((time.perf_counter() - started) * 1000)


async def _send(session: aiohttp.ClientSession, rest: str, sender: str, message: str) -> None:
    body = {"sender": sender, "message": message}
    try:
        async with session.post(rest, json=body) as response:
            if response.status != 200:
                raise NotAnswered(f"“{message}” was answered with HTTP {response.status} where 200 is expected.")
            replies = await response.json()
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as problem:
        raise NotAnswered(f"“{message}” was not answered: {problem!r}") from problem
    if not any(reply.get(content) for reply in replies for content in CONTENTS):
        raise NotAnswered(f"“{message}” was answered with nothing.")


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


if __name__ == "__main__":
    sys.exit(main())

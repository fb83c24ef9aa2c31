"""Fuzzer of the HTTP parsers of both servers: `python -m tools fuzz`."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tools.reliability.fault_list import LIMITS
from tools.reliability.hostile_requests import mutations, request, status
from tools.testbed.processes import resident_megabytes
from tools.testbed.temporary_stack import temporary_stack
from trialguide.commands.stack import ACTION_SERVER, RASA_SERVER, Stack

REQUESTS = 20_000
AT_ONCE = 40
# Mutated requests often lack their end; the servers under test wait for it no longer.
SETTINGS = {**LIMITS, "REQUEST_SECONDS": "0.5"}
# A healthy server answers or closes long before.
HANG_SECONDS = 10.0
BATCH = 500
WARM = 1 / 4
MOST_GROWTH = 0.05
PATHS = {
    RASA_SERVER: (
        b"/",
        b"/health/live",
        b"/chat/",
        b"/chat/api/hello",
        b"/chat/api/say",
        b"/webhooks/rest/webhook",
        b"/missing",
    ),
    ACTION_SERVER: (b"/health", b"/webhook", b"/actions", b"/missing"),
}
LIVE = {RASA_SERVER: b"/health/live", ACTION_SERVER: b"/health"}


@dataclass
class Findings:
    """Statuses of a server's answers, its faults, and the growth of its memory since it was warm."""

    server: str
    statuses: Counter[int | None] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    growth: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The number of requests to each server, and the seed of their mutations."""
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)


def main(arguments: argparse.Namespace) -> int:
    """0 when no request hung or failed, both servers went on answering, and their memory grew by at most a twentieth."""
    with temporary_stack(SETTINGS) as stack:
        outcomes = [fuzz(stack, server, arguments.requests, arguments.seed) for server in PATHS]
    for found in outcomes:
        answers = ", ".join(f"{code or 'closed'}: {count}" for code, count in found.statuses.most_common())
        print(f"The {found.server}: {answers}; memory {found.growth:+.1%}.")
        print(*found.faults[:20], sep="\n")
    return int(any(found.faults or found.growth > MOST_GROWTH for found in outcomes))


def fuzz(stack: Stack, server: str, count: int, seed: int = 1) -> Findings:
    """Sends mutated requests to one of the servers, and stops when it no longer answers an ordinary one."""
    found = Findings(server)
    port = stack.port if server == RASA_SERVER else stack.actions_port
    requests = mutations(PATHS[server], count, seed)
    sent, warm = 0, 0.0
    while batch := list(islice(requests, BATCH)):
        asyncio.run(_send(port, batch, found))
        sent += len(batch)
        if not asyncio.run(_is_live(port, LIVE[server])):
            found.faults.append(f"no answer from the {server} after {sent} requests")
            break
        memory = resident_megabytes(stack.process_id(server))
        warm = warm if warm and sent > WARM * count else memory
        found.growth = memory / warm - 1
    return found


async def _send(port: int, requests: list[bytes], found: Findings) -> None:
    """Sends the requests over several connections at once, each over a new one."""
    remaining = iter(requests)
    await asyncio.gather(*(_send_each(port, remaining, found) for _ in range(AT_ONCE)))


async def _send_each(port: int, requests: Iterator[bytes], found: Findings) -> None:
    for data in requests:
        try:
            code = await status(port, data, HANG_SECONDS)
        except (TimeoutError, OSError) as problem:
            found.faults.append(str(problem))
            continue
        found.statuses[code] += 1
        if code is not None and code >= 500:
            found.faults.append(f"{code} for {data!r}")


async def _is_live(port: int, path: bytes) -> bool:
    try:
        return await status(port, request(b"GET", path), HANG_SECONDS) == 200
    except (TimeoutError, OSError, asyncio.TimeoutError):
        return False

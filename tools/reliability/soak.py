"""Soak test: conversations for a long time, with the growth of memory: `python -m tools soak`."""

import argparse
import asyncio
import threading
import time

from tools.reliability.fault_list import LIMITS
from tools.testbed.load import People
from tools.testbed.processes import resident_megabytes
from tools.testbed.temporary_stack import temporary_stack
from trialguide.commands.stack import Stack

MINUTES = 15.0
# Caches fill in the first third; what grows afterwards is a leak.
WARM = 1 / 3
MOST_GROWTH = 0.05
SAMPLE_SECONDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The length of the test."""
    parser.add_argument("--minutes", type=float, default=MINUTES)


def main(arguments: argparse.Namespace) -> int:
    """0 when all messages were acknowledged and memory has grown by at most a twentieth after the warm-up."""
    with temporary_stack(LIMITS) as stack:
        people = People(lambda _: stack.address)
        talking = threading.Thread(target=asyncio.run, args=(people.talk(),))
        talking.start()
        try:
            warm, last = _memory(stack, arguments.minutes * 60)
        finally:
            people.stopping = True
            talking.join()
    acknowledged = sum(message.acknowledged for message in people.sent)
    print(f"{acknowledged} of {len(people.sent)} messages were acknowledged in {arguments.minutes:g} minutes.")
    print(f"The Rasa server: {warm:.0f} MB when warm, {last:.0f} MB in the end ({last / warm - 1:+.1%}).")
    return int(last > warm * (1 + MOST_GROWTH) or acknowledged < len(people.sent))


def _memory(stack: Stack, seconds: float) -> tuple[float, float]:
    """Memory of the Rasa server after the warm-up and at the end, each the mean of several samples, in millions of bytes."""
    begun = time.monotonic()
    samples: list[tuple[float, float]] = []
    while time.monotonic() < begun + seconds:
        time.sleep(SAMPLE_SECONDS)
        samples.append((time.monotonic() - begun, resident_megabytes(stack.process_id("Rasa server"))))
    warm = [megabytes for at, megabytes in samples if WARM * seconds <= at < 1.3 * WARM * seconds]
    last = [megabytes for _, megabytes in samples[-len(warm) :]]
    return sum(warm) / len(warm), sum(last) / len(last)

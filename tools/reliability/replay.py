"""Replay of the conversations of `tests/conversations/` against two servers behind nginx: `python -m tools replay`."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import repeat
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from tools.reliability.fault import SETTLE_SECONDS, is_settled
from tools.testbed.cluster import Cluster, Missing, wait_until
from tools.testbed.load import People, Sent
from trialguide.commands.setup import prepare
from trialguide.content.files import ROOT, load_yaml
from trialguide.storage.database import open_engine
from trialguide.storage.schema import EVENTS

TABLES = ROOT / "tests" / "conversations"
CONVERSATIONS = 10_000
PEOPLE = 120
# Seconds between an answer and the next message.
PAUSE = (0.5, 2.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The number of conversations."""
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)


def main(arguments: argparse.Namespace) -> int:
    """0 when no acknowledged message is lost or processed twice; 1 otherwise, or when a service is not installed."""
    model = prepare()
    if model is None:
        return 1
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # PostgreSQL runs under an account of its own.
            folder.chmod(0o755)
            with Cluster(model, folder) as servers:
                people = People(
                    lambda _: servers.address,
                    conversations(arguments.conversations),
                    PEOPLE,
                    pause=lambda: random.uniform(*PAUSE),  # noqa: S311
                    new_routes=True,
                )
                asyncio.run(people.talk())
                engine = open_engine(servers.database)
                wait_until(lambda: is_settled(engine), "The last message", SETTLE_SECONDS)
                stored, erasing = _stored(engine)
                engine.dispose()
    except (Missing, TimeoutError) as problem:
        print(problem, file=sys.stderr)
        return 1
    erased = {message.conversation for message in people.sent if message.id in erasing}
    counts = Counter(_fate(message, stored, erased) for message in people.sent)
    twice = sum(times > 1 for times in stored.values())
    told = ", ".join(f"{number} {fate}" for fate, number in counts.most_common())
    print(f"{arguments.conversations} conversations, {len(people.sent)} messages sent: {told}, {twice} processed twice.")
    return int(bool(counts["lost"] or twice))


def conversations(number: int) -> Iterator[Sequence[str]]:
    """The messages of the tables' conversations, drawn at random."""
    tables = (load_yaml(file) for file in sorted(TABLES.glob("*.yml")))
    known = [[turn["says"] for turn in turns] for table in tables if isinstance(table, dict) for turns in table.values()]
    return (random.choice(known) for _ in repeat(None, number))  # noqa: S311


def _fate(message: Sent, stored: Mapping[str, int], erased: Set[str]) -> str:
    """The fate of a message; `erased` are the conversations in which a person had everything erased."""
    if message.invalid:
        return "invalid"
    if message.id in stored:
        return "stored and answered"
    return "erased by the person" if message.conversation in erased else "lost"


def _stored(engine: Engine) -> tuple[dict[str, int], set[str]]:
    """How often the turn of each message is stored with its answer, and the messages by which all before was erased."""
    answered: Counter[str] = Counter()
    erasing = set()
    latest: dict[str, str | None] = {}
    rows = sa.select(EVENTS.c.sender_id, EVENTS.c.type_name, EVENTS.c.message_id).order_by(EVENTS.c.id)
    with engine.connect() as connection:
        for sender, kind, message_id in connection.execute(rows):
            if kind == "user":
                latest[sender] = message_id
            elif message_id:
                erasing.add(message_id)
                answered[message_id] += 1
            elif kind == "bot" and (asked := latest.pop(sender, None)):
                answered[asked] += 1
    return answered, erasing

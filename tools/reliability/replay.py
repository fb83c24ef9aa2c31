"""Replays many conversations with Locust against two servers behind nginx, and counts: `python -m tools replay`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Set
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from tools.reliability.fault import SETTLE_SECONDS, is_settled
from tools.testbed.cluster import Cluster, Missing, wait_until
from trialguide.commands.setup import prepare
from trialguide.content.files import ROOT
from trialguide.storage.database import open_engine
from trialguide.storage.schema import EVENTS

CONVERSATIONS = 10_000
PEOPLE, NEW_PEOPLE = 120, 4

# Conversation, id, and what the sender was told.
Sent = tuple[str, str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where Locust is, and how many conversations."""
    parser.add_argument("--locust", default="locust", help="the program, from an environment of its own")
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)


def main(arguments: argparse.Namespace) -> int:
    """0 when nothing that was acknowledged is lost or was done twice; 1 otherwise, or when a program is not installed."""
    model = prepare()
    if model is None:
        return 1
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # PostgreSQL runs under an account of its own.
            folder.chmod(0o755)
            with Cluster(model, folder) as servers:
                sent = _replay(arguments.locust, servers.address, arguments.conversations, folder / "record")
                engine = open_engine(servers.database)
                wait_until(lambda: is_settled(engine), "The last message", SETTLE_SECONDS)
                stored, erasing = _stored(engine)
                engine.dispose()
    except (Missing, FileNotFoundError) as problem:
        print(problem, file=sys.stderr)
        return 1
    erased = {conversation for conversation, id, _ in sent if id in erasing}
    counts = Counter(_fate(one, stored, erased) for one in sent)
    twice = sum(times > 1 for times in stored.values())
    told = ", ".join(f"{number} {fate}" for fate, number in counts.most_common())
    print(f"{arguments.conversations} conversations, {len(sent)} messages sent: {told}, {twice} done twice.")
    return int(bool(counts["lost"] or counts["refused"] or twice))


def _replay(locust: str, address: str, conversations: int, record: Path) -> list[Sent]:
    """What was sent, in order. Raises FileNotFoundError when there is no Locust."""
    settings = {"REPLAY_CONVERSATIONS": str(conversations), "REPLAY_RECORD": str(record)}
    command = [
        locust,
        "-f",
        str(ROOT / "tools" / "reliability" / "locustfile.py"),
        "--headless",
        "--only-summary",
        "--host",
        address,
    ]
    command += ["--users", str(PEOPLE), "--spawn-rate", str(NEW_PEOPLE)]
    subprocess.run(command, env=os.environ | settings)
    rows = (line.split() for line in record.read_text(encoding="utf-8").splitlines())
    return [(conversation, id, outcome) for conversation, id, outcome in rows]


def _fate(sent: Sent, stored: Mapping[str, int], erased: Set[str]) -> str:
    """What became of a message in the end; `erased` are the conversations in which a person had all erased."""
    conversation, id, outcome = sent
    if outcome != "acknowledged":
        return outcome
    if id in stored:
        return "stored and answered"
    return "erased by the person" if conversation in erased else "lost"


def _stored(engine: Engine) -> tuple[dict[str, int], set[str]]:
    """How often the turn of each message is stored with an answer to it, and the messages by which all before was erased."""
    answered: Counter[str] = Counter()
    erasing = set()
    latest: dict[str, str | None] = {}
    rows = sa.select(EVENTS.c.sender_id, EVENTS.c.type_name, EVENTS.c.message_id).order_by(EVENTS.c.id)
    with engine.connect() as connection:
        for sender, kind, said in connection.execute(rows):
            if kind == "user":
                latest[sender] = said
            elif said:
                erasing.add(said)
                answered[said] += 1
            elif kind == "bot" and (asked := latest.pop(sender, None)):
                answered[asked] += 1
    return answered, erasing

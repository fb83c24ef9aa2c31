"""A fault, its injection under load, and its outcome."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from tools.testbed.cluster import wait_until
from tools.testbed.load import People, probe
from trialguide.storage.database import open_engine
from trialguide.storage.schema import EVENTS, MESSAGES

BEFORE_SECONDS, AFTER_SECONDS = 1.0, 1.0
# By then the last message is answered, even if its server has crashed: the lock expires, another server resumes it.
SETTLE_SECONDS = 60


@dataclass(frozen=True)
class Fault:
    """A fault with its repair; `mend` returns when every stopped process has been restarted."""

    name: str
    break_: Callable[[], None]
    mend: Callable[[], None]
    seconds: float = 3.0


@dataclass(frozen=True)
class FaultOutcome:
    """Counts and times of an injected fault."""

    fault: str
    sent: int
    acknowledged: int
    stored: int
    answered: int
    lost: int
    twice: int
    # The longest wait for a response, and the time from the repair to full recovery, in seconds.
    wait: float
    recovery: float

    def cells(self) -> list[str]:
        """The row of the table."""
        counts = (self.sent, self.acknowledged, self.stored, self.answered, self.lost, self.twice)
        return [self.fault, *map(str, counts), f"{self.wait:.1f}", f"{self.recovery:.1f}"]


def inject(fault: Fault, addresses: Callable[[int], str], database: str) -> FaultOutcome:
    """Injects and repairs a fault under load. `addresses` gives the server of the person of a number.

    Raises TimeoutError when messages are not acknowledged, answered or recovered from in the end.
    """
    people = People(addresses)
    talking = threading.Thread(target=asyncio.run, args=(people.talk(),))
    talking.start()
    try:
        time.sleep(BEFORE_SECONDS)
        fault.break_()
        time.sleep(fault.seconds)
    finally:
        fault.mend()
        mended = time.monotonic()
        try:
            wait_until(lambda: all(probe(addresses(number), number) for number in range(2)), f"All after “{fault.name}”", 30)
            recovery = time.monotonic() - mended
            time.sleep(AFTER_SECONDS)
        finally:
            people.stopping = True
            talking.join()
    engine = open_engine(database)
    wait_until(lambda: is_settled(engine), "The last message", SETTLE_SECONDS)
    return _counted(fault, people, engine, recovery)


def is_settled(engine: Engine) -> bool:
    """Whether no message awaits an answer."""
    with engine.connect() as connection:
        return not connection.execute(sa.select(sa.func.count()).select_from(MESSAGES)).scalar()


def _counted(fault: Fault, people: People, engine: Engine, recovery: float) -> FaultOutcome:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(EVENTS.c.sender_id, EVENTS.c.type_name, EVENTS.c.data).order_by(EVENTS.c.id)).all()
    engine.dispose()
    stored: dict[str, int] = {}
    answered: set[str] = set()
    latest: dict[str, str | None] = {}
    for row in rows:
        if row.type_name == "user":
            message_id = (json.loads(row.data).get("metadata") or {}).get("said")
            latest[row.sender_id] = message_id
            if message_id:
                stored[message_id] = stored.get(message_id, 0) + 1
        elif row.type_name == "bot" and (asked := latest.get(row.sender_id)):
            answered.add(asked)
    for message in people.sent:
        if message.acknowledged and (message.id not in stored or message.id not in answered):
            print(f"Lost: {message}, stored {message.id in stored}, answered {message.id in answered}")
    acknowledged = [message.id for message in people.sent if message.acknowledged]
    ids = {message.id for message in people.sent}
    return FaultOutcome(
        fault.name,
        len(people.sent),
        len(acknowledged),
        len(ids & stored.keys()),
        len(ids & answered),
        sum(id not in stored or id not in answered for id in acknowledged),
        sum(stored.get(id, 0) > 1 for id in ids),
        max(message.longest for message in people.sent),
        recovery,
    )

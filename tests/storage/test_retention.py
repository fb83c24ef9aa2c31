"""Retention: personal data is erased on request, on every server, and expires by itself."""

import asyncio
import contextlib
import json
import random
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import time

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered
from sqlalchemy.engine import Engine

from trialguide.channels.retention import delete_all_expired
from trialguide.storage import scrubbing
from trialguide.storage.database import open_engine
from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.retention import (
    DAY,
    FEEDBACK_DAYS,
    FOLLOW_DAYS,
    PERSONAL,
    DataSummary,
    erase,
    summarise,
)
from trialguide.storage.schema import FOLLOWS, MESSAGES, OUTBOX, RATING_ADDRESSES, RATINGS, UNANSWERED
from trialguide.storage.tracker_store import ConversationStore

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]")
SECRET = "Hildegard"


def said(text: str, at: float | None = None, id: str | None = None) -> UserUttered:
    return UserUttered(text, {"name": "ask"}, input_channel="website", timestamp=at, metadata={"said": id} if id else {})


def reply(action: str, text: str = "words", at: float | None = None) -> BotUttered:
    return BotUttered(text, metadata={"utter_action": action}, timestamp=at)


async def add(store: ConversationStore, sender: str, *events: Event) -> None:
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    tracker.update_with_events(list(events), DOMAIN, override_timestamp=False)
    await store.save(tracker)


async def live(store: ConversationStore, sender: str, at: float | None = None) -> None:
    """A person with data in every table: messages, an unanswered one, a rating, a follow and a pending message."""
    await add(store, sender, SessionStarted(timestamp=at), said(f"{SECRET} asks", at, "m1"), reply("utter_out_of_scope", at=at))
    await Inbox(store).receive("turn", Message(sender, "m2", {"text": SECRET}))
    at = at or time()
    with store.connect() as connection:
        shared = {"sender_id": sender, "topic": "placebo", "version": "v"}
        connection.execute(RATINGS.insert(), shared | {"stars": 4, "comment": SECRET, "rated_at": at})
        connection.execute(FOLLOWS.insert(), shared | {"followed_at": at})
        data = json.dumps({"sender_id": sender, "event": "user", "text": SECRET})
        connection.execute(OUTBOX.insert(), {"sender_id": sender, "queued_at": at, "data": data})


def rows_of(store: ConversationStore, sender: str) -> dict[str, int]:
    with store.connect() as connection:
        own = {
            table.name: sa.select(sa.func.count()).select_from(table).where(table.c.sender_id == sender) for table in PERSONAL
        }
        found = {name: connection.execute(count).scalar_one() for name, count in own.items()}
        return {name: number for name, number in found.items() if number}


def test_erasing_leaves_the_reply_alone_and_others_untouched(database: str) -> None:
    async def play() -> None:
        store = ConversationStore(DOMAIN, db=database)
        for sender in ("web:a", "web:ab"):
            await live(store, sender)
        before = rows_of(store, "web:ab")
        assert set(before) == {"events", "messages", "ratings", "follows", "unanswered", "outbox"}
        await add(store, "web:a", said("yes", id="m3"), reply("erased", "All is erased."))
        assert rows_of(store, "web:a") == {"events": 5}
        assert rows_of(store, "web:ab") == before
        assert [event["text"] for event in await store.messages("web:a", 10)] == ["All is erased."]
        # The message that had it erased is still known, should it come again.
        assert await Inbox(store).is_processed("web:a", "m3")
        with store.connect() as connection:
            assert summarise(connection, "web:a").is_empty
            others = summarise(connection, "web:ab")
            assert others == DataSummary(1, others.since, 1, 1, 1)
            assert others.since == pytest.approx(time(), abs=60)

    asyncio.run(play())


def scatter(store: ConversationStore, sender: str, day: str) -> None:
    """Rows of a person between those of others, of all sizes and in any order, so that SQLite moves them between pages."""
    numbers = random.Random(1)  # noqa: S311
    shared = {"day": day, "channel": "website", "reason": "unsure", "nearest": "[]"}
    for _ in range(60):
        with store.connect() as connection:
            for _ in range(50):
                one = numbers.choice([sender, *(f"web:{number}" for number in range(20))])
                text = (SECRET if one == sender else "quiet") * numbers.choice([1, 3, 10, 40, 100, 300])
                row = {"id": numbers.randrange(10**9), "sender_id": one, "text": text}
                connection.execute(UNANSWERED.insert(), shared | row)
            erase(connection, f"web:{numbers.randrange(20)}", last_event=0)


def files_with(word: str, folder: Path) -> list[str]:
    """The names of the database's files that hold a word."""
    assert {file.name for file in folder.glob("c.db*")} == {"c.db", "c.db-wal", "c.db-shm"}, "the server is still running"
    return sorted(file.name for file in folder.glob("c.db*") if word.encode() in file.read_bytes())


@pytest.mark.parametrize("occasion", ["erased by the person", "expired"])
def test_what_is_deleted_is_in_no_file_any_more(occasion: str, tmp_path: Path) -> None:
    async def play() -> None:
        store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
        # The action server has the file open too.
        other = open_engine(str(tmp_path / "c.db"))
        with other.connect() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(RATINGS)).scalar()
        at = time() if occasion == "erased by the person" else time() - (FOLLOW_DAYS + 1) * DAY
        scatter(store, "web:a", datetime.fromtimestamp(at, timezone.utc).date().isoformat())
        await live(store, "web:a", at)
        with store.connect() as connection:
            connection.execute(MESSAGES.update().values(received_at=at))
        assert "c.db-wal" in files_with(SECRET, tmp_path)
        if occasion == "erased by the person":
            await add(store, "web:a", said("yes"), reply("erased"))
        else:
            with store.connect() as connection:
                # Comments stay for good, without a sender id.
                connection.execute(RATINGS.update().values(comment=None))
            await delete_all_expired(store, 30)
        assert files_with(SECRET, tmp_path) == []
        await add(store, "web:a", said("hello again"), reply("utter_greet"))
        assert await store.messages("web:a", 1)

    asyncio.run(play())


def test_scrubbing_is_retried_while_another_process_reads_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "FIRST_RETRY_SECONDS", 0.1)

    async def play() -> None:
        store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
        await live(store, "web:a")
        with contextlib.closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            await asyncio.wait_for(add(store, "web:a", said("yes"), reply("erased")), 2)
            assert "c.db-wal" in files_with(SECRET, tmp_path)
            # Others are served meanwhile.
            await asyncio.wait_for(add(store, "web:b", said("a question"), reply("utter_faq")), 2)
            reader.execute("COMMIT")
            for _ in range(50):
                await asyncio.sleep(0.1)
                if not files_with(SECRET, tmp_path):
                    break
            assert files_with(SECRET, tmp_path) == []

    asyncio.run(play())


def test_a_large_file_is_vacuumed_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "SMALL_BYTES", 0)
    vacuumed: list[Engine] = []
    monkeypatch.setattr(scrubbing, "vacuum", vacuumed.append)

    async def play() -> None:
        store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
        for _ in range(3):
            await live(store, "web:a")
            await add(store, "web:a", said("yes"), reply("erased"))
            assert (tmp_path / "c.db-wal").stat().st_size == 0
        assert len(vacuumed) == 1
        monkeypatch.setattr(scrubbing, "LARGE_FILE_SECONDS", -1)
        await store.scrub()
        assert len(vacuumed) == 2

    asyncio.run(play())


def test_a_server_that_remembers_a_conversation_does_not_bring_it_back(database: str) -> None:
    async def play() -> None:
        one, two = ConversationStore(DOMAIN, db=database), ConversationStore(DOMAIN, db=database)
        await live(one, "web:a")
        # Now both have it in memory.
        await add(two, "web:a", said("more"), reply("utter_faq"))
        await one.retrieve("web:a")
        await add(two, "web:a", said("yes"), reply("erased", "All is erased."))
        for store in (one, two):
            tracker = await store.retrieve("web:a")
            assert tracker
            assert [event for event in tracker.events if isinstance(event, UserUttered)] == []
        await add(one, "web:a", said("a new question"), reply("utter_faq"))
        for store in (one, two):
            tracker = await store.retrieve("web:a")
            assert tracker
            assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["a new question"]

    asyncio.run(play())


def test_what_is_old_goes_by_itself_and_servers_may_do_so_together(database: str) -> None:
    ages = {
        "web:new": 29 * DAY,
        "web:old": 31 * DAY,
        "web:half": (FEEDBACK_DAYS + 1) * DAY,
        "web:ancient": (FOLLOW_DAYS + 1) * DAY,
    }

    async def play() -> None:
        one, two = ConversationStore(DOMAIN, db=database), ConversationStore(DOMAIN, db=database)
        for sender, age in ages.items():
            await live(one, sender, time() - age)
            with one.connect() as connection:
                waits = MESSAGES.update().where(MESSAGES.c.sender_id == sender)
                connection.execute(waits.values(received_at=MESSAGES.c.received_at - age))
            if sender == "web:old":
                events: list[Event] = [said(f"question {number}", time() - age) for number in range(1200)]
                await add(one, sender, *events)
        assert sum(await asyncio.gather(delete_all_expired(one, 30), delete_all_expired(two, 30))) > 1200
        kept = {sender: set(rows_of(one, sender)) for sender in ages}
        assert kept["web:new"] == {"events", "messages", "ratings", "follows", "unanswered", "outbox"}
        assert kept["web:old"] == {"ratings", "follows", "unanswered"}
        assert kept["web:half"] == {"follows"}
        assert kept["web:ancient"] == set()
        with one.connect() as connection:
            # The stars stay, of nobody.
            assert connection.execute(sa.select(sa.func.sum(RATINGS.c.stars))).scalar() == 16
        # A conversation that is gone begins anew, also where it was remembered.
        await add(one, "web:old", said("hello again"), reply("utter_greet"))
        tracker = await one.retrieve("web:old")
        assert tracker
        assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["hello again"]
        assert await delete_all_expired(one, 30) == 0

    asyncio.run(play())


def test_an_address_is_kept_no_longer_than_its_day(database: str) -> None:
    today, yesterday = (f"{datetime.now(timezone.utc).date() - timedelta(age)}:code" for age in (0, 1))

    async def play() -> list[list[str | None]]:
        store = ConversationStore(DOMAIN, db=database)
        for address in (today, yesterday):
            await Inbox(store).receive("turn", Message("web:a", address, {"text": "4 stars"}), daily_address=address)
            with store.connect() as connection:
                connection.execute(RATING_ADDRESSES.insert(), {"daily_address": address, "number": 3})
        assert await delete_all_expired(store, 30) == 2
        with store.connect() as connection:
            columns = (RATING_ADDRESSES.c.daily_address, MESSAGES.c.daily_address)
            return [list(connection.execute(sa.select(column).order_by(column)).scalars()) for column in columns]

    addresses, waiting = asyncio.run(play())
    assert addresses == [today]
    assert set(waiting) == {today, None}

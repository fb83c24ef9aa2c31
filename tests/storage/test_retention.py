"""What is kept of a person is erased when they say so, on every server, and by itself when it is old."""

import asyncio
import json
from pathlib import Path
from time import time

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered

from trialguide.channels.retention import forget_all_old
from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.retention import DAY, FEEDBACK_DAYS, FOLLOW_DAYS, PERSONAL, DataSummary, summarise
from trialguide.storage.schema import FOLLOWS, MESSAGES, OUTBOX, RATINGS
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
    """Somebody writes, is not understood, rates, follows and has one message waiting."""
    await add(store, sender, SessionStarted(timestamp=at), said(f"{SECRET} asks", at, "m1"), reply("utter_out_of_scope", at=at))
    await Inbox(store).receive("turn", Message(sender, "m2", {"text": SECRET}))
    at = at or time()
    with store.connect() as connection:
        shared = {"sender_id": sender, "topic": "placebo", "version": "v"}
        connection.execute(RATINGS.insert(), shared | {"stars": 4, "comment": SECRET, "rated": at})
        connection.execute(FOLLOWS.insert(), shared | {"followed": at})
        connection.execute(OUTBOX.insert(), {"data": json.dumps({"sender_id": sender, "event": "user", "text": SECRET})})


def rows_of(store: ConversationStore, sender: str) -> dict[str, int]:
    with store.connect() as connection:
        own = {
            table.name: sa.select(sa.func.count()).select_from(table).where(table.c.sender_id == sender) for table in PERSONAL
        }
        found = {name: connection.execute(count).scalar_one() for name, count in own.items()}
        on_the_way = sa.select(sa.func.count()).select_from(OUTBOX).where(OUTBOX.c.data.like(f'%"{sender}"%'))
        return {name: number for name, number in found.items() if number} | {
            "outbox": connection.execute(on_the_way).scalar_one()
        }


def test_erasing_leaves_the_reply_alone_and_others_untouched(database: str) -> None:
    async def play() -> None:
        store = ConversationStore(DOMAIN, db=database)
        for sender in ("web:a", "web:ab"):
            await live(store, sender)
        before = rows_of(store, "web:ab")
        assert set(before) == {"events", "messages", "ratings", "follows", "unanswered", "outbox"}
        await add(store, "web:a", said("yes", id="m3"), reply("erased", "All is erased."))
        assert rows_of(store, "web:a") == {"events": 5, "outbox": 0}
        assert rows_of(store, "web:ab") == before
        assert [event["text"] for event in await store.messages("web:a", 10)] == ["All is erased."]
        # The message that had it erased is still known, should it come again.
        assert await Inbox(store).is_processed("web:a", "m3")
        with store.connect() as connection:
            assert summarise(connection, "web:a").nothing
            others = summarise(connection, "web:ab")
            assert others == DataSummary(1, others.since, 1, 1, 1)
            assert others.since == pytest.approx(time(), abs=60)

    asyncio.run(play())


def test_what_is_erased_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    async def play() -> None:
        store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
        await live(store, "web:a")
        await add(store, "web:a", said("yes"), reply("erased"))
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        assert SECRET.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("c.db*"))

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
                connection.execute(waits.values(received=MESSAGES.c.received - age))
            if sender == "web:old":
                events: list[Event] = [said(f"question {number}", time() - age) for number in range(1200)]
                await add(one, sender, *events)
        assert sum(await asyncio.gather(forget_all_old(one, 30), forget_all_old(two, 30))) > 1200
        kept = {sender: set(rows_of(one, sender)) - {"outbox"} for sender in ages}
        assert kept["web:new"] == {"events", "messages", "ratings", "follows", "unanswered"}
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
        assert await forget_all_old(one, 30) == 0

    asyncio.run(play())

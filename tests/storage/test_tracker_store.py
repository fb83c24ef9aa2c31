"""Conversations are kept, copied and read back as they were, and shared with other processes that write into the same file."""

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.exc
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

import trialguide.runtime.circuit_breaker
import trialguide.storage.database
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.storage import tracker_store
from trialguide.storage.conversation import Conversation
from trialguide.storage.database import open_engine
from trialguide.storage.inbox import MAX_ATTEMPTS, Inbox, Message
from trialguide.storage.schema import METADATA, OUTBOX, VERSION, WrongSchemaVersion, check_schema
from trialguide.storage.tracker_store import ConversationStore

DOMAIN = Domain.from_yaml(
    "version: '3.1'\nintents: [ask]\nslots: {place: {type: text, influence_conversation: false, mappings: [{type: custom}]}}"
)
START: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]


def turn(number: int) -> list[Event]:
    return [
        UserUttered(f"question {number}", {"name": "ask"}),
        SlotSet("place", f"place {number}"),
        BotUttered(f"answer {number} é 東京 \U0001f600", metadata={"topic": "placebo", "part": "text"}),
        ActionExecuted("action_listen"),
    ]


async def add(store: TrackerStore, sender: str, events: list[Event]) -> None:
    tracker = await store.get_or_create_tracker(sender)
    tracker.update_with_events(events, DOMAIN)
    await store.save(tracker)


async def texts(store: TrackerStore, sender: str) -> list[str | None]:
    tracker = await store.retrieve(sender)
    return [event.text for event in tracker.events if isinstance(event, UserUttered)] if tracker else []


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "c.db")


def store(database: str) -> ConversationStore:
    return ConversationStore(DOMAIN, db=database)


def stock_store(database: str) -> SQLTrackerStore:
    """Rasa's own, on the same tables."""
    return SQLTrackerStore(DOMAIN, host=database) if "://" in database else SQLTrackerStore(DOMAIN, db=database)


def test_what_is_saved_is_read_back_by_another_store(database: str) -> None:
    async def play() -> None:
        first = store(database)
        await add(first, "me", START + turn(1))
        await add(first, "me", turn(2))
        for reader in (first, store(database), stock_store(database)):
            tracker = await reader.retrieve("me")
            assert tracker is not None
            assert isinstance(tracker.events[0], SessionStarted)
            assert await texts(reader, "me") == ["question 1", "question 2"]
            assert tracker.get_slot("place") == "place 2"
            assert list(tracker.events)[-2].metadata == {"topic": "placebo", "part": "text"}

    asyncio.run(play())


def test_a_second_process_is_noticed(database: str) -> None:
    async def play() -> None:
        one, two = store(database), store(database)
        await add(one, "me", START + turn(1))
        await add(two, "me", turn(2))
        await add(one, "me", turn(3))
        for reader in (one, two):
            assert await texts(reader, "me") == ["question 1", "question 2", "question 3"]

    asyncio.run(play())


def test_a_turn_that_was_not_saved_leaves_nothing(database: str) -> None:
    async def play() -> None:
        kept = store(database)
        await add(kept, "me", START + turn(1))
        unsaved = await kept.get_or_create_tracker("me")
        unsaved.update_with_events(turn(2), DOMAIN)
        assert await texts(kept, "me") == ["question 1"]

    asyncio.run(play())


def test_a_new_session_starts_afresh_and_the_old_one_stays_in_the_file(database: str) -> None:
    async def play() -> None:
        kept = store(database)
        await add(kept, "me", START + turn(1))
        await add(kept, "me", START + turn(2))
        assert await texts(kept, "me") == ["question 2"]
        await add(kept, "me", turn(3))
        assert await texts(kept, "me") == ["question 2", "question 3"]
        whole = await kept.retrieve_full_tracker("me")
        assert whole is not None
        assert [event.text for event in whole.events if isinstance(event, UserUttered)] == [
            "question 1",
            "question 2",
            "question 3",
        ]

    asyncio.run(play())


def test_conversations_beyond_those_at_hand_are_read_from_the_file(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_store, "CACHE_SIZE", 2)

    async def play() -> None:
        kept = store(database)
        for sender in "abcd":
            await add(kept, sender, START + turn(1))
        for sender in "abcd":
            await add(kept, sender, turn(2))
            assert await texts(kept, sender) == ["question 1", "question 2"]

    asyncio.run(play())


def test_an_unknown_conversation_is_none(database: str) -> None:
    assert asyncio.run(store(database).retrieve("nobody")) is None
    tracker = asyncio.run(store(database).get_or_create_tracker("nobody"))
    assert isinstance(tracker, DialogueStateTracker)


def test_turns_that_come_together_are_all_on_the_disk_when_they_are_saved(database: str) -> None:
    senders = [f"patient {number}" for number in range(40)]

    async def one(kept: ConversationStore, sender: str) -> list[str | None]:
        await add(kept, sender, START + turn(1))
        # Another store sees the file alone.
        return await texts(store(database), sender)

    async def play() -> None:
        kept = store(database)
        assert await asyncio.gather(*(one(kept, sender) for sender in senders)) == [["question 1"]] * len(senders)

    asyncio.run(play())


def test_sender_ids_that_a_database_cannot_take_are_kept_apart(database: str) -> None:
    senders = ["one", "lone surrogate \ud800", "null \0", "n" * 300, "two"]

    async def play() -> None:
        kept = store(database)
        outcomes = await asyncio.gather(*(add(kept, sender, START + turn(1)) for sender in senders), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None)] * 5
        assert [await texts(store(database), sender) for sender in senders] == [["question 1"]] * 5

    asyncio.run(play())


def test_what_the_file_cannot_take_is_refused_at_once_and_taken_later(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trialguide.storage.database, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(trialguide.runtime.circuit_breaker, "COOL_DOWN_SECONDS", 0)

    async def play() -> None:
        kept = store(file)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(*(add(kept, sender, START + turn(1)) for sender in "abc"), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {Unavailable}
            other.execute("ROLLBACK")
        await add(kept, "a", START + turn(2))
        assert await texts(store(file), "a") == ["question 2"]

    asyncio.run(play())


def test_two_turns_from_the_same_state_leave_what_the_file_says(database: str) -> None:
    async def play() -> None:
        kept = store(database)
        await add(kept, "me", START + turn(1))
        first, second = [await kept.get_or_create_tracker("me") for _ in range(2)]
        first.update_with_events(turn(2), DOMAIN)
        second.update_with_events(turn(3) + turn(4), DOMAIN)
        await kept.save(first)
        await kept.save(second)
        assert await texts(kept, "me") == await texts(store(database), "me")

    asyncio.run(play())


def test_the_order_of_events_is_that_of_their_rows_whatever_the_clocks_say(database: str) -> None:
    def at(seconds: float, events: list[Event]) -> list[Event]:
        for event in events:
            event.timestamp = seconds
        return events

    async def play() -> None:
        ahead, behind = store(database), store(database)
        await add(ahead, "me", at(1030, [SessionStarted(), *turn(1)]))
        await add(behind, "me", at(1000, turn(2)))
        await add(ahead, "me", at(1031, turn(3)))
        await add(behind, "me", at(1001, turn(4)))
        for reader in (ahead, behind, store(database)):
            assert await texts(reader, "me") == [f"question {number}" for number in (1, 2, 3, 4)]

    asyncio.run(play())


def test_a_locked_file_holds_up_nobody_but_its_own_readers(file: str) -> None:
    async def play() -> None:
        kept = store(file)
        await add(kept, "me", START + turn(1))
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            # What a backup program or a second SQLite of another kind may do; in WAL mode a mere writer blocks no reader.
            kept._readonly(file).close()
            kept._file_connection = None
            kept.engine.dispose()
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            reading = asyncio.create_task(kept.retrieve("me"))
            longest = 0.0
            while not reading.done():
                before = monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, monotonic() - before)
            assert isinstance(reading.exception(), Unavailable)
            assert longest < 0.5

    asyncio.run(play())


def test_a_message_is_kept_until_its_turn_is_saved_and_has_one_turn_only(database: str) -> None:
    async def play() -> None:
        kept = store(database)
        inbox = Inbox(kept)
        for id in ("m1", "m2", "m1"):
            await inbox.receive("first", Message("web:me", id, {"text": f"question {id} \0"}))
        assert not await inbox.is_processed("web:me", "m1")
        assert await inbox.claim_orphans(0, "sms:") == []
        assert await inbox.claim_orphans(60, "web:") == []
        assert [(left.sender_id, left.message_id) for left in await inbox.claim_orphans(0, "web:")] == [
            ("web:me", "m1"),
            ("web:me", "m2"),
        ]
        said: list[Event] = [UserUttered("question", metadata={"said": "m1"}), ActionExecuted("action_listen")]
        await add(kept, "web:me", START + said)
        assert await inbox.is_processed("web:me", "m1")
        assert [left.data for left in await inbox.claim_orphans(0, "web:")] == [{"text": "question m2 \0"}]
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            await add(kept, "web:me", [UserUttered("question", metadata={"said": "m1"})])
        other, third = Message("web:me", "m3", {}), Message("web:me", "m4", {})
        await inbox.receive("one", other)
        await inbox.withdraw(other, "one")
        for turn_of in ("one", "two"):
            await inbox.receive(turn_of, third)
        for turn_of in ("one", "two"):
            # Either may have acknowledged it.
            await inbox.withdraw(third, turn_of)
        assert [left.message_id for left in await inbox.claim_orphans(0, "web:")] == ["m2", "m4"]
        await inbox.discard(third)
        for _ in range(MAX_ATTEMPTS):
            assert len(await inbox.claim_orphans(0, "web:")) == 1
            await inbox.count_try(Message("web:me", "m2", {}))
        # What ends every server that takes it up is left alone.
        assert await inbox.claim_orphans(0, "web:") == []

    asyncio.run(play())


def test_a_message_with_a_way_back_is_kept_until_its_answer_is_sent(database: str) -> None:
    async def play() -> None:
        kept = store(database)
        inbox = Inbox(kept)
        message, other = (Message("tg:me", id, {"text": "question", "token": None}, "encrypted") for id in ("m1", "m2"))
        await inbox.receive("turn", message, other)
        # Nothing is forgotten before it has its turn.
        await inbox.mark_sent(message)
        said: list[Event] = [UserUttered("question", metadata={"said": "m1"}), ActionExecuted("action_listen")]
        await add(kept, "tg:me", START + said)
        assert await inbox.claim_orphans(0, "tg:") == [message, other]
        await inbox.renew([message])
        assert await inbox.claim_orphans(10, "tg:") == []
        await inbox.mark_sent(message)
        assert await inbox.claim_orphans(0, "tg:") == [other]

    asyncio.run(play())


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        (None, "version 0, this TrialGuide needs version 7: back it up with the TrialGuide that made it, then restore"),
        (5, "version 5, this TrialGuide needs version 7: back it up with the TrialGuide that made it, then restore"),
        (99, "version 99, this TrialGuide only knows version 7: run the TrialGuide that made it"),
    ],
)
def test_the_tables_of_another_version_are_refused_and_stay_as_they_are(
    version: int | None, sentence: str, database: str
) -> None:
    engine = open_engine(database)
    if version is None:
        # Tables without a version are Rasa's own.
        asyncio.run(add(stock_store(database), "me", START + turn(1)))
    else:
        check_schema(database)
        store(database).engine.dispose()
        check_schema(database)
        with engine.begin() as connection:
            connection.execute(VERSION.update().values(version=version))
    for refusing in (store, check_schema):
        with pytest.raises(WrongSchemaVersion, match=sentence):
            refusing(database)
    tables = set(sa.inspect(engine).get_table_names())
    assert tables == ({"events"} if version is None else set(METADATA.tables))


def test_a_database_that_cannot_be_reached_is_not_taken_for_one_of_another_version() -> None:
    check_schema("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_new_database_file_is_readable_for_its_owner_alone(file: str) -> None:
    before = os.umask(0o022)
    try:
        asyncio.run(add(store(file), "me", START + turn(1)))
    finally:
        os.umask(before)
    modes = {found.name: found.stat().st_mode & 0o777 for found in Path(file).parent.glob("c.db*")}
    assert modes == {"c.db": 0o600, "c.db-wal": 0o600, "c.db-shm": 0o600}


LOOK_UP: list[Event] = [
    UserUttered("find a clinic", {"name": "ask"}),
    ActionExecuted("lookup_form"),
    ActiveLoop("lookup_form"),
    SlotSet("place", None),
    BotUttered("For which place?", {"buttons": [{"title": "Austria"}]}),
    ActionExecuted("action_listen"),
    UserUttered("what is a placebo?", {"name": "ask"}),
    ActionExecutionRejected("lookup_form"),
    ActionExecuted("utter_faq"),
    LoopInterrupted(True),
    ActionExecuted("lookup_form"),
    ActionExecuted("action_listen"),
    UserUttered("Austria", {"name": "ask"}),
    ActionExecuted("lookup_form"),
    SlotSet("place", "AT"),
    ActiveLoop(None),
    FollowupAction("action_look_up"),
    ActionExecuted("action_look_up"),
    ActionExecuted("action_listen"),
]
CONVERSATIONS = {
    "answers": [*START, *turn(1), *turn(2)],
    "look-up, interrupted": [*START, *LOOK_UP, *turn(3)],
    "taken back": [*START, *turn(1), UserUttered("oh", {"name": "ask"}), UserUtteranceReverted(), *turn(2)],
    "begun anew": [*START, *turn(1), Restarted(), *turn(2), SessionStarted(), *turn(3)],
}


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    return tracker.current_state(EventVerbosity.ALL)


def everything(tracker: DialogueStateTracker) -> dict[str, Any]:
    return vars(tracker) | {"slots": {name: vars(slot) for name, slot in tracker.slots.items()}}


@pytest.mark.parametrize("events", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_copy_is_in_the_same_state_and_goes_its_own_way(events: list[Event]) -> None:
    conversation = Conversation("me", DOMAIN.slots)
    for event in events:
        conversation.update(event)
        copied = conversation.copy()
        assert state(copied) == state(conversation) == state(DialogueStateTracker.copy(conversation))
        assert everything(conversation.init_copy()) == everything(DialogueStateTracker.init_copy(conversation))
        before = state(conversation)
        copied.update_with_events([SlotSet("place", "elsewhere"), ActiveLoop("another"), *turn(9)], DOMAIN)
        assert state(conversation) == before


@pytest.mark.parametrize("events", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_what_is_kept_at_hand_is_what_would_be_read_from_the_file(events: list[Event], database: str) -> None:
    async def play() -> None:
        kept = store(database)
        for number in range(0, len(events), 3):
            await add(kept, "me", events[number : number + 3])
            at_hand, read = await kept.retrieve("me"), await store(database).retrieve("me")
            assert at_hand is not None
            assert read is not None
            assert state(at_hand) == state(read)

    asyncio.run(play())


@pytest.mark.parametrize(("stored", "counted"), [(0, 0), (2, 2), (5, 3)])
def test_the_outbox_is_counted_up_to_a_limit(database: str, stored: int, counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_store, "OUTBOX_LIMIT", 3)
    store = ConversationStore(DOMAIN, db=database)
    with store.connect() as connection:
        for _ in range(stored):
            connection.execute(OUTBOX.insert(), {"sender_id": "me", "queued_at": 1.0, "data": "{}"})
    assert asyncio.run(store.outbox_length()) == counted
    store.engine.dispose()

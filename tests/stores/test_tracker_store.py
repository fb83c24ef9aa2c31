"""Conversations are kept, copied and read back as they were, and shared with other processes that write into the same file."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.exc
from rasa.core.tracker_store import SQLTrackerStore
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

from stores import tracker_store
from stores.conversation import Conversation
from stores.tracker_store import ConversationStore

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


async def add(store: SQLTrackerStore, sender: str, events: list[Event]) -> None:
    tracker = await store.get_or_create_tracker(sender)
    tracker.update_with_events(events, DOMAIN)
    await store.save(tracker)


async def texts(store: SQLTrackerStore, sender: str) -> list[str | None]:
    tracker = await store.retrieve(sender)
    return [event.text for event in tracker.events if isinstance(event, UserUttered)] if tracker else []


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "c.db")


def store(file: str) -> ConversationStore:
    return ConversationStore(DOMAIN, db=file)


def test_what_is_saved_is_read_back_by_another_store(file: str) -> None:
    async def play() -> None:
        first = store(file)
        await add(first, "me", START + turn(1))
        await add(first, "me", turn(2))
        for reader in (first, store(file), SQLTrackerStore(DOMAIN, db=file)):
            tracker = await reader.retrieve("me")
            assert tracker is not None
            assert isinstance(tracker.events[0], SessionStarted)
            assert await texts(reader, "me") == ["question 1", "question 2"]
            assert tracker.get_slot("place") == "place 2"
            assert list(tracker.events)[-2].metadata == {"topic": "placebo", "part": "text"}

    asyncio.run(play())


def test_a_second_process_is_noticed(file: str) -> None:
    async def play() -> None:
        one, two = store(file), store(file)
        await add(one, "me", START + turn(1))
        await add(two, "me", turn(2))
        await add(one, "me", turn(3))
        for reader in (one, two):
            assert await texts(reader, "me") == ["question 1", "question 2", "question 3"]

    asyncio.run(play())


def test_a_turn_that_was_not_saved_leaves_nothing(file: str) -> None:
    async def play() -> None:
        kept = store(file)
        await add(kept, "me", START + turn(1))
        unsaved = await kept.get_or_create_tracker("me")
        unsaved.update_with_events(turn(2), DOMAIN)
        assert await texts(kept, "me") == ["question 1"]

    asyncio.run(play())


def test_a_new_session_starts_afresh_and_the_old_one_stays_in_the_file(file: str) -> None:
    async def play() -> None:
        kept = store(file)
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


def test_conversations_beyond_those_at_hand_are_read_from_the_file(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_store, "RECENT", 2)

    async def play() -> None:
        kept = store(file)
        for sender in "abcd":
            await add(kept, sender, START + turn(1))
        for sender in "abcd":
            await add(kept, sender, turn(2))
            assert await texts(kept, sender) == ["question 1", "question 2"]

    asyncio.run(play())


def test_an_unknown_conversation_is_none(file: str) -> None:
    assert asyncio.run(store(file).retrieve("nobody")) is None
    tracker = asyncio.run(store(file).get_or_create_tracker("nobody"))
    assert isinstance(tracker, DialogueStateTracker)


def test_turns_that_come_together_are_all_on_the_disk_when_they_are_saved(file: str) -> None:
    senders = [f"patient {number}" for number in range(40)]

    async def one(kept: ConversationStore, sender: str) -> list[str | None]:
        await add(kept, sender, START + turn(1))
        # Another store sees the file alone.
        return await texts(store(file), sender)

    async def play() -> None:
        kept = store(file)
        assert await asyncio.gather(*(one(kept, sender) for sender in senders)) == [["question 1"]] * len(senders)

    asyncio.run(play())


def test_a_turn_that_cannot_be_written_is_nobody_elses_loss(file: str) -> None:
    senders = ["one", "lone surrogate \ud800", "two"]

    async def play() -> None:
        kept = store(file)
        outcomes = await asyncio.gather(*(add(kept, sender, START + turn(1)) for sender in senders), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), UnicodeEncodeError, type(None)]
        assert [await texts(store(file), sender) for sender in ("one", "two")] == [["question 1"]] * 2

    asyncio.run(play())


def test_what_the_file_cannot_take_is_refused_at_once_and_taken_later(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_store, "BUSY_SECONDS", 0.2)

    async def play() -> None:
        kept = store(file)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(*(add(kept, sender, START + turn(1)) for sender in "abc"), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {sqlalchemy.exc.OperationalError}
            other.execute("ROLLBACK")
        await add(kept, "a", START + turn(2))
        assert await texts(store(file), "a") == ["question 2"]

    asyncio.run(play())


def test_two_turns_from_the_same_state_leave_what_the_file_says(file: str) -> None:
    async def play() -> None:
        kept = store(file)
        await add(kept, "me", START + turn(1))
        first, second = [await kept.get_or_create_tracker("me") for _ in range(2)]
        first.update_with_events(turn(2), DOMAIN)
        second.update_with_events(turn(3) + turn(4), DOMAIN)
        await kept.save(first)
        await kept.save(second)
        assert await texts(kept, "me") == await texts(store(file), "me")

    asyncio.run(play())


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
def test_what_is_kept_at_hand_is_what_would_be_read_from_the_file(events: list[Event], file: str) -> None:
    async def play() -> None:
        kept = store(file)
        for number in range(0, len(events), 3):
            await add(kept, "me", events[number : number + 3])
            at_hand, read = await kept.retrieve("me"), await store(file).retrieve("me")
            assert at_hand is not None
            assert read is not None
            assert state(at_hand) == state(read)

    asyncio.run(play())

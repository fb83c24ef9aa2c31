"""Conversations are kept, read back as they were, and shared with other processes that write into the same file."""

import asyncio
from pathlib import Path

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from stores import tracker_store
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

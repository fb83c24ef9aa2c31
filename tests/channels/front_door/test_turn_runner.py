"""A turn is answered, fails with a sentence, is joined, refused or resumed; a real database and lock, in place of Rasa a function."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered

from trialguide.channels.front_door.history import ConversationHistory
from trialguide.channels.front_door.inbox_recovery import InboxRecovery
from trialguide.channels.front_door.incoming import IncomingMessage, Rejected
from trialguide.channels.front_door.server_context import ServerContext
from trialguide.channels.front_door.transcript import Entry
from trialguide.channels.front_door.turn_runner import MAX_TURNS, TurnRunner
from trialguide.dialogue.message_processor import ActionFailed
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.settings import read_settings
from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.lock_store import ConversationLocks, LockLost
from trialguide.storage.tracker_store import ConversationStore

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]")
SENDER = "web:me"
SETTINGS = read_settings({})

Handler = Callable[[UserMessage], Awaitable[None]]


class Server(ServerContext):
    """A server whose agent is a database and a lock store."""

    def __init__(self, file: Path, handler: Handler) -> None:
        super().__init__()
        self.store, self.locks, self.handler = ConversationStore(DOMAIN, db=str(file)), ConversationLocks(), handler
        self.handled: list[str] = []

    @property
    def agent(self) -> Any:
        return SimpleNamespace(tracker_store=self.store, lock_store=self.locks, processor=None)

    async def handle(self, message: UserMessage) -> None:
        self.handled.append(message.text)
        await self.handler(message)

    async def save(self, message: UserMessage, *replies: str) -> None:
        """Replies and saves the turn, as Rasa does."""
        tracker = await self.store.get_or_create_tracker(message.sender_id, append_action_listen=False)
        tracker.update(UserUttered(message.text, {"name": "ask"}, metadata=message.metadata), DOMAIN)
        for reply in replies:
            event = BotUttered(reply)
            tracker.update(event, DOMAIN)
            await message.output_channel.send_response(message.sender_id, event.message())
        tracker.update(ActionExecuted("action_listen"), DOMAIN)
        await self.store.save(tracker)


class Channel:
    """Records what is shown and which turns have finished."""

    prefix = "web"

    def __init__(self, server: Server) -> None:
        self.shown: list[str] = []
        self.finished: list[str] = []
        self.history = ConversationHistory(server)
        self.runner = TurnRunner(self, server, self.history, SETTINGS)
        self.recovery = InboxRecovery(self, server)

    def name(self) -> str:
        return "website"

    def fixed_text(self, name: str) -> str:
        return f"sentence {name}"

    async def show(self, sender: str, entry: Entry) -> None:
        self.shown.append(entry.text)

    async def show_typing(self, sender: str, on: bool) -> None:
        self.shown.append(f"typing {on}")

    def on_turn_finished(self, message: Message) -> None:
        self.finished.append(message.message_id)

    def in_progress(self) -> list[Message]:
        return []

    async def resume(self, message: Message) -> None:
        await self.runner.submit(IncomingMessage.from_stored(message), stored=True)


def message(id: str = "m1", text: str = "question") -> IncomingMessage:
    return IncomingMessage(SENDER, id, text, f"{text}, as typed")


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries]


async def answers(server: Server, message: UserMessage) -> None:
    await server.save(message, "one", "two")


async def is_silent(server: Server, message: UserMessage) -> None:
    await server.save(message)


async def is_slow(server: Server, message: UserMessage) -> None:
    """Moves the event loop's clock behind the turn's timeout, so that no load on the machine decides what is slow."""
    loop, read_clock = asyncio.get_running_loop(), asyncio.get_running_loop().time
    loop.time = lambda: read_clock() + SETTINGS.turn_seconds  # type: ignore[method-assign]
    await asyncio.sleep(SETTINGS.turn_seconds)


async def is_slow_after_saving(server: Server, message: UserMessage) -> None:
    await server.save(message, "one", "two")
    await is_slow(server, message)


async def loses_an_action(server: Server, message: UserMessage) -> None:
    raise ActionFailed("look_up")


async def breaks(server: Server, message: UserMessage) -> None:
    raise KeyError("broken")


OUTCOMES = [
    (answers, ["one", "two"], "answered"),
    (is_slow_after_saving, ["one", "two"], "answered"),
    (is_silent, ["sentence trouble"], "trouble"),
    (is_slow, ["sentence slow"], "slow"),
    (loses_an_action, ["sentence no_actions"], "no_actions"),
    (breaks, ["sentence trouble"], "trouble"),
]


def playing(file: Path, behaviour: Callable[[Server, UserMessage], Awaitable[None]]) -> tuple[Server, Channel]:
    server: Server

    async def handler(message: UserMessage) -> None:
        await behaviour(server, message)

    server = Server(file, handler)
    return server, Channel(server)


@pytest.mark.parametrize(("behaviour", "heard", "outcome"), OUTCOMES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_turn_is_shown_in_order_whatever_comes_of_it_and_logged_in_one_line(
    tmp_path: Path,
    behaviour: Callable[[Server, UserMessage], Awaitable[None]],
    heard: list[str],
    outcome: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="trialguide")

    async def play() -> None:
        _, channel = playing(tmp_path / "c.db", behaviour)
        answer = await (await channel.runner.submit(message(), stored=False))
        assert texts(answer) == ["question, as typed", *heard]
        assert [entry.number for entry in answer] == sorted({entry.number for entry in answer})
        await channel.runner.finish()
        assert channel.shown == ["question, as typed", "typing True", *heard, "typing False"]
        assert channel.finished == ["m1"]
        assert not channel.runner.is_busy(SENDER)

    # Not uvloop, which Sanic installs and whose clock cannot be moved.
    with closing(asyncio.SelectorEventLoop()) as loop:
        loop.run_until_complete(play())
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert re.fullmatch(rf"Turn finished: channel=website outcome={outcome} milliseconds=\d+ request=[0-9a-f]{{32}}", line)
    assert "question" not in caplog.text


def test_a_message_that_is_delivered_again_joins_its_turn_or_gets_the_stored_entries(tmp_path: Path) -> None:
    async def play() -> None:
        server, channel = playing(tmp_path / "c.db", answers)
        first = await channel.runner.submit(message(), stored=False)
        assert await channel.runner.submit(message(), stored=False) is first
        assert await channel.runner.join(SENDER, "m1") is first
        entries = await first
        await channel.runner.finish()
        assert await channel.runner.join(SENDER, "m1") is None
        assert texts(await (await channel.runner.submit(message(), stored=False))) == texts(entries)
        assert server.handled == ["question"]
        assert await Inbox(server.store).claim_orphans(0, "web:") == []

    asyncio.run(play())


def test_turns_of_a_sender_run_in_order_and_too_many_are_rejected(tmp_path: Path) -> None:
    async def play() -> None:
        server, channel = playing(tmp_path / "c.db", answers)
        ids = [f"m{number}" for number in range(MAX_TURNS)]
        submitted = [asyncio.create_task(channel.runner.submit(message(id, id), stored=False)) for id in ids]
        await asyncio.sleep(0)
        assert channel.runner.is_busy(SENDER)
        with pytest.raises(Rejected, match="busy"):
            await channel.runner.submit(message("one more"), stored=False)
        for turn in submitted:
            await (await turn)
        assert server.handled == ids

    asyncio.run(play())


def test_the_history_includes_the_message_that_is_being_answered(tmp_path: Path) -> None:
    async def play() -> None:
        during: list[str] = []

        async def looks(server: Server, message: UserMessage) -> None:
            during.extend(texts(await channel.history.entries(SENDER)))
            await server.save(message, "one")

        _, channel = playing(tmp_path / "c.db", looks)
        await (await channel.runner.submit(message(), stored=False))
        assert during == ["question, as typed"]
        assert texts(await channel.history.entries(SENDER)) == ["question, as typed", "one"]

    asyncio.run(play())


class LostLocks(ConversationLocks):
    """A lock store that is away before or after it has given a place."""

    def __init__(self, error: Exception, queues: bool) -> None:
        super().__init__()
        self.error, self.queues = error, queues

    def lock(self, conversation_id: str, *_: Any, queued: Any = None, **__: Any) -> Any:
        if self.queues:
            queued.set_result(None)
        raise self.error


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("error", [Unavailable("lock"), LockLost()])
def test_a_turn_without_a_place_raises_and_a_new_message_is_withdrawn(tmp_path: Path, error: Exception, stored: bool) -> None:
    async def play() -> None:
        server, channel = playing(tmp_path / "c.db", answers)
        server.locks = LostLocks(error, queues=False)
        inbox = Inbox(server.store)
        if stored:
            await inbox.receive("turn", message().to_stored())
        with pytest.raises(type(error)):
            await channel.runner.submit(message(), stored)
        assert len(await inbox.claim_orphans(0, "web:")) == int(stored)
        assert channel.finished == ["m1"]

    asyncio.run(play())


def test_a_queued_turn_that_loses_its_lock_says_so_and_is_resumed_by_recovery(tmp_path: Path, monkeypatch: Any) -> None:
    async def play() -> None:
        server, channel = playing(tmp_path / "c.db", answers)
        server.locks = LostLocks(LockLost(), queues=True)
        assert texts(await (await channel.runner.submit(message(), stored=False))) == ["sentence trouble"]
        await channel.runner.finish()
        server.locks = ConversationLocks()
        await channel.recovery.recover()
        await channel.runner.finish()
        assert texts(await channel.history.entries(SENDER)) == ["question, as typed", "one", "two"]
        await channel.recovery.recover()
        assert server.handled == ["question"]

    monkeypatch.setattr("trialguide.channels.front_door.inbox_recovery.ORPHAN_SECONDS", 0)
    asyncio.run(play())


@pytest.mark.parametrize("about", [None, {"topic": "placebo", "version": "v1"}])
@pytest.mark.parametrize("reply_address", [None, "encrypted"])
def test_a_message_comes_out_of_the_inbox_as_it_went_in(about: Any, reply_address: str | None) -> None:
    accepted = IncomingMessage(SENDER, "m1", "read", "shown", about, reply_address)
    assert IncomingMessage.from_stored(accepted.to_stored()) == accepted

"""Conversations can be taken out of one database and put into another, whatever the kind of either."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import ROOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted, SlotSet, UserUttered
from services import postgresql_database

from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.tracker_store import ConversationStore

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]\nslots: {place: {type: text, mappings: [{type: custom}]}}")


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    with ExitStack() as stack:
        kinds = request.param.split(" to ")
        yield [
            str(tmp_path / f"{place}.db") if kind == "sqlite" else stack.enter_context(postgresql_database())
            for place, kind in enumerate(kinds)
        ]


def tool(name: str, file: Path, database: str) -> "subprocess.CompletedProcess[str]":
    variable = "DATABASE_URL" if "://" in database else "CONVERSATIONS"
    command = [sys.executable, "-m", "trialguide", name, str(file)]
    return subprocess.run(command, cwd=ROOT, env={variable: database}, capture_output=True, text=True)


async def talk(store: ConversationStore, sender: str, number: int) -> None:
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    events = [
        SessionStarted(),
        UserUttered(f"question {number} é \U0001f600 \0", {"name": "ask"}, metadata={"said": f"m{number}"}),
        SlotSet("place", f"place {number}"),
        BotUttered(f"answer {number}"),
    ]
    tracker.update_with_events(events, DOMAIN)
    await store.save(tracker)


def test_what_was_backed_up_is_there_after_a_restore_once(databases: list[str], tmp_path: Path) -> None:
    source, target = databases
    file = tmp_path / "backup.jsonl"

    async def before() -> None:
        store = ConversationStore(DOMAIN, db=source)
        for number in range(3):
            await talk(store, "web:a", number)
            await talk(store, "web:b", number + 3)
        await Inbox(store).receive("turn", Message("web:a", "waiting", {"text": "a question"}))
        # What is in the target already stays as it is.
        await talk(ConversationStore(DOMAIN, db=target), "web:b", 9)

    async def after() -> None:
        kept, other = ConversationStore(DOMAIN, db=source), ConversationStore(DOMAIN, db=target)
        mine, theirs = await kept.retrieve_full_tracker("web:a"), await other.retrieve_full_tracker("web:a")
        assert mine
        assert theirs
        assert [event.as_dict() for event in mine.events] == [event.as_dict() for event in theirs.events]
        latest = await other.retrieve("web:a")
        assert latest
        assert latest.get_slot("place") == "place 2"
        assert await Inbox(other).is_processed("web:a", "m2")
        assert [message.message_id for message in await Inbox(other).claim_orphans(0, "web:")] == ["waiting"]
        b = await other.retrieve_full_tracker("web:b")
        assert b
        assert len(b.events) == 4

    asyncio.run(before())
    assert tool("backup", file, source).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    done = tool("restore", file, target)
    assert "16 rows were restored. 12 were left out" in done.stdout, done
    assert "0 rows were restored" in tool("restore", file, target).stdout
    asyncio.run(after())


@pytest.mark.parametrize("content", ["", "no json\n", json.dumps({"trialguide": 99}) + "\n", "{}\n"])
def test_a_file_that_is_no_backup_changes_nothing(content: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    file.write_text(content)
    done = tool("restore", file, str(tmp_path / "c.db"))
    assert done.returncode == 1
    assert done.stderr
    # Nor is a file overwritten.
    assert tool("backup", file, str(tmp_path / "c.db")).returncode == 1
    assert file.read_text() == content

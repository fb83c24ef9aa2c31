"""Conversations can be taken out of one database and put into another, whatever the kind of either."""

import asyncio
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import ROOT, free_port
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted, SlotSet, UserUttered
from services import postgresql_database

from trialguide.commands import backup
from trialguide.commands.stack import CannotStart, Stack
from trialguide.storage.follows import pending
from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.ratings import Average, averages
from trialguide.storage.schema import RATING_ADDRESSES, VERSION
from trialguide.storage.tracker_store import ConversationStore
from trialguide.storage.unanswered import unanswered_between
from trialguide.storage.usage_counts import Count, counts_between

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]\nslots: {place: {type: text, mappings: [{type: custom}]}}")


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    with ExitStack() as stack:
        kinds = request.param.split(" to ")
        yield [
            str(tmp_path / f"{place}.db") if kind == "sqlite" else stack.enter_context(postgresql_database())
            for place, kind in enumerate(kinds)
        ]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        yield str(tmp_path / "c.db") if request.param == "sqlite" else stack.enter_context(postgresql_database())


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
        await Inbox(store).receive("turn", Message("web:a", "waiting", {"text": "a question"}), daily_address="2026-11-30:code")
        with store.connect() as connection:
            connection.execute(RATING_ADDRESSES.insert(), {"daily_address": "2026-11-30:code", "number": 1})
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
    assert "2026-11-30:code" not in file.read_text(encoding="utf-8")
    # How many counts there are depends on how long the turns took.
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    others = sum(row.get("sender_id") == "web:b" for row in rows)
    assert others == 12
    done = tool("restore", file, target)
    assert f"{len(rows) - others} rows were restored. {others} were left out" in done.stdout, done
    assert "0 rows were restored" in tool("restore", file, target).stdout
    asyncio.run(after())


def test_a_backup_of_the_version_before_is_restored_with_its_old_names(database: str) -> None:
    """The file was written by the last version before 0.1.0."""
    done = tool("restore", Path(__file__).with_name("backup_of_version_5.jsonl"), database)
    assert "17 rows were restored. 0 were left out" in done.stdout, done

    async def read() -> None:
        store = ConversationStore(DOMAIN, db=database)
        tracker = await store.retrieve("tg:a")
        assert tracker
        assert tracker.get_slot("place") == "DE/Berlin"
        assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["find a clinic", "pizza"]
        inbox = Inbox(store)
        assert [await inbox.is_processed("tg:a", id) for id in ("m1", "m2", "m3")] == [True, True, False]
        delivered = Message("tg:a", "m1", {"text": "find a clinic", "token": None}, "encrypted address")
        assert await inbox.claim_orphans(0, "") == [delivered, Message("web:b", "m3", {"text": "what is a placebo"})]
        # Its answer is stored, and still to be delivered.
        await inbox.mark_sent(delivered)
        assert [message.message_id for message in await inbox.claim_orphans(0, "")] == ["m3"]
        with store.connect() as connection:
            followed = pending(connection, {"placebo": "2" * 12, "costs": "2" * 12})
            assert [(one.topic, one.version, one.reply_address, one.interrupted) for one in followed] == [
                ("placebo", "0" * 12, "encrypted address", False),
                ("costs", "1" * 12, "encrypted address", True),
            ]
            assert averages(connection) == [Average("placebo", "0" * 12, 4.0, 1)]
            (row,) = unanswered_between(connection, "2026-11-30", "2026-11-30")
            assert (row.text, row.reason) == ("pizza", "out_of_scope")
            counts = counts_between(connection, "2026-11-30", "2026-11-30")
            assert counts[Count("2026-11-30", "telegram", "message", "")] == 2

    asyncio.run(read())


def test_a_backup_is_a_snapshot(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "BATCH", 1)

    async def play() -> list[str]:
        store = ConversationStore(DOMAIN, db=database)
        await talk(store, "web:a", 1)
        rows = backup.rows_of(store.engine)
        tables = [next(rows).get("table", "") for _ in range(2)]
        await talk(store, "web:b", 2)
        return tables + [row.get("sender_id") or row["table"] for row in rows]

    assert "web:b" not in asyncio.run(play())


def test_a_database_of_another_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
    with store.connect() as connection:
        connection.execute(VERSION.update().values(version=5))
    for command in ("backup", "restore"):
        file = tmp_path / command
        if command == "restore":
            file.write_text('{"trialguide": 7}\n')
        done = tool(command, file, str(tmp_path / "c.db"))
        assert done.returncode == 1
        assert "The database is of version 5, this TrialGuide needs version 7: back it up with" in done.stderr
        assert "Traceback" not in done.stderr
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as model:
        model.addfile(tarfile.TarInfo("metadata.json"))
    stack = Stack(tmp_path / "model.tar.gz", free_port(), free_port(), tmp_path / "c.db")
    with pytest.raises(CannotStart, match="The database is of version 5, this TrialGuide needs version 7"), stack:
        pass


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "This is no backup of TrialGuide, or one of a later version."),
        ("no json\n", "Line 1 is not complete"),
        (json.dumps({"trialguide": 99}) + "\n", "This is no backup of TrialGuide, or one of a later version."),
        ("{}\n", "This is no backup of TrialGuide, or one of a later version."),
        ("[1]\n", "This is no backup of TrialGuide, or one of a later version."),
        ('{"trialguide": 7}\n{"table": "events", "sen', "Line 2 is not complete: the file was cut off or changed."),
        ('{"trialguide": 7}\n[1]\n', "Line 2 is no row of a backup"),
        ('{"trialguide": 7}\n{"table": "events"}\n', "A row of “events” is none of this version."),
        ('{"trialguide": 7}\n{"table": "events", "nothing": 1}\n', "A row of “events” is none of this version."),
        ('{"trialguide": 7}\n{"table": "events", "sender_id": "a"}\n', "The database refuses a row of this backup"),
        ('{"trialguide": 7}\n{"table": "events", "sender_id": {}}\n', "Line 2 is no row of a backup"),
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(content: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    file.write_text(content)
    done = tool("restore", file, str(tmp_path / "c.db"))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    # Nor is a file overwritten.
    again = tool("backup", file, str(tmp_path / "c.db"))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert file.read_text() == content

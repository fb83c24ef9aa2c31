"""A copy of a person's data in the chat: in parts, a button for the next, and a sentence while the database is away."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_my_data import PART_LENGTH, SMS_PART_LENGTH, ActionMyData
from actions.database import _database
from trialguide.storage.database import open_engine
from trialguide.storage.schema import EVENTS, create_schema

NEXT = "Show me the next part of my data"
PERSON = "sms:a"
Message = dict[str, Any]


@pytest.fixture
def _fresh_database() -> Iterator[None]:
    _database.cache_clear()
    yield
    _database.cache_clear()


@pytest.fixture
def _conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fresh_database: None) -> None:
    """A conversation of forty turns."""
    monkeypatch.setenv("CONVERSATIONS", str(tmp_path / "c.db"))
    engine = open_engine(str(tmp_path / "c.db"))
    create_schema(engine)
    with engine.begin() as connection:
        for number in range(40):
            for kind, text in (("user", f"question {number} end"), ("bot", "word " * 40)):
                data = json.dumps({"event": kind, "text": text, "timestamp": number})
                row = {"sender_id": PERSON, "type_name": kind, "timestamp": number, "data": data}
                connection.execute(EVENTS.insert(), row)


def answer(text: str, before: Message | None = None, channel: str = "website") -> list[Message]:
    """The replies to a text after a reply."""
    heard = {"text": text, "intent": {"name": "my_data"}}
    marks = {name: value for name, value in (before or {}).items() if name in ("utter_action", "part", "until")}
    events = [{"event": "bot", "text": "x", "metadata": marks}, {"event": "user", "text": text, "input_channel": channel}]
    tracker = Tracker(PERSON, {}, heard, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    asyncio.run(ActionMyData().run(dispatcher, tracker, {}))
    return dispatcher.messages


@pytest.mark.usefixtures("_conversation")
@pytest.mark.parametrize(("channel", "length"), [("website", PART_LENGTH), ("telegram", PART_LENGTH), ("sms", SMS_PART_LENGTH)])
def test_the_parts_follow_each_other_to_the_first_message(channel: str, length: int) -> None:
    summary, *parts = answer("give me my data", channel=channel)
    assert summary["response"] == "my_data"
    assert summary["messages"] == 40
    assert [part["part"] for part in parts] == [1, 2]
    while parts[-1]["buttons"]:
        assert parts[-1]["buttons"] == [{"title": NEXT, "payload": NEXT}]
        parts += answer(NEXT.lower(), parts[-1], channel)
    texts = [part["text"] for part in parts]
    assert [part["part"] for part in parts] == [*range(1, len(parts) + 1)]
    assert all(f"part {number} of {len(parts)}." in text for number, text in enumerate(texts, start=1))
    assert max(map(len, texts)) <= length + 100
    assert "question 39 end" in texts[1] + texts[2]
    assert "question 0 end" in texts[-1]
    assert all(f"question {number} end" in "\n".join(texts) for number in range(40))


@pytest.mark.usefixtures("_conversation")
@pytest.mark.parametrize("text", ["give me my data", NEXT])
def test_without_a_part_before_it_begins_anew(text: str) -> None:
    assert answer(text, {"utter_action": "utter_greet"})[0]["response"] == "my_data"


@pytest.mark.usefixtures("_fresh_database")
def test_a_database_that_is_away_is_said_kindly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    part = {"utter_action": "data_copy", "part": 2, "until": 9.0}
    assert [message["response"] for message in answer("give me my data")] == ["my_data_away"]
    assert [message["response"] for message in answer(NEXT, part)] == ["my_data_away"]

"""The copy of a person's data has every store that an erasure empties, and nothing of anybody else."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.storage.data_copy import DataCopy, copy_of
from trialguide.storage.data_copy_text import COPY, as_parts, as_text
from trialguide.storage.database import open_engine
from trialguide.storage.retention import PERSONAL
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES, create_schema

PERSON, OTHER = "web:a", "web:ab"
AT = 1_790_000_000.0


@pytest.fixture
def engine(database: str) -> Engine:
    engine = open_engine(database)
    create_schema(engine)
    return engine


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    engine = open_engine(str(tmp_path / "c.db"))
    create_schema(engine)
    return engine


def value_of(column: sa.Column, words: str) -> Any:
    """A value for any column: the words where it holds text, so that a store of tomorrow is filled as well."""
    if column.name == "data":
        return json.dumps({"event": "user", "text": words, "timestamp": AT})
    texts = {"type_name": "user", "nearest": "[]", "reply_address": None, "version": "v", "day": "2026-11-30"}
    if column.name in texts:
        return texts[column.name]
    if isinstance(column.type, sa.Float):
        return AT
    if isinstance(column.type, (sa.Boolean, sa.Integer)):
        return 1
    return words[: getattr(column.type, "length", None)]


def plant(connection: Connection, sender: str, words: str) -> None:
    """A row in every table with personal data."""
    for table in PERSONAL:
        row = {column.name: value_of(column, f"{words} {table.name}") for column in table.c if column.name != "id"}
        if "notifying" in row:
            row["notifying"] = None
        connection.execute(table.insert(), row | {"sender_id": sender})


def said(connection: Connection, kind: str, text: str, at: float, **metadata: Any) -> None:
    data = json.dumps({"event": kind, "text": text, "timestamp": at, "metadata": metadata})
    connection.execute(EVENTS.insert(), {"sender_id": PERSON, "type_name": kind, "timestamp": at, "data": data})


def conversation(connection: Connection, turns: int) -> DataCopy:
    for number in range(turns):
        said(connection, "user", f"question {number} end", AT + number)
        said(connection, "bot", f"answer {number} {'word ' * 40}end", AT + number)
    return copy_of(connection, PERSON)


def test_every_store_that_an_erasure_empties_is_in_the_copy(engine: Engine) -> None:
    with engine.begin() as connection:
        plant(connection, PERSON, "Hildegard")
        plant(connection, OTHER, "Somebody")
        copy = copy_of(connection, PERSON)
    assert [*copy.rows] == [table.name for table in PERSONAL]
    written, text = json.dumps(copy.as_json()), as_text(copy)
    chat = "\n".join(as_parts(copy, 2500, AT))
    for table in PERSONAL:
        assert len(copy.rows[table.name]) == 1, table.name
        for form in (written, text, chat):
            assert f"Hildegard {table.name}" in form, table.name
    assert "Somebody" not in written + text + chat
    assert OTHER not in written


def test_nothing_is_kept_of_a_stranger(engine: Engine) -> None:
    with engine.begin() as connection:
        plant(connection, OTHER, "Somebody")
        assert copy_of(connection, "web:").is_empty
        assert "Somebody" not in as_text(copy_of(connection, "web:%"))


def test_an_address_to_write_to_is_said_and_not_given_away(sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        follow = {"sender_id": PERSON, "topic": "placebo", "version": "v", "followed_at": AT, "reply_address": "gAAAAA-secret"}
        connection.execute(FOLLOWS.insert(), follow)
        data = json.dumps({"data": {"text": "hello"}, "reply_address": "gAAAAA-secret"})
        message = {"message_id": "m", "request_id": "r", "received_at": AT, "data": data}
        connection.execute(MESSAGES.insert(), message | {"sender_id": PERSON})
        copy = copy_of(connection, PERSON)
    assert "secret" not in json.dumps(copy.as_json())
    assert copy.rows["follows"][0]["reply_address"] == "encrypted"
    assert copy.rows["messages"][0]["data"]["reply_address"] == "encrypted"
    assert "Since 21 September 2026, 14:13: “What is a placebo?”" in as_text(copy)


def test_a_copy_that_was_shown_is_not_copied_again(sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        said(connection, "bot", "all of my secrets", AT, utter_action=COPY)
        text = as_text(copy_of(connection, PERSON))
    assert "secrets" not in text
    assert "(a part of a copy like this one)" in text


@pytest.mark.parametrize("length", [300, 600, 2500])
def test_parts_are_within_the_limit_and_hold_all_of_it(length: int, sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        copy = conversation(connection, 30)
        parts = as_parts(copy, length, AT + 100)
        assert max(map(len, parts)) <= length
        assert "Topics that you follow\nNothing." in parts[0]
        assert "answer 29" in parts[-1 if len(parts) == 2 else 1] + parts[2]
        whole = "\n".join(parts)
        assert all(f"question {number} end" in whole and f"answer {number} " in whole for number in range(30))
        # What is said in the meantime moves nothing.
        said(connection, "user", "give me my data", AT + 200)
        assert as_parts(copy_of(connection, PERSON), length, AT + 100) == parts


def test_a_text_longer_than_a_part_is_cut_between_words(sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        said(connection, "user", "long " * 500, AT)
        parts = as_parts(copy_of(connection, PERSON), 300, AT)
    assert max(map(len, parts)) <= 300
    assert " ".join(parts).count("long") == 500

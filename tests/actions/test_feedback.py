"""Ratings and followed topics while the database does not answer: a kind sentence, and no error."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import free_port
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_follow_topic import ActionFollowTopic, ActionMyFollows, ActionUnfollowTopic
from actions.action_rate_answer import ActionRateAnswer
from actions.database import _database

ANSWER: dict[str, Any] = {"event": "bot", "text": "An answer", "metadata": {"topic": "placebo", "version": "0" * 12}}


@pytest.fixture
def _nothing_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    _database.cache_clear()
    yield
    _database.cache_clear()


@pytest.mark.usefixtures("_nothing_answers")
@pytest.mark.parametrize(
    ("action", "intent", "text"),
    [
        (ActionRateAnswer(), "rate_answer", "4 stars"),
        (ActionFollowTopic(), "follow_topic", "follow this"),
        (ActionUnfollowTopic(), "unfollow_topic", "stop following"),
        (ActionMyFollows(), "my_follows", "what do i follow"),
    ],
)
def test_a_database_that_is_away_is_said_kindly(action: Action, intent: str, text: str) -> None:
    heard: dict[str, Any] = {"text": text, "intent": {"name": intent}, "metadata": {"said": "m1"}}
    said = {"event": "user", "text": text, "parse_data": heard, "input_channel": "website"}
    tracker = Tracker("web:a", {}, heard, [ANSWER, said], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    assert asyncio.run(action.run(dispatcher, tracker, {})) == []
    assert [message["response"] for message in dispatcher.messages] == ["not_kept"]

"""Conversations played against the running assistant; what it replies is compared with the table, words included."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from conftest import load_table, say

from trialguide.commands.stack import Stack
from trialguide.content.wording import load_words

PAIRS = "pairs.yml"
FILES = sorted(file for file in Path(__file__).parent.glob("*.yml") if file.name != PAIRS)
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {name: turns for file in FILES for name, turns in load_table(file).items()}
NOTICE = load_words()["notice"]["text"].partition("\n")[0]


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(name: str, stack: Stack) -> None:
    sender = uuid.uuid4().hex
    for number, turn in enumerate(CONVERSATIONS[name], start=1):
        replies = say(stack, sender, turn["says"])
        where = f"{name}, turn {number}, “{turn['says'][:60]}”"
        heard = "\n".join(reply.get("text", reply.get("image", "")) for reply in replies)
        choices = [button["title"] for reply in replies for button in reply.get("buttons", [])]
        assert heard, f"{where}: nothing came back"
        for words in as_list(turn.get("hears", [])):
            assert words in heard, f"{where}: “{words}” is missing in\n{heard}"
        for words in as_list(turn.get("not", [])):
            assert words not in heard, f"{where}: “{words}” should not stand in\n{heard}"
        for choice in as_list(turn.get("offers", [])):
            assert choice in choices, f"{where}: “{choice}” is not offered, only {choices}"
        if "replies" in turn:
            assert len(replies) == turn["replies"], f"{where}: {heard}"
        assert heard.count(NOTICE) <= 1

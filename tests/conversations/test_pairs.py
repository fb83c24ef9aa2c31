"""Whatever comes after what: every message has an answer, said once."""

import uuid
from pathlib import Path

import pytest
from conftest import load_table, say

from trialguide.commands.stack import Stack
from trialguide.content.wording import load_words

MESSAGES: list[str] = load_table(Path(__file__).with_name("pairs.yml"))
TROUBLE = load_words()["trouble"]["text"]


@pytest.mark.parametrize("first", MESSAGES)
def test_pairs(first: str, stack: Stack) -> None:
    for second in MESSAGES:
        sender = uuid.uuid4().hex
        for text in (first, second):
            said = [reply.get("text", reply.get("image", "")) for reply in say(stack, sender, text)]
            assert said, f"“{first}”, then “{second}”: nothing came back"
            assert len(set(said)) == len(said), f"“{first}”, then “{second}”: said twice: {said}"
            assert TROUBLE not in said, f"“{first}”, then “{second}”"

"""The terminal shows an answer with the same last line as every channel."""

from typing import Any

import pytest

from trialguide.commands.shell import _show

SOURCES = [{"organisation": "EMA", "link": "https://a.eu"}]


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"sources": SOURCES, "status": "A draft."}, "Source: EMA, https://a.eu. A draft."),
        ({"sources": SOURCES}, "Source: EMA, https://a.eu."),
        ({}, "An answer."),
    ],
)
def test_the_last_line_of_an_answer(entry: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    choices = [{"title": "More", "token": "t"}]
    assert _show({"text": "An answer.", "choices": choices, **entry}, 2) == ["t"]
    assert capsys.readouterr().out.splitlines()[-2:] == [line, "  3. More"]

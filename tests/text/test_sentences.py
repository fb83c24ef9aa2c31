"""Sentence splitting, and which parts of a message are questions."""

import pytest

from trialguide.text.sentences import MOST_PARTS, is_question, parts, without_questions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is a placebo", ["what is a placebo"]),
        ("what is a placebo and can I leave early?", ["what is a placebo", "can I leave early?"]),
        ("My scan was fine. Who pays for the trips?", ["My scan was fine.", "Who pays for the trips?"]),
        ("who runs trials, and how long do they take", ["who runs trials", "how long do they take"]),
        ("pros and cons of trials", ["pros and cons of trials"]),
        ("one\ntwo\n\n...\nthree", ["one", "two", "three"]),
        ("", []),
        ("?!. ...", []),
        (" ".join(f"Line {number}." for number in range(40)), [f"Line {number}." for number in range(40 - MOST_PARTS, 40)]),
    ],
)
def test_parts(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("part", "asks"),
    [
        ("can i leave early", True),
        ("and, please, who pays", True),
        ("the costs?", True),
        ("my scan was fine.", False),
        ("", False),
    ],
)
def test_questions(part: str, asks: bool) -> None:
    assert is_question(part) is asks


@pytest.mark.parametrize(
    ("text", "rest"),
    [("Too long for me. What is a placebo?", "Too long for me."), ("where is it", ""), ("good", "good"), ("", "")],
)
def test_what_is_said_beside_questions(text: str, rest: str) -> None:
    assert without_questions(text) == rest

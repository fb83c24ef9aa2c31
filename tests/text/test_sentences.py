"""Sentence splitting, and which parts of a message are questions."""

import pytest

from trialguide.text.sentences import (
    CLAUSE_WORDS,
    MOST_CLAUSES,
    MOST_PARTS,
    asking_clauses,
    is_question,
    parts,
    without_questions,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is a placebo", ["what is a placebo"]),
        ("what is a placebo and can I leave early?", ["what is a placebo", "can I leave early?"]),
        ("My scan was fine. Who pays for the trips?", ["My scan was fine.", "Who pays for the trips?"]),
        ("who runs trials, and how long do they take", ["who runs trials", "how long do they take"]),
        ("who can have it, do I get paid and can I back out", ["who can have it", "do I get paid", "can I back out"]),
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


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("so he said it is fine but I do not know how many times we go there", ["how many times we go there"]),
        ("right I wonder if it hurts and can she bring me", ["if it hurts and can she bring me", "can she bring me"]),
        ("she is well and that is all", []),
        (f"why {'so ' * 40}", [" ".join(["why", *["so"] * (CLAUSE_WORDS - 1)])]),
        ("why " * 40, ["why " * (MOST_CLAUSES - number - 1) + "why" for number in range(MOST_CLAUSES)]),
    ],
)
def test_questions_inside_of_a_long_message(text: str, clauses: list[str]) -> None:
    assert asking_clauses(text) == clauses

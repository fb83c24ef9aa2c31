"""Masking: personal data is masked, the subject of a question stays, and no text takes long."""

import re
from time import perf_counter
from typing import Any

import pytest
from conftest import ROOT, load_table
from hypothesis import given, settings
from hypothesis import strategies as st

from trialguide.text.masking import masked

TABLES: list[dict[str, Any]] = [load_table(ROOT / "tests" / "text" / f"{name}.yml") for name in ("masking", "masking_second")]
KNOWN_FAILURES = frozenset(load_table(ROOT / "tests" / "text" / "masking_known_failures.yml") or ())
BY_OTHERS: list[dict[str, Any]] = load_table(ROOT / "tests" / "text" / "masking_by_others.yml")
MASKED = [(token, marked) for table in TABLES for token, sentences in table["masked"].items() for marked in sentences]
UNTOUCHED = [sentence for table in TABLES for sentence in table["untouched"]]
SECRET = re.compile(r"\{(.*?)\}")
MOST_MISSED = 0.02
# Right among the even rows that others wrote, which were in view, and among the odd rows, which were not.
FEWEST_RIGHT_IN_VIEW, FEWEST_RIGHT_UNSEEN = 0.95, 0.76
# So many digits in a row give a number away.
TELLING_DIGITS = 6
# A text of the longest that is taken, on a machine that does other things too; it takes some 50 ms.
SECONDS = 1.0


def is_right(token: str, marked: str) -> bool:
    """Whether all that is in braces is gone, with the token that stands for it, and the first word before it is still there."""
    written = masked(marked.replace("{", "").replace("}", ""))
    secrets = {word for secret in SECRET.findall(marked) for word in re.findall(r"\w{2,}", secret)}
    rest = re.sub(r"\[.*?\]", "", written)
    kept = re.findall(r"\w+", marked.partition("{")[0])[:1]
    return f"[{token}]" in written and not secrets & set(re.findall(r"\w{2,}", rest)) and all(word in rest for word in kept)


def test_the_tables_are_large_and_little_of_them_is_missed() -> None:
    assert len(MASKED) >= 500
    assert len(UNTOUCHED) >= 120
    assert len({marked for _, marked in MASKED}) == len(MASKED)
    assert len(KNOWN_FAILURES) <= MOST_MISSED * len(MASKED)


@pytest.mark.parametrize(("token", "marked"), [row for row in MASKED if row[1] not in KNOWN_FAILURES])
def test_what_gives_somebody_away_is_masked(token: str, marked: str) -> None:
    assert is_right(token, marked), masked(marked.replace("{", "").replace("}", ""))


def is_still_there(secret: str, written: str) -> bool:
    """Whether a secret stands in what was written, whole or with six of its digits in a row, whatever signs part them."""
    digits = re.sub(r"\D", "", secret)
    runs = (digits[start : start + TELLING_DIGITS] for start in range(len(digits) - TELLING_DIGITS + 1))
    return secret in written or any(re.search(r"[^\w\[]{0,3}".join(run), written) for run in runs)


def is_masked_alone(row: dict[str, Any]) -> bool:
    """Whether all that must be hidden is gone and all that must be kept is there."""
    written = masked(row["text"])
    return not any(is_still_there(secret, written) for secret in row["hide"]) and all(kept in written for kept in row["keep"])


@pytest.mark.parametrize(("first", "fewest"), [(2, FEWEST_RIGHT_IN_VIEW), (1, FEWEST_RIGHT_UNSEEN)])
def test_most_of_what_others_wrote_is_masked_and_nothing_else(first: int, fewest: float) -> None:
    rows = BY_OTHERS[first - 1 :: 2]
    assert len(rows) == 150
    assert sum(map(is_masked_alone, rows)) / len(rows) >= fewest


@pytest.mark.parametrize("sentence", UNTOUCHED)
def test_what_a_question_is_about_stays(sentence: str) -> None:
    assert masked(sentence) == sentence


@pytest.mark.parametrize(("token", "marked"), [row for row in MASKED if row[1] in KNOWN_FAILURES])
def test_a_known_failure_that_has_come_right_leaves_the_list(token: str, marked: str) -> None:
    assert not is_right(token, marked)


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c"])
def test_what_an_editor_reads_has_no_signs_that_turn_its_direction(sign: str) -> None:
    assert masked(f"is {sign}gnp.exe{sign} safe") == "is gnp.exe safe"


PIECES = [
    "my name is ",
    "A",
    "a",
    "1",
    "12 ",
    "+1-",
    "@",
    ".",
    "-",
    " ",
    "Via ",
    "1.1.",
    "ABCD12",
    "(",
    "at ",
    "born ",
    "é",
    "\U0001f600",
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.text(max_size=20))
def test_no_text_takes_long(pieces: list[str], ending: str) -> None:
    text = ("".join(pieces) * 1000)[:980] + ending
    begun = perf_counter()
    masked(text)
    assert perf_counter() - begun < SECONDS


@settings(deadline=None)
@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = masked(text)
    assert masked(once) == once

"""No text that patients read claims a review that is not on record."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT

from trialguide.content.files import load_yaml

CLAIM = re.compile(
    r"(?<!peer-)(?<!peer )\breviewed\b|\b(checked|vetted|verified|validated) by\b|\b(medically|clinically)\b", re.I
)
# Medicines and trials are approved, too.
APPROVED = re.compile(r"\bapproved\b", re.I)
OURS = re.compile(r"\b(answers?|texts?|sentences?|information|this page|assistant|TrialGuide|my|our|we)\b", re.I)
DENIAL = re.compile(r"\b(no|not|never|nobody|none)\b", re.I)
# The sentences that are filled in from the records.
FROM_THE_RECORD = {
    "data/words/answers.yml": ("status_checked", "status_reviewed", "status_review_due"),
    "data/replies/about_bot.yml": ("utter_about_bot/reviewed",),
}


def texts(content: Any) -> Iterator[str]:
    """Every text of a content file; names of keys are none."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, (dict, list)):
        for part in content.values() if isinstance(content, dict) else content:
            yield from texts(part)


def claims(text: str) -> list[str]:
    """The sentences that claim a review."""
    sentences = re.split(r"(?<=[.!?:])\s+", text)
    about_us = [sentence for sentence in sentences if APPROVED.search(sentence) and OURS.search(sentence)]
    return [one for one in sentences if (CLAIM.search(one) or one in about_us) and not DENIAL.search(one)]


FILES = [
    *(file for folder in ("faq", "replies", "words") for file in sorted((ROOT / "data" / folder).glob("*.yml"))),
    *sorted((ROOT / "web" / "pages").glob("*.html")),
    ROOT / "docs" / "privacy.md",
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_text_claims_a_review(file: Any) -> None:
    name = file.relative_to(ROOT).as_posix()
    if file.suffix != ".yml":
        assert claims(re.sub(r"\{[{%].*?[%}]\}|<[^>]*>", " ", file.read_text(encoding="utf-8"))) == []
        return
    # Examples are what patients say.
    content = {key: value for key, value in load_yaml(file).items() if key != "nlu"}
    for section in ("words", "responses"):
        for entry in FROM_THE_RECORD.get(name, ()):
            (content.get(section) or {}).pop(entry, None)
    assert [claim for text in texts(content) for claim in claims(text)] == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("My answers were written and reviewed by people.", 1),
        ("Everything here is medically correct.", 1),
        ("This was checked by doctors. It is short.", 1),
        ("Our answers are approved.", 1),
        ("The medicine was approved in 2025.", 0),
        ("No doctor has reviewed it.", 0),
        ("A peer-reviewed journal.", 0),
    ],
)
def test_the_search_finds_claims(text: str, number: int) -> None:
    assert len(claims(text)) == number

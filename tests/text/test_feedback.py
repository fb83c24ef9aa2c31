"""Ratings and commands to follow a topic, as people type them."""

from pathlib import Path
from typing import Any

import pytest
from conftest import load_table

from trialguide.content.wording import fill, load_words
from trialguide.text.feedback import ParsedRating, load_following_reader, load_rating_reader

RATINGS = load_rating_reader()
FOLLOWING = load_following_reader()


@pytest.mark.parametrize("row", load_table(Path(__file__).with_name("ratings.yml")), ids=lambda row: repr(row["text"]))
def test_a_rating_is_read(row: dict[str, Any]) -> None:
    read = RATINGS.read(row["text"])
    if row.get("not_clear"):
        assert read is None or not read.clear
    elif row.get("none"):
        assert read is None
    else:
        expected = ParsedRating(row.get("stars"), row.get("comment", ""), row.get("bare", False), row.get("clear", False))
        assert read == expected


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("follow phase 2 trials", ("follow_topic", "phase 2 trials")),
        ("Please follow placebo", ("follow_topic", "placebo")),
        ("subscribe me to costs", ("follow_topic", "costs")),
        ("unfollow placebo", ("unfollow_topic", "placebo")),
        ("Stop following the phases", ("unfollow_topic", "the phases")),
        ("unsubscribe me from risks", ("unfollow_topic", "risks")),
        ("follow", None),
        ("follow-up after a trial", None),
        ("follow up visits", None),
        ("can I follow a diet in a trial", None),
        ("do I have to follow rules", None),
    ],
)
def test_commands(text: str, command: tuple[str, str] | None) -> None:
    assert FOLLOWING.command(text) == command


@pytest.mark.parametrize(("choice", "intent"), [("follow_named", "follow_topic"), ("unfollow_named", "unfollow_topic")])
def test_what_the_choices_say_is_understood(choice: str, intent: str) -> None:
    said = fill(load_words()[f"{choice}_choice"]["text"], {"title": "What is a placebo?"})
    assert FOLLOWING.command(said) == (intent, "“What is a placebo?”")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("follow this topic", ""),
        ("keep me posted on this please", ""),
        ("let me know when there's news about placebo", "placebo"),
        ("I'd like to follow the page about phases", "phases"),
        ("I no longer want to follow NET trials", "NET trials"),
        ("stop sending me updates about PRRT", "PRRT"),
    ],
)
def test_words_around_a_topic_are_left_out(text: str, words: str) -> None:
    assert FOLLOWING.topic_words(text) == words


@pytest.mark.parametrize(
    ("text", "everything"), [("unfollow all", True), ("Stop following EVERYTHING", True), ("unfollow placebo", False)]
)
def test_everything(text: str, everything: bool) -> None:
    assert FOLLOWING.means_everything(text) == everything

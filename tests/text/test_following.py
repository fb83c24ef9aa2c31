"""Which topic somebody names who wants to follow one."""

import pytest

from trialguide.content.wording import fill, load_words
from trialguide.text.following import load_following_reader

READER = load_following_reader()


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
    assert READER.command(text) == command


@pytest.mark.parametrize(("choice", "intent"), [("follow_named", "follow_topic"), ("unfollow_named", "unfollow_topic")])
def test_what_the_choices_say_is_understood(choice: str, intent: str) -> None:
    said = fill(load_words()[f"{choice}_choice"]["text"], {"title": "What is a placebo?"})
    assert READER.command(said) == (intent, "“What is a placebo?”")


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
    assert READER.topic_words(text) == words


@pytest.mark.parametrize(
    ("text", "everything"), [("unfollow all", True), ("Stop following EVERYTHING", True), ("unfollow placebo", False)]
)
def test_everything(text: str, everything: bool) -> None:
    assert READER.means_everything(text) == everything

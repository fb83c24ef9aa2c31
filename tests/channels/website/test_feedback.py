"""Answers are rated and topics followed: by the choices below an answer on the website, by typing everywhere."""

import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from messaging_client import Person, words_of
from website_client import new_conversation, replies, say

from trialguide.commands.stack import Stack
from trialguide.content.answer_versions import answer_versions
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import fill, load_words
from trialguide.storage.database import open_engine
from trialguide.storage.ratings import MAX_DAILY_RATINGS, MIN_RATINGS, Rating, rate
from trialguide.storage.schema import create_schema

WORDS = load_words()
TITLE = load_catalogue().titles["placebo"]
SECRET = "quagga"


@pytest.fixture(scope="module")
def rated(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An assistant whose answers some people have rated."""
    folder = tmp_path_factory.mktemp("rated")
    engine = open_engine(str(folder / "conversations.db"))
    create_schema(engine)
    versions = answer_versions()
    with engine.begin() as connection:
        for number, stars in enumerate((5, 5, 4, 4, 3) * (MIN_RATINGS // 5)):
            rate(connection, f"web:{number}", Rating("placebo", versions["placebo"], stars, SECRET))
            rate(connection, f"web:{number}", Rating("costs", "an older one", stars, SECRET))
            if number:
                rate(connection, f"web:{number}", Rating("phase_1", versions["phase_1"], stars, SECRET))
    engine.dispose()
    with Stack(model, free_port(), free_port(), folder / "conversations.db", log=folder / "log") as running:
        yield running


@pytest.fixture
def conversation(website: Stack) -> str:
    return new_conversation(website.address)


def asked(stack: Stack, conversation: str) -> dict[str, Any]:
    return replies(say(stack.address, conversation, "what is a placebo"))[-1]


def kept(stack: Stack) -> list[tuple[str, str, int, str | None]]:
    """The latest rating."""
    with closing(sqlite3.connect(stack.conversations)) as database:
        return database.execute(
            "SELECT topic, version, stars, comment FROM ratings ORDER BY rated_at DESC, id DESC LIMIT 1"
        ).fetchall()


def test_the_page_of_answers_shows_what_enough_people_thought_of_an_answer_as_it_is(rated: Stack) -> None:
    with urllib.request.urlopen(f"{rated.address}/chat/faq", timeout=10) as response:
        page = response.read().decode()
    articles = dict(re.findall(r'<article id="(\w+)">(.*?)</article>', page, re.DOTALL))
    assert "Rated 4.2 of 5 stars by 20 people" in articles["placebo"]
    assert [topic for topic, article in articles.items() if "Rated" in article] == ["placebo"]
    assert SECRET not in page
    assert "once at least 20 have" in page


def test_one_address_cannot_fill_an_answer_with_ratings_by_opening_conversations(website: Stack) -> None:
    for _ in range(MAX_DAILY_RATINGS + 2):
        conversation = new_conversation(website.address)
        say(website.address, conversation, "what is a placebo")
        say(website.address, conversation, "1 of 5 stars")
    with closing(sqlite3.connect(website.conversations)) as database:
        assert database.execute("SELECT max(number) >= 12 FROM rating_addresses").fetchall() == [(1,)]
        assert database.execute("SELECT count(*) <= 10 FROM ratings WHERE counts").fetchall() == [(1,)]
        addresses = database.execute("SELECT daily_address FROM rating_addresses").fetchall()
        # The message has left the inbox, and its address with it.
        assert database.execute("SELECT count(*) FROM messages WHERE daily_address IS NOT NULL").fetchall() == [(0,)]
    assert len([address for (address,) in addresses if len(address) == len("2026-11-30:") + 22]) == 1
    assert "127.0.0.1" not in str(addresses)


def test_below_an_answer_stand_stars_and_the_choice_to_follow(website: Stack, conversation: str) -> None:
    answer = asked(website, conversation)
    *stars, follow, unfollow = answer["feedback"]
    assert [choice["stars"] for choice in stars] == [1, 2, 3, 4, 5]
    assert [choice["title"] for choice in stars] == [fill(WORDS["rate_choice"]["text"], {"stars": n}) for n in range(1, 6)]
    assert follow["title"] == WORDS["follow_choice"]["text"]
    assert (follow["followed"], unfollow["followed"]) == (True, False)
    assert "stars" not in follow
    assert [choice["shown"] for choice in answer["feedback"]] == [
        *(f"{n} of 5 stars: {TITLE}" for n in range(1, 6)),
        f"Follow “{TITLE}”",
        f"Stop following “{TITLE}”",
    ]
    tokens = [choice["token"] for choice in (*answer["feedback"], *answer["choices"])]
    assert len(set(tokens)) == len(tokens)
    assert all(len(token.encode()) <= 64 for token in tokens)
    # Nothing else is to be rated.
    assert all("feedback" not in entry for entry in replies(say(website.address, conversation, "hello")))


def test_a_star_below_an_answer_rates_that_answer(website: Stack, conversation: str) -> None:
    first = asked(website, conversation)
    say(website.address, conversation, "what is informed consent")
    own, reply = say(website.address, conversation, token=first["feedback"][3]["token"])["entries"]
    assert own["text"] == f"4 of 5 stars: {TITLE}"
    assert reply["text"] == fill(WORDS["rated"]["text"], {"title": TITLE, "stars": 4})
    assert kept(website) == [("placebo", answer_versions()["placebo"], 4, None)]


def test_a_comment_is_kept_without_what_says_who_wrote_it(website: Stack, conversation: str) -> None:
    first = asked(website, conversation)
    comment = "too long, write to anna.schmidt@example.org"
    answer = say(website.address, conversation, comment, token=first["feedback"][1]["token"])
    assert answer["entries"][0]["text"] == f"2 of 5 stars: {TITLE}\n{comment}"
    assert WORDS["comment_kept"]["text"] in [entry["text"] for entry in replies(answer)]
    ((topic, _, stars, written),) = kept(website)
    assert (topic, stars) == ("placebo", 2)
    assert written is not None
    assert written.startswith("too long")
    assert "schmidt" not in written


@pytest.mark.parametrize(
    ("comment", "reason"), [("x" * 10_000, "too_long"), (" \n ", None), ("i cant breathe " + "x" * 5_000, "urgent")]
)
def test_comments_that_are_odd(website: Stack, conversation: str, comment: str, reason: str | None) -> None:
    token = asked(website, conversation)["feedback"][0]["token"]
    answer = say(website.address, conversation, comment, token=token)
    if reason == "too_long":
        assert (answer["accepted"], answer["reason"]) == (False, "too_long")
    elif reason == "urgent":
        assert replies(answer)[-1]["kind"] == "urgent"
    else:
        assert "1 of 5 stars" in replies(answer)[0]["text"]


@pytest.mark.parametrize("place", ["7", "9", "10", "99"])
def test_a_token_for_no_feedback_is_refused(website: Stack, conversation: str, place: str) -> None:
    token = asked(website, conversation)["feedback"][0]["token"]
    assert say(website.address, conversation, token=token[:-1] + place)["reason"] == "expired"
    assert say(website.address, new_conversation(website.address), token=token)["reason"] == "expired"


def test_a_rating_that_is_sent_twice_is_kept_once(website: Stack, conversation: str) -> None:
    token = asked(website, conversation)["feedback"][4]["token"]
    answers = [say(website.address, conversation, token=token, id="r1")["entries"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][1]["text"].startswith(WORDS["rated"]["text"].partition("{")[0])


def test_the_choice_to_follow(website: Stack, conversation: str) -> None:
    token = asked(website, conversation)["feedback"][5]["token"]
    own, reply = say(website.address, conversation, token=token)["entries"]
    assert own["text"] == f"Follow “{TITLE}”"
    assert reply["text"] == fill(WORDS["followed_for_a_visit"]["text"], {"title": TITLE})
    assert reply["kept"] == {"topic": "placebo", "followed": True}
    (listed,) = replies(say(website.address, conversation, "what do i follow"))
    assert listed["text"] == f"You follow:\n{TITLE}"
    (ended,) = replies(say(website.address, conversation, token=listed["choices"][0]["token"]))
    assert ended["text"] == fill(WORDS["unfollowed"]["text"], {"title": TITLE})
    assert ended["kept"] == {"topic": "placebo", "followed": False}


def test_the_choice_to_stop_following(website: Stack, conversation: str) -> None:
    follow, unfollow = asked(website, conversation)["feedback"][5:]
    say(website.address, conversation, token=follow["token"])
    (ended,) = replies(say(website.address, conversation, token=unfollow["token"]))
    assert ended["text"] == fill(WORDS["unfollowed"]["text"], {"title": TITLE})
    (listed,) = replies(say(website.address, conversation, "what do i follow"))
    assert listed["text"] == WORDS["follow_nothing"]["text"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("3 stars", {"topic": "placebo", "stars": 3}),
        ("follow this", {"topic": "placebo", "followed": True}),
        ("unfollow everything", {"followed": False}),
    ],
)
def test_what_was_kept_is_told_with_the_reply(website: Stack, conversation: str, said: str, kept: dict[str, Any]) -> None:
    asked(website, conversation)
    say(website.address, conversation, "follow phase 2")
    assert replies(say(website.address, conversation, said))[0]["kept"] == kept


NUMBERED = [("2", "Checked"), ("2 stars", "2 of 5 stars"), ("9", WORDS["number_unclear"]["text"])]


@pytest.mark.parametrize("name", ["telegram", "sms"])
@pytest.mark.parametrize(("said", "heard"), NUMBERED)
def test_a_number_chooses_where_choices_are_numbered_and_stars_rate(messaging: Any, name: str, said: str, heard: str) -> None:
    person = Person(messaging.stack, messaging.vendors[name])
    person.asks("what is a placebo")
    assert heard in words_of(person.asks(said))


FOLLOWED = {
    "telegram": "followed",
    "slack": "followed",
    "teams": "followed",
    "whatsapp": "followed_for_a_day",
    "messenger": "followed_for_a_day",
    "sms": "cannot_follow",
}


@pytest.mark.parametrize(("name", "words"), FOLLOWED.items())
def test_a_topic_is_followed_where_one_can_be_written_to(messaging: Any, name: str, words: str) -> None:
    person = Person(messaging.stack, messaging.vendors[name])
    person.asks("what is a placebo")
    assert words_of(person.asks("follow this")) == fill(WORDS[words]["text"], {"title": TITLE})
    with closing(sqlite3.connect(messaging.stack.conversations)) as database:
        rows = database.execute("SELECT reply_address FROM follows").fetchall()
    assert all(way_back and person.address not in way_back for (way_back,) in rows)
    if name != "sms":
        person.asks("stop following")


def test_a_question_behind_stars_is_not_kept_as_a_comment(website: Stack, conversation: str) -> None:
    asked(website, conversation)
    say(website.address, conversation, "2 stars, it was too long for me. What happens in phase 3?")
    ((_, _, stars, written),) = kept(website)
    assert (stars, written) == (2, "it was too long for me.")

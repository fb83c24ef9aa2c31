"""Ratings and follows in the database: one of each a person and topic, told once, gone when they are erased."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from trialguide.storage import follows
from trialguide.storage.database import open_engine
from trialguide.storage.follows import (
    Follow,
    claim,
    follow,
    last_message_times,
    mark_notified,
    pending,
    release,
    topics_followed,
    unfollow,
)
from trialguide.storage.inbox import Message
from trialguide.storage.ratings import MAX_COMMENT_LENGTH, MAX_DAILY_RATINGS, Average, Rating, averages, rate
from trialguide.storage.schema import EVENTS, FOLLOWS, MESSAGES, RATING_ADDRESSES, RATINGS, create_schema

OLD, NEW = "0" * 12, "1" * 12


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_engine(database)
    create_schema(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def ratings_of(connection: Connection, sender: str) -> list[Rating]:
    columns = (RATINGS.c.topic, RATINGS.c.version, RATINGS.c.stars, RATINGS.c.comment)
    rows = sa.select(*columns).where(RATINGS.c.sender_id == sender).order_by(RATINGS.c.id)
    return [Rating(*row) for row in connection.execute(rows)]


def test_a_later_rating_takes_the_place_of_an_earlier_one(connection: Connection) -> None:
    assert not rate(connection, "web:a", Rating("placebo", OLD, 2, "too long"))
    assert not rate(connection, "web:a", Rating("phase_1", OLD, 3))
    assert not rate(connection, "web:b", Rating("placebo", OLD, 5))
    assert rate(connection, "web:a", Rating("placebo", NEW, 4))
    assert ratings_of(connection, "web:a") == [Rating("placebo", NEW, 4), Rating("phase_1", OLD, 3)]
    assert averages(connection) == [
        Average("phase_1", OLD, 3.0, 1),
        Average("placebo", OLD, 5.0, 1),
        Average("placebo", NEW, 4.0, 1),
    ]


def test_the_mean_is_that_of_all_who_rated_this_version(connection: Connection) -> None:
    for number, stars in enumerate((5, 4, 4, 2)):
        rate(connection, f"web:{number}", Rating("placebo", OLD, stars))
    assert averages(connection) == [Average("placebo", OLD, 3.75, 4)]


def test_of_one_address_so_many_ratings_a_day_count_and_the_rest_are_stored(connection: Connection) -> None:
    def rates(number: int, address: str, stars: int) -> None:
        row = {
            "sender_id": f"web:{number}",
            "message_id": "m",
            "request_id": "",
            "received_at": 0.0,
            "attempts": 0,
            "data": "{}",
        }
        connection.execute(MESSAGES.insert(), row | {"daily_address": address})
        rate(connection, f"web:{number}", Rating("placebo", OLD, stars, "words"), "m")

    beyond = 3
    for number in range(MAX_DAILY_RATINGS + beyond):
        rates(number, "2026-11-30:a", 1)
    assert averages(connection) == [Average("placebo", OLD, 1.0, MAX_DAILY_RATINGS)]
    assert connection.execute(sa.select(sa.func.count()).select_from(RATINGS)).scalar() == MAX_DAILY_RATINGS + beyond
    # Whoever rates anew or erases their ratings makes no room for others of the address.
    assert rate(connection, f"web:{MAX_DAILY_RATINGS}", Rating("placebo", OLD, 1), "m")
    connection.execute(RATINGS.delete().where(RATINGS.c.sender_id == "web:0"))
    rates(100, "2026-11-30:a", 1)
    assert averages(connection) == [Average("placebo", OLD, 1.0, MAX_DAILY_RATINGS - 1)]
    # Another address, another day, a replacement.
    rates(101, "2026-11-30:b", 1)
    rates(102, "2026-12-01:a", 1)
    rate(connection, "web:102", Rating("placebo", OLD, 1), "m")
    assert averages(connection) == [Average("placebo", OLD, 1.0, MAX_DAILY_RATINGS + 1)]


def test_a_sender_without_an_address_is_one_of_their_own_and_in_no_readable_form(connection: Connection) -> None:
    for sender in ("tg:a", "tg:b"):
        for number in range(MAX_DAILY_RATINGS + 2):
            rate(connection, sender, Rating(f"topic_{number}", OLD, 5))
    assert {average.count for average in averages(connection)} == {2}
    assert len(averages(connection)) == MAX_DAILY_RATINGS
    addresses = connection.execute(sa.select(RATING_ADDRESSES.c.daily_address)).scalars().all()
    assert len(addresses) == 2
    assert not any("tg:" in address for address in addresses)


@pytest.mark.parametrize(
    ("comment", "kept"),
    [("x" * 10_000, "x" * MAX_COMMENT_LENGTH), ("", None), (None, None), ("é \U0001f600 ' \" \n %", "é \U0001f600 ' \" \n %")],
)
def test_a_comment_is_kept_as_far_as_it_is_bounded(connection: Connection, comment: str | None, kept: str | None) -> None:
    rate(connection, "web:a", Rating("placebo", OLD, 1, comment))
    assert ratings_of(connection, "web:a") == [Rating("placebo", OLD, 1, kept)]


def test_what_somebody_follows_is_listed_and_ends(connection: Connection) -> None:
    assert [follow(connection, "web:a", topic, OLD) for topic in ("placebo", "phase_1", "placebo")] == [True, True, False]
    follow(connection, "web:b", "placebo", OLD)
    assert topics_followed(connection, "web:a") == ["placebo", "phase_1"]
    assert unfollow(connection, "web:a", ["placebo", "costs"]) == 1
    assert unfollow(connection, "web:a", ["placebo"]) == 0
    follow(connection, "web:a", "costs", OLD)
    assert unfollow(connection, "web:a") == 2
    assert topics_followed(connection, "web:a") == []
    assert topics_followed(connection, "web:b") == ["placebo"]


def test_an_address_is_kept_beside_what_is_followed_and_nowhere_else(connection: Connection) -> None:
    def arrives(message_id: str, reply_address: str) -> None:
        row = {"sender_id": "tg:a", "message_id": message_id, "request_id": "", "received_at": 0.0, "attempts": 0}
        data = json.dumps(asdict(Message("tg:a", message_id, {}, reply_address)))
        connection.execute(MESSAGES.insert(), row | {"data": data})

    arrives("m1", "first")
    follow(connection, "tg:a", "placebo", OLD, "m1")
    # One who moves to another address is written to there, whatever they follow.
    arrives("m2", "second")
    follow(connection, "tg:a", "phase_1", OLD, "m2")
    assert connection.execute(sa.select(FOLLOWS.c.reply_address)).scalars().all() == ["second", "second"]
    unfollow(connection, "tg:a")
    assert connection.execute(sa.select(FOLLOWS)).all() == []


def test_followers_are_told_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows, "BATCH", 2)
    versions = {"placebo": NEW, "phase_1": OLD}

    def waiting(after: int = 0) -> list[Follow]:
        with engine.begin() as connection:
            return pending(connection, versions, after)

    with engine.begin() as connection:
        for number in range(3):
            follow(connection, f"web:{number}", "placebo", OLD)
            follow(connection, f"web:{number}", "phase_1", OLD)
        follow(connection, "web:new", "placebo", NEW)
    first, second = waiting()
    (third,) = waiting(second.number)
    assert [one.sender_id for one in (first, second, third)] == ["web:0", "web:1", "web:2"]
    with engine.begin() as connection:
        assert claim(connection, first, NEW)
        assert claim(connection, second, NEW)
    with engine.begin() as connection:
        assert not claim(connection, first, NEW)
        assert mark_notified(connection, first)
        assert not mark_notified(connection, first)
        release(connection, second)
    # The second is told another time; the third is being told elsewhere, until that is sure to have been interrupted.
    with engine.begin() as connection:
        assert claim(connection, third, NEW)
    assert waiting() == [second]
    monkeypatch.setattr(follows, "INTERRUPTED_SECONDS", -1)
    assert [(one.sender_id, one.interrupted) for one in waiting()] == [("web:1", False), ("web:2", True)]
    with engine.begin() as connection:
        unfollow(connection, "web:1")
        assert not claim(connection, second, NEW)


def test_when_people_wrote_last(connection: Connection) -> None:
    for sender, kind, time in (("wa:a", "user", 5.0), ("wa:a", "user", 9.0), ("wa:a", "bot", 11.0), ("wa:b", "bot", 3.0)):
        connection.execute(EVENTS.insert().values(sender_id=sender, type_name=kind, timestamp=time, data="{}"))
    assert last_message_times(connection, ["wa:a", "wa:a", "wa:b", "wa:c"]) == {"wa:a": 9.0}

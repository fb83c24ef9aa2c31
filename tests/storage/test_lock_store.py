"""One turn at a time for each conversation, in the order of arrival, over two servers: here two stores on one Redis."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from services import redis_address

import trialguide.storage.lock_store
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.storage.lock_store import ConversationLocks, LockLost, Ticket

ROUNDS = 200
AT_ONCE = 6


@pytest.fixture
def in_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two users of the locks are two servers; they leave nothing behind."""
    address = redis_address()
    monkeypatch.setenv("REDIS_URL", address)
    yield
    with redis.Redis.from_url(address) as client:
        assert list(client.scan_iter("turns:*")) == []


@pytest.fixture(params=["here", "redis"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two users of the locks are of one process, or of two servers."""
    if request.param == "here":
        monkeypatch.delenv("REDIS_URL", raising=False)
    else:
        request.getfixturevalue("in_redis")


@contextlib.asynccontextmanager
async def two_users() -> AsyncIterator[tuple[ConversationLocks, ConversationLocks]]:
    one = ConversationLocks()
    two = ConversationLocks() if one.service else one
    yield one, two
    await one.close()
    await two.close()


async def turn(
    store: ConversationLocks, conversation: str, done: list[int], number: int, queued: "asyncio.Future[None]"
) -> None:
    async with store.lock(conversation, queued=queued):
        done.append(number)
        # Whoever is let in meanwhile stands between the two.
        await asyncio.sleep(0)
        done.append(number)


async def hold(store: ConversationLocks, conversation: str, seconds: float) -> None:
    async with store.lock(conversation):
        await asyncio.sleep(seconds)


@pytest.mark.usefixtures("anywhere")
def test_six_messages_at_once_over_two_servers_all_come_in_their_order() -> None:
    async def play() -> None:
        async with two_users() as users:
            for _ in range(ROUNDS):
                conversation, turns = uuid.uuid4().hex, []
                done: list[int] = []
                for number in range(AT_ONCE):
                    queued = asyncio.get_running_loop().create_future()
                    turns.append(asyncio.create_task(turn(users[number % 2], conversation, done, number, queued)))
                    await queued
                await asyncio.gather(*turns)
                assert done == [number for number in range(AT_ONCE) for _ in range(2)]

    asyncio.run(play())


@pytest.mark.usefixtures("anywhere")
def test_six_messages_at_the_same_moment_are_kept_apart() -> None:
    async def play() -> None:
        future = asyncio.get_running_loop().create_future
        async with two_users() as users:
            for _ in range(ROUNDS):
                conversation = uuid.uuid4().hex
                done: list[int] = []
                await asyncio.gather(*(turn(users[n % 2], conversation, done, n, future()) for n in range(AT_ONCE)))
                assert sorted(done[::2]) == list(range(AT_ONCE))
                assert done[::2] == done[1::2]

    asyncio.run(play())


@pytest.mark.usefixtures("anywhere")
def test_other_conversations_do_not_wait_and_whoever_holds_a_lock_does_not_wait_for_itself() -> None:
    async def play() -> None:
        async with two_users() as (one, two), one.lock("a"), two.lock("b"), one.lock("a"):
            await one.ping()

    asyncio.run(asyncio.wait_for(play(), 5))


@pytest.mark.usefixtures("anywhere")
def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    async def play() -> None:
        async with two_users() as (one, two):
            holding = asyncio.create_task(hold(one, "a", 0.3))
            await asyncio.sleep(0.05)
            waiting = asyncio.create_task(hold(two, "a", 9))
            last = asyncio.create_task(hold(one, "a", 0))
            await asyncio.sleep(0.1)
            waiting.cancel()
            await asyncio.wait({waiting})
            assert waiting.cancelled()
            assert not holding.done()
            await asyncio.wait_for(asyncio.gather(holding, last), 2)
            assert len(one.local_locks) == len(two.local_locks) == 0

    asyncio.run(play())


@pytest.mark.usefixtures("in_redis")
def test_the_lock_of_a_server_that_has_ended_is_free_when_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trialguide.storage.lock_store, "EXPIRY_SECONDS", 0.5)

    async def play() -> float:
        async with two_users() as (one, two):
            assert one._redis
            assert one.service
            # What a server that was killed leaves: a ticket that nobody renews.
            await Ticket(one._redis, one.service, "a").take()
            begun = asyncio.get_running_loop().time()
            async with two.lock("a"):
                return asyncio.get_running_loop().time() - begun

    assert 0.3 < asyncio.run(play()) < 2


@pytest.mark.usefixtures("in_redis")
def test_a_lock_is_renewed_as_long_as_its_turn_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trialguide.storage.lock_store, "EXPIRY_SECONDS", 0.6)
    monkeypatch.setattr(trialguide.storage.lock_store, "RENEW_SECONDS", 0.1)

    async def play() -> None:
        async with two_users() as (one, two):
            holding = asyncio.create_task(hold(one, "a", 1.5))
            await asyncio.sleep(0.1)
            waiting = asyncio.create_task(hold(two, "a", 0))
            await asyncio.sleep(1.2)
            assert not waiting.done()
            await asyncio.gather(holding, waiting)

    asyncio.run(play())


@pytest.mark.usefixtures("in_redis")
def test_a_turn_whose_lock_is_lost_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trialguide.storage.lock_store, "RENEW_SECONDS", 0.1)

    async def play() -> None:
        async with two_users() as (one, _):
            holding = asyncio.create_task(hold(one, "a", 9))
            await asyncio.sleep(0.1)
            assert one._redis
            # Redis was started anew and keeps nothing, or another server took the ticket for dead.
            async for key in one._redis.scan_iter("turns:*"):
                await one._redis.delete(key)
            with pytest.raises(LockLost):
                await asyncio.wait_for(holding, 2)

    asyncio.run(play())


def test_a_redis_that_is_away_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")

    async def play() -> None:
        async with two_users() as (one, _):
            with pytest.raises(Unavailable) as first:
                await hold(one, "a", 0)
            with pytest.raises(Unavailable) as second:
                await hold(one, "a", 0)
            assert first.value.__cause__ is not None
            assert second.value.__cause__ is None, "the second call asks nobody"

    asyncio.run(play())

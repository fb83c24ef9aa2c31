"""One holder at a time for each key, in the order of arrival, and no memory of unused keys."""

import asyncio

from trialguide.runtime.keyed_lock import KeyedLock


def test_holders_of_a_key_follow_one_another_and_other_keys_do_not_wait() -> None:
    lock, done = KeyedLock(), []

    async def hold(key: str, name: str) -> None:
        async with lock.hold(key):
            done.append(f"{name} begins")
            await asyncio.sleep(0.01)
            done.append(f"{name} ends")

    async def play() -> None:
        async with lock.hold("b"):
            await asyncio.gather(hold("a", "first"), hold("a", "second"))
            assert len(lock) == 1

    asyncio.run(play())
    assert done == ["first begins", "first ends", "second begins", "second ends"]
    assert len(lock) == 0


def test_a_cancelled_waiter_and_a_failed_holder_leave_the_key_free() -> None:
    lock = KeyedLock()

    async def hold(seconds: float) -> None:
        async with lock.hold("a"):
            await asyncio.sleep(seconds)
            raise ZeroDivisionError

    async def play() -> None:
        holding, waiting, last = (asyncio.create_task(hold(seconds)) for seconds in (0.05, 9, 0))
        await asyncio.sleep(0.01)
        waiting.cancel()
        outcomes = await asyncio.gather(holding, waiting, last, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError, asyncio.CancelledError, ZeroDivisionError]
        assert len(lock) == 0

    asyncio.run(play())

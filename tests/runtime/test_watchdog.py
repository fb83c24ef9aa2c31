"""The watchdog ends a process whose event loop is stuck, and no other."""

import asyncio
import threading
import time

import pytest

from trialguide.runtime.watchdog import STUCK_STATUS, Watchdog

SECONDS = 1.0


def watched(seconds: float, stuck: bool) -> list[int]:
    """The statuses that a process would have ended with, whose loop is busy for some seconds."""
    ended: list[int] = []

    async def serve() -> None:
        watchdog = Watchdog(asyncio.get_running_loop(), SECONDS, ended.append)
        watchdog.start()
        await asyncio.sleep(0)
        if stuck:
            time.sleep(seconds)
        else:
            await asyncio.sleep(seconds)
        watchdog.stop()

    asyncio.run(serve())
    return ended


def test_a_stuck_loop_ends_the_process_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    assert watched(3 * SECONDS, stuck=True) == [STUCK_STATUS]
    assert [record.getMessage() for record in caplog.records] == [
        "The event loop has been stuck for 1 seconds. The process ends, to be restarted."
    ]


@pytest.mark.parametrize(("seconds", "stuck"), [(3 * SECONDS, False), (0.4 * SECONDS, True)])
def test_a_loop_that_runs_or_is_busy_for_a_moment_goes_on(seconds: float, stuck: bool) -> None:
    assert watched(seconds, stuck) == []


def test_a_log_that_nobody_can_write_to_does_not_keep_a_stuck_process(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.acquire()
    try:
        assert watched(5 * SECONDS, stuck=True) == [STUCK_STATUS]
    finally:
        caplog.handler.release()


def test_a_watchdog_that_is_stopped_ends_nothing() -> None:
    ended: list[int] = []

    async def serve() -> None:
        watchdog = Watchdog(asyncio.get_running_loop(), SECONDS, ended.append)
        watchdog.start()
        watchdog.stop()

    asyncio.run(serve())
    time.sleep(2 * SECONDS)
    assert ended == []
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}

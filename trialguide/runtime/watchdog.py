"""Watchdog of the event loop: a thread that ends the process when the loop is stuck, so that its supervisor restarts it.

A stuck loop answers nobody, and cannot notice it by itself. A call that holds the interpreter's lock stops the watchdog too;
an outside probe of `/health/live` sees both.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable

from sanic import Sanic

logger = logging.getLogger(__name__)

# EX_SOFTWARE of sysexits.h.
STUCK_STATUS = 70
BEATS_A_SECOND = 2
LOG_SECONDS = 1.0


class Watchdog:
    """Counts its own ticks since the last heartbeat of the loop: a process that was frozen as a whole has missed none."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, end: Callable[[int], object] = os._exit) -> None:
        self._loop = loop
        self._seconds = seconds
        self._end = end
        self._missed = 0
        self._stopping = False

    def start(self) -> None:
        """Starts the heartbeat, in the loop's thread, and the thread that watches it."""
        self._beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stops watching."""
        self._stopping = True

    def _beat(self) -> None:
        self._missed = 0
        if not self._stopping:
            self._loop.call_later(1 / BEATS_A_SECOND, self._beat)

    def _watch(self) -> None:
        while not self._stopping:
            time.sleep(1 / BEATS_A_SECOND)
            self._missed += 1
            if self._missed > self._seconds * BEATS_A_SECOND:
                self._log()
                self._end(STUCK_STATUS)
                return

    def _log(self) -> None:
        """Logs from another thread: the stuck loop may hold the lock of the log, or nobody may read the log."""
        line = "The event loop has been stuck for %g seconds. The process ends, to be restarted."
        writer = threading.Thread(target=logger.critical, args=(line, self._seconds), daemon=True)
        writer.start()
        writer.join(LOG_SECONDS)


def watch_loop(app: Sanic, seconds: float) -> None:
    """Watches the event loop of a server from its start until it stops."""

    async def start(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        app.ctx.watchdog = Watchdog(loop, seconds)
        app.ctx.watchdog.start()

    async def stop(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
        app.ctx.watchdog.stop()

    app.register_listener(start, "after_server_start")
    app.register_listener(stop, "after_server_stop")

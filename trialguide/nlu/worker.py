"""Reads messages in a process of its own: `python -m trialguide.nlu.worker CONNECTION`, which a server starts for itself.

To understand a message takes more time than all the rest of a turn. In the server's own process it would take Python's lock,
and with it a core, away from the conversations of others.
"""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from trialguide.content.files import ROOT
from trialguide.runtime.garbage_collection import freeze_garbage_collector
from trialguide.runtime.lean_imports import install_import_stubs

logger = logging.getLogger(__name__)

START_SECONDS = 60
# A message takes some milliseconds; a process that takes so long for one hangs.
PATIENCE_SECONDS = 5
# Messages that are sent before the answer is there, so that nobody waits while an answer is on its way; more would lie in the
# connection, which holds a bounded number of bytes.
AHEAD = 2
READY = b"ready"
# Before the name of what went wrong, where an answer is expected.
FAILED = b"!"


class ParseError(Exception):
    """A message could not be read, or the process that reads them did not start; the text says why, without the message."""


@dataclass
class _Request:
    text: str
    answer: "asyncio.Future[str]"
    # Whether the process has ended at it before.
    again: bool = False


class NluWorker:
    """Has messages read in a process of its own, which ends with this one and is started again when it ends before."""

    def __init__(self, folder: Path, thresholds: Mapping[str, float]) -> None:
        """Starts it with what `learn` wrote into a folder. Raises ParseError."""
        # Rasa keeps the folder only while it loads a model.
        self._learned = {file.name: file.read_bytes() for file in folder.iterdir()}, dict(thresholds)
        self._waiting: deque[_Request] = deque()
        self._sent: deque[_Request] = deque()
        self._hanging: asyncio.TimerHandle | None = None
        self._starting: asyncio.Task[None] | None = None
        self._start()

    async def parse(self, text: str) -> str:
        """What a text is taken for, see `parse_data`, as JSON. Raises ParseError."""
        asked = _Request(text, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._pump()
        return await asked.answer

    def parse_blocking(self, text: str) -> str:
        """The same for who cannot do anything else meanwhile. Raises ParseError."""
        try:
            self._connection.send_bytes(_encode(text))
            return _answer(self._received(PATIENCE_SECONDS))
        except (EOFError, OSError):
            raise ParseError("the process that reads messages has ended") from None

    def _pump(self) -> None:
        """Sends what is next, and listens as long as an answer is to come."""
        if self._starting:
            return
        if self._connection.closed:
            self._restart()
            return
        # If it has ended, that is heard below.
        with contextlib.suppress(OSError):
            while self._waiting and len(self._sent) < AHEAD:
                self._sent.append(self._waiting.popleft())
                self._connection.send_bytes(_encode(self._sent[-1].text))
        loop = asyncio.get_running_loop()
        if not self._sent:
            loop.remove_reader(self._connection)
        elif not self._hanging:
            loop.add_reader(self._connection, self._on_readable)
            self._hanging = loop.call_later(PATIENCE_SECONDS, self._process.kill)

    def _on_readable(self) -> None:
        """Takes an answer, or hears that the process has ended."""
        self._no_longer_hanging()
        try:
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._connection)
            self._stop()
            self._restart()
            return
        asked = self._sent.popleft()
        # Whoever asked may have given up.
        if not asked.answer.done():
            try:
                asked.answer.set_result(_answer(answer))
            except ParseError as problem:
                asked.answer.set_exception(problem)
        self._pump()

    def _no_longer_hanging(self) -> None:
        if self._hanging:
            self._hanging.cancel()
            self._hanging = None

    def _restart(self) -> None:
        """Starts the process anew, which is then asked what it was asked before, but for a message at which it ended twice."""
        logger.error("The process that reads messages has ended; another one is started.")
        if self._sent and self._sent[0].again:
            unlucky = self._sent.popleft()
            if not unlucky.answer.done():
                unlucky.answer.set_exception(ParseError("the process that reads messages ended at it twice"))
        elif self._sent:
            self._sent[0].again = True
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        self._starting = asyncio.get_running_loop().create_task(self._start_again())

    async def _start_again(self) -> None:
        try:
            await asyncio.to_thread(self._start)
        except ParseError as problem:
            for asked in self._waiting:
                if not asked.answer.done():
                    asked.answer.set_exception(problem)
            self._waiting.clear()
            return
        finally:
            self._starting = None
        self._pump()

    def _start(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "trialguide.nlu.worker", str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        # At the latest when nobody needs it any more.
        self._stop = weakref.finalize(self, _end, self._connection, self._process)
        try:
            self._connection.send(self._learned)
            self._received(START_SECONDS)
        except (EOFError, OSError):
            self._stop()
            raise ParseError("the process that reads messages does not start; what it wrote says why") from None

    def _received(self, seconds: float) -> bytes:
        if not self._connection.poll(seconds):
            raise TimeoutError
        return self._connection.recv_bytes()


def serve(connection: Connection) -> None:
    """Reads the texts that come over a connection, one after the other. Raises EOFError or OSError when it is closed."""
    # Imported when needed: whoever starts such a process need not load what it loads.
    from trialguide.content.catalogue import load_catalogue
    from trialguide.nlu.parse_data import parse_data
    from trialguide.nlu.training import load_interpreter

    files, thresholds = connection.recv()
    with TemporaryDirectory(prefix="trialguide-reader-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        reader, catalogue = load_interpreter(Path(folder), thresholds), load_catalogue()
    del files
    freeze_garbage_collector()
    connection.send_bytes(READY)
    while True:
        text = connection.recv_bytes().decode()
        try:
            answer = json.dumps(parse_data(reader.interpret(text), catalogue)).encode()
        except Exception as problem:
            answer = FAILED + type(problem).__name__.encode()
        connection.send_bytes(answer)


def main() -> None:
    """Serves the connection of the file descriptor that is given."""
    # The server, which gets them as well, still has turns to finish; with it ends the connection.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    install_import_stubs()
    with contextlib.suppress(EOFError, OSError):
        serve(Connection(int(sys.argv[1])))


def _end(connection: Connection, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.kill()
    process.wait()


def _encode(text: str) -> bytes:
    # The encoder takes no lone surrogates.
    return text.encode(errors="replace")


def _answer(received: bytes) -> str:
    if received.startswith(FAILED):
        raise ParseError(received.removeprefix(FAILED).decode())
    return received.decode()


if __name__ == "__main__":
    main()

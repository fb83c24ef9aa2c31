"""Runs the NLU in a worker process, `python -m trialguide.nlu.worker FILE_DESCRIPTOR`, which a server starts for itself.

Parsing a message takes more time than the rest of its turn. In the server's own process it would hold Python's lock, and with
it a core, against all other conversations.
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
from trialguide.nlu.message import NO_CONTEXT, Context
from trialguide.runtime.garbage_collection import freeze_garbage_collector
from trialguide.runtime.lean_imports import install_import_stubs

logger = logging.getLogger(__name__)

START_SECONDS = 60
# A message takes some milliseconds; a worker that takes so long for one hangs.
TIMEOUT_SECONDS = 5
# Messages that are sent before the answer is there, so that the worker never waits for the next one; more would fill the
# connection's buffer.
MOST_IN_FLIGHT = 2
READY = b"ready"
# Prefix of an error's name in the place of an answer.
FAILED = b"!"


class ParseError(Exception):
    """A message could not be parsed, or the worker did not start; the text says why, without the message."""


@dataclass
class _Request:
    text: str
    context: Context
    answer: "asyncio.Future[str]"
    # Whether the worker has crashed at it before.
    retried: bool = False


class NluWorker:
    """Runs the NLU in a worker process that exits with its parent and is restarted if it crashes or hangs."""

    def __init__(self, folder: Path, thresholds: Mapping[str, float]) -> None:
        """Starts the worker with the model that `train` wrote into a folder. Raises ParseError."""
        # Rasa keeps the folder only while it loads a model.
        self._model = {file.name: file.read_bytes() for file in folder.iterdir()}, dict(thresholds)
        self._waiting: deque[_Request] = deque()
        self._in_flight: deque[_Request] = deque()
        self._timeout: asyncio.TimerHandle | None = None
        self._restarting: asyncio.Task[None] | None = None
        self._start()

    async def parse(self, text: str, context: Context = NO_CONTEXT) -> str:
        """The parse data of a text in its context, see `parse_data`, as JSON. Raises ParseError."""
        request = _Request(text, context, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._pump()
        return await request.answer

    def parse_blocking(self, text: str) -> str:
        """The same outside of an event loop. Raises ParseError."""
        try:
            self._connection.send_bytes(_encode(text, NO_CONTEXT))
            return _decode(self._receive(TIMEOUT_SECONDS))
        except (EOFError, OSError):
            raise ParseError("the process that reads messages has ended") from None

    def _pump(self) -> None:
        """Sends the next requests, and listens while any is in flight."""
        if self._restarting:
            return
        if self._connection.closed:
            self._restart()
            return
        # A crash shows when the answer is read.
        with contextlib.suppress(OSError):
            while self._waiting and len(self._in_flight) < MOST_IN_FLIGHT:
                self._in_flight.append(self._waiting.popleft())
                self._connection.send_bytes(_encode(self._in_flight[-1].text, self._in_flight[-1].context))
        loop = asyncio.get_running_loop()
        if not self._in_flight:
            loop.remove_reader(self._connection)
        elif not self._timeout:
            loop.add_reader(self._connection, self._on_readable)
            self._timeout = loop.call_later(TIMEOUT_SECONDS, self._process.kill)

    def _on_readable(self) -> None:
        """Receives an answer, or the end of the worker."""
        self._cancel_timeout()
        try:
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._connection)
            self._stop()
            self._restart()
            return
        request = self._in_flight.popleft()
        # It may have been cancelled.
        if not request.answer.done():
            try:
                request.answer.set_result(_decode(answer))
            except ParseError as problem:
                request.answer.set_exception(problem)
        self._pump()

    def _cancel_timeout(self) -> None:
        if self._timeout:
            self._timeout.cancel()
            self._timeout = None

    def _restart(self) -> None:
        """Restarts the worker and queues the requests in flight again, except one at which it has crashed twice."""
        logger.error("The process that reads messages has ended; another one is started.")
        if self._in_flight and self._in_flight[0].retried:
            request = self._in_flight.popleft()
            if not request.answer.done():
                request.answer.set_exception(ParseError("the process that reads messages ended at it twice"))
        elif self._in_flight:
            self._in_flight[0].retried = True
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight.clear()
        self._restarting = asyncio.get_running_loop().create_task(self._start_again())

    async def _start_again(self) -> None:
        try:
            await asyncio.to_thread(self._start)
        except ParseError as problem:
            for request in self._waiting:
                if not request.answer.done():
                    request.answer.set_exception(problem)
            self._waiting.clear()
            return
        finally:
            self._restarting = None
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
        # At the latest when this object is collected.
        self._stop = weakref.finalize(self, _terminate, self._connection, self._process)
        try:
            self._connection.send(self._model)
            self._receive(START_SECONDS)
        except (EOFError, OSError):
            self._stop()
            raise ParseError("the process that reads messages does not start; what it wrote says why") from None

    def _receive(self, seconds: float) -> bytes:
        if not self._connection.poll(seconds):
            raise TimeoutError
        return self._connection.recv_bytes()


def serve(connection: Connection) -> None:
    """Parses the texts that arrive over a connection, one after the other. Raises EOFError or OSError when it is closed."""
    # Imported when needed: the server, which starts the worker, does not load them.
    from trialguide.content.catalogue import load_catalogue
    from trialguide.nlu.parse_data import parse_data
    from trialguide.nlu.training import load_interpreter

    files, thresholds = connection.recv()
    with TemporaryDirectory(prefix="trialguide-nlu-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        interpreter, catalogue = load_interpreter(Path(folder), thresholds), load_catalogue()
    del files
    freeze_garbage_collector()
    connection.send_bytes(READY)
    while True:
        text, alarm, topic = json.loads(connection.recv_bytes())
        try:
            answer = json.dumps(parse_data(interpreter.interpret(text, Context(alarm, topic)), catalogue)).encode()
        except Exception as problem:
            answer = FAILED + type(problem).__name__.encode()
        connection.send_bytes(answer)


def main() -> None:
    """Serves the connection of a file descriptor."""
    # The server, which gets them as well, still has turns to finish; the connection ends with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    install_import_stubs()
    with contextlib.suppress(EOFError, OSError):
        serve(Connection(int(sys.argv[1])))


def _terminate(connection: Connection, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.kill()
    process.wait()


def _encode(text: str, context: Context) -> bytes:
    # The encoder takes no lone surrogates.
    return json.dumps([text.encode(errors="replace").decode(), context.alarm, context.topic]).encode()


def _decode(received: bytes) -> str:
    if received.startswith(FAILED):
        raise ParseError(received.removeprefix(FAILED).decode())
    return received.decode()


if __name__ == "__main__":
    main()

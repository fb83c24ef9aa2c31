"""A way to a service that can be cut or frozen: what a network or a machine does, on one machine and without root."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine


class Proxy:
    """Passes bytes on to a port of this machine, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.SelectorEventLoop()
        self._flowing: asyncio.Event
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def cut(self) -> None:
        """Ends all connections and refuses new ones."""
        self._call(self._cut)

    def mend(self) -> None:
        """Restores the connections."""
        self._call(self._mend)

    def freeze(self) -> None:
        """Accepts connections and bytes, and forwards nothing."""
        self._call(self._flowing.clear)

    def thaw(self) -> None:
        """Passes on again, what has come meanwhile as well."""
        self._call(self._flowing.set)

    def __enter__(self) -> "Proxy":
        started = threading.Event()

        async def serve() -> None:
            self._flowing = asyncio.Event()
            self._flowing.set()
            server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            async with server:
                with contextlib.suppress(asyncio.CancelledError):
                    await server.serve_forever()

        self._thread = threading.Thread(target=self._run, args=(serve(),), daemon=True)
        self._thread.start()
        started.wait(5)
        return self

    def __exit__(self, *error: object) -> None:
        self._call(self._cut)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, serve: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(serve)
        self._loop.run_forever()
        for left in asyncio.all_tasks(self._loop):
            left.cancel()
        self._loop.run_until_complete(asyncio.gather(task, asyncio.sleep(0.1), return_exceptions=True))

    def _call(self, work: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(5)

    def _mend(self) -> None:
        self._open = True

    def _cut(self) -> None:
        self._open = False
        for writer in self._writers:
            writer.transport.abort()
        self._flowing.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, other_writer}
        await asyncio.gather(self._pass(reader, other_writer), self._pass(other_reader, writer))
        self._writers -= {writer, other_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

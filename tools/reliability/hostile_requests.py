"""Hostile HTTP requests: named ones with the status each must get, and seeded mutations of ordinary ones."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass

from trialguide.commands.stack import HOST

LINE_END = b"\r\n"
JSON = b"Content-Type: application/json"
CHUNKED = b"Transfer-Encoding: chunked"
UPGRADE = (b"Connection: Upgrade", b"Upgrade: websocket")
KEY = (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
# Fragments at which parsers of HTTP fail.
FRAGMENTS = (
    b"Content-Length: -5",
    b"Content-Length: 5",
    b"Content-Length: abc",
    b"Content-Length: +2",
    b"Content-Length: 2, 2",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip",
    b"Expect: 100-continue",
    b"Expect: 200-nothing",
    b"Upgrade: websocket",
    b"Connection: keep-alive",
    b"Host: [::",
    b"Origin: \x1b[31m",
    b": empty",
    b" folded",
    b"-5",
    b"0",
    b"ffffffffffffffff",
    b"0x2",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"%",
    b"%00",
    b"//",
    b"..",
    b"http://[",
    b"HTTP/0.9",
    b"HTTP/2.0",
)


def request(method: bytes, path: bytes, *lines: bytes, body: bytes = b"") -> bytes:
    """The bytes of a request with the lines of its head."""
    return LINE_END.join((method + b" " + path + b" HTTP/1.1", b"Host: x", *lines, b"", body))


@dataclass(frozen=True)
class Hostile:
    """Header lines and a body that make a request hostile, with the status of the answer."""

    name: str
    lines: tuple[bytes, ...]
    body: bytes = b"{}"
    status: int = 400
    method: bytes = b"POST"

    def to(self, path: bytes) -> bytes:
        """The bytes of the request for a path."""
        return request(self.method, path, *self.lines, body=self.body)


# Refused by their heads, on every route.
HEADS = (
    Hostile("negative length", (JSON, b"Content-Length: -5")),
    Hostile("length of letters", (JSON, b"Content-Length: abc")),
    Hostile("length with a sign", (JSON, b"Content-Length: +2")),
    Hostile("length with an underscore", (JSON, b"Content-Length: 0_2")),
    Hostile("empty length", (JSON, b"Content-Length:")),
    Hostile("length in digits of another script", (JSON, "Content-Length: ٢".encode())),
    Hostile("two lengths", (JSON, b"Content-Length: 2", b"Content-Length: 3")),
    Hostile("the same length twice", (JSON, b"Content-Length: 2", b"Content-Length: 2")),
    Hostile("list of lengths", (JSON, b"Content-Length: 2, 2")),
    Hostile("length of 5000 digits", (JSON, b"Content-Length: " + b"9" * 5000)),
    Hostile("length and chunks", (JSON, b"Content-Length: 2", CHUNKED), b"0\r\n\r\n"),
    Hostile("chunks and length", (JSON, CHUNKED, b"Content-Length: -5"), b"0\r\n\r\n"),
    Hostile("unknown transfer coding", (JSON, b"Transfer-Encoding: gzip")),
    Hostile("chunked before another coding", (JSON, b"Transfer-Encoding: chunked, gzip")),
    Hostile("two transfer codings", (JSON, CHUNKED, CHUNKED), b"0\r\n\r\n"),
    Hostile("blank before the colon", (JSON, b"Content-Length : 2")),
    Hostile("folded line", (JSON, b"X: y", b" Content-Length: 2")),
    Hostile("line without a colon", (JSON, b"nothing")),
    Hostile("control character", (b"Origin: \x1b[31mFAKE",)),
    Hostile("line feed alone", (b"X: y\nContent-Length: 2",)),
    Hostile("expectation that is no text", (b"Expect: \xff100-continue", b"Content-Length: 2")),
    Hostile("two hosts", (b"Host: y",)),
    Hostile("upgrade with a negative length", (*UPGRADE, *KEY, b"Content-Length: -5"), b"", method=b"GET"),
    Hostile("upgrade with a body", (*UPGRADE, *KEY, b"Content-Length: 2"), method=b"GET"),
    Hostile("upgrade with chunks", (*UPGRADE, *KEY, CHUNKED), b"-5\r\n", method=b"GET"),
    Hostile("upgrade without a key", (*UPGRADE, KEY[0]), b"", method=b"GET"),
    Hostile("upgrade with a bad key", (*UPGRADE, KEY[0], b"Sec-WebSocket-Key: x"), b"", method=b"GET"),
    Hostile("line without an end", (b"X: " + b"y" * 20_000,), status=413),
)
# Refused while the body is read, where a route reads one.
BODIES = tuple(
    Hostile(name, (JSON, CHUNKED), body)
    for name, body in (
        ("negative chunk", b"-5\r\n{}\r\n0\r\n\r\n"),
        ("chunk size of letters", b"xyz\r\n{}\r\n0\r\n\r\n"),
        ("chunk size with a prefix", b"0x2\r\n{}\r\n0\r\n\r\n"),
        ("chunk size with a sign", b"+2\r\n{}\r\n0\r\n\r\n"),
        ("empty chunk size", b"\r\n{}\r\n0\r\n\r\n"),
        ("chunk size without an end", b"2" * 100),
        ("chunk longer than its size", b"1\r\n{}\r\n0\r\n\r\n"),
        ("trailers", b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"),
    )
)


def mutations(paths: tuple[bytes, ...], count: int, seed: int = 1) -> Iterator[bytes]:
    """Ordinary requests to these paths, each changed at one to four places. The same seed gives the same requests."""
    chance = random.Random(seed)  # noqa: S311
    corpus = [form for path in paths for form in _ordinary(path)]
    for _ in range(count):
        mutated = bytearray(chance.choice(corpus))
        for _ in range(chance.randint(1, 4)):
            _mutate(mutated, chance)
        yield bytes(mutated)


def _ordinary(path: bytes) -> tuple[bytes, ...]:
    return (
        request(b"GET", path),
        request(b"GET", path, *UPGRADE, *KEY),
        request(b"HEAD", path, b"Connection: close"),
        request(b"POST", path, JSON, b"Content-Length: 2", body=b"{}"),
        request(b"POST", path, JSON, CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n"),
        request(b"POST", path, JSON, b"Expect: 100-continue", b"Content-Length: 2", body=b"{}"),
        request(b"POST", path, JSON, b"Content-Length: 2", body=b"{}") + request(b"GET", path),
    )


def _mutate(data: bytearray, chance: random.Random) -> None:
    """Changes bytes in place: deletes, repeats or replaces a few, or inserts a fragment or a header line."""
    at = chance.randrange(len(data) + 1)
    length = chance.randint(1, 8)
    kind = chance.randrange(6)
    if kind == 0 and len(data) > length:
        del data[at : at + length]
    elif kind == 1:
        data[at:at] = data[at : at + length] * chance.choice((1, 2, 40))
    elif kind == 2:
        data[at : at + 1] = bytes((chance.randrange(256),))
    elif kind == 3:
        data[at:at] = chance.choice(FRAGMENTS)
    else:
        # Behind a line of the head, where it is most often a header of its own.
        line_end = data.find(LINE_END, at)
        data[line_end:line_end] = LINE_END + chance.choice(FRAGMENTS)


async def status(port: int, data: bytes, seconds: float) -> int | None:
    """Sends bytes over a connection of its own; the status of the final answer, None when the server closes without one.

    Raises TimeoutError when the server does neither in time.
    """
    reader, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), seconds)
    try:
        writer.write(data)
        return await asyncio.wait_for(_first_status(reader), seconds)
    except asyncio.TimeoutError:
        raise TimeoutError(f"no answer within {seconds:g} seconds to {data[:400]!r}") from None
    except ConnectionError:
        # A server that refuses a request need not read the rest of it.
        return None
    finally:
        writer.transport.abort()


async def _first_status(reader: asyncio.StreamReader) -> int | None:
    while line := await reader.readline():
        if line.startswith(b"HTTP/1.1 ") and not line.startswith(b"HTTP/1.1 100 "):
            return int(line.split()[1])
    return None

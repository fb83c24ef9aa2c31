"""Hostile HTTP requests: both servers refuse them at once and go on answering."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import free_port

from tools.reliability.fuzz import HANG_SECONDS, LIVE, MOST_GROWTH, PATHS, SETTINGS, fuzz
from tools.reliability.hostile_requests import BODIES, CHUNKED, HEADS, JSON, Hostile, request, status
from trialguide.commands.stack import ACTION_SERVER, HOST, RASA_SERVER, Stack

# The suite asks for less than `python -m tools fuzz`.
REQUESTS = 600
REQUEST_SECONDS = float(SETTINGS["REQUEST_SECONDS"])
SERVERS = (RASA_SERVER, ACTION_SERVER)
READ_BODIES = {RASA_SERVER: b"/chat/api/hello", ACTION_SERVER: b"/webhook"}


@pytest.fixture(scope="module")
def target(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers of their own: before the guard, one request silenced them for good."""
    folder = tmp_path_factory.mktemp("hostile")
    with Stack(model, free_port(), free_port(), folder / "c.db", log=folder / "log", settings=SETTINGS) as running:
        yield running


def port_of(stack: Stack, server: str) -> int:
    return stack.port if server == RASA_SERVER else stack.actions_port


def ask(stack: Stack, server: str, data: bytes) -> int | None:
    return asyncio.run(status(port_of(stack, server), data, HANG_SECONDS))


def assert_live(stack: Stack, server: str) -> None:
    assert ask(stack, server, request(b"GET", LIVE[server])) == 200


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("hostile", HEADS, ids=lambda hostile: hostile.name)
def test_a_hostile_head_is_refused_on_every_route(hostile: Hostile, server: str, target: Stack) -> None:
    paths = (*PATHS[server], b"/socket.io/?EIO=4&transport=websocket")
    assert {path: ask(target, server, hostile.to(path)) for path in paths} == dict.fromkeys(paths, hostile.status)
    assert_live(target, server)


@pytest.mark.parametrize("server", SERVERS)
def test_a_hostile_head_is_refused_before_its_body_comes(server: str, target: Stack) -> None:
    for hostile in HEADS[:3]:
        started = time.monotonic()
        head = request(hostile.method, b"/", *hostile.lines)
        assert ask(target, server, head) == 400
        assert time.monotonic() - started < REQUEST_SECONDS


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("hostile", BODIES, ids=lambda hostile: hostile.name)
def test_a_hostile_body_is_refused(hostile: Hostile, server: str, target: Stack) -> None:
    assert ask(target, server, hostile.to(READ_BODIES[server])) == hostile.status
    assert_live(target, server)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("beginning", "drop"),
    [
        (request(b"POST", b"PATH", JSON, b"Content-Length: 1000"), b"x"),
        (request(b"POST", b"PATH", JSON, CHUNKED), b"1\r\n \r\n"),
        (request(b"POST", b"PATH", JSON)[:-2], b"X: y\r\n"),
    ],
    ids=["body", "chunks", "head"],
)
def test_what_drips_ends_at_the_deadline(beginning: bytes, drop: bytes, server: str, target: Stack) -> None:
    async def drip() -> tuple[bytes, float]:
        reader, writer = await asyncio.open_connection(HOST, port_of(target, server))
        started = time.monotonic()
        writer.write(beginning.replace(b"PATH", READ_BODIES[server]))
        answer = asyncio.create_task(reader.readline())
        while not answer.done() and time.monotonic() < started + HANG_SECONDS:
            await asyncio.sleep(REQUEST_SECONDS / 5)
            writer.write(drop)
        writer.transport.abort()
        answer.cancel()
        return await answer, time.monotonic() - started

    line, seconds = asyncio.run(drip())
    assert line == b"HTTP/1.1 408 Request Timeout\r\n"
    assert seconds < 3 * REQUEST_SECONDS


@pytest.mark.parametrize("server", SERVERS)
def test_an_ordinary_chunked_body_is_read(server: str, target: Stack) -> None:
    body = b"1;name=value\r\n{\r\n01\r\n}\r\n0\r\n\r\n"
    assert ask(target, server, request(b"POST", READ_BODIES[server], JSON, CHUNKED, body=body)) == 200


@pytest.mark.parametrize(
    ("lines", "body", "code"),
    [
        ((JSON,), b"{}", 200),
        ((JSON + b"; charset=utf-8",), b"{}", 200),
        ((JSON, b"Origin: https://evil.example"), b"{}", 403),
        ((JSON, b"Origin: null"), b"{}", 403),
        ((JSON, b"Sec-Fetch-Site: cross-site"), b"{}", 403),
        ((JSON, b"Sec-Fetch-Site: none"), b"{}", 403),
        ((b"Content-Type: text/plain",), b"{}", 415),
        ((b"Content-Type: application/x-www-form-urlencoded",), b"a=b", 415),
        ((), b"{}", 415),
        ((JSON, b"Content-Encoding: deflate"), zlib.compress(b"{}"), 415),
        ((JSON, b"Content-Encoding: deflate"), b"{}", 415),
        ((JSON, b"Content-Encoding: gzip"), gzip.compress(b"{}"), 415),
        ((JSON,), b"{", 400),
        ((JSON,), b"[]", 400),
    ],
)
def test_the_action_server_serves_no_browser(lines: tuple[bytes, ...], body: bytes, code: int, target: Stack) -> None:
    data = request(b"POST", b"/webhook", *lines, b"Content-Length: %d" % len(body), body=body)
    assert ask(target, ACTION_SERVER, data) == code


@pytest.mark.parametrize("server", SERVERS)
def test_no_mutated_request_hangs_or_fails_a_server(server: str, target: Stack) -> None:
    found = fuzz(target, server, REQUESTS)
    assert not found.faults
    assert found.growth < MOST_GROWTH
    assert sum(found.statuses.values()) == REQUESTS
    assert target.ended() is None

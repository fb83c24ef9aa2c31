"""Guard of Sanic's HTTP parser: refuses requests whose end is not certain, and those that do not arrive in time.

Sanic 21.12, which Rasa pins, takes any integer for a length. With `Content-Length: -5` its `Http.read` cuts `buffer[:-5]`,
which is empty, and loops without awaiting anything: one request occupies the event loop for good. RFC 9112, section 6.3,
demands 400 for a length that is no number, for several lengths, and for a transfer coding that does not end in `chunked`;
section 6.1 lets a server refuse a request with both. The guard checks the head before a byte of the body is read and each
chunk header before it is used, and gives head and body together a deadline. It is stricter than the RFC: `chunked` in lower
case is the only transfer coding, and trailers are refused.

A Sanic that passes `tests/reliability/test_hostile_requests.py` without it, or another web server, would replace this module.
The number of open sockets per address is left to the proxy: all connections come from it and carry many clients' requests.
"""

import logging
import re
from asyncio import CancelledError, TimerHandle
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NoReturn

from httptools import HttpParserInvalidURLError, parse_url
from sanic.exceptions import SanicException
from sanic.http import Http, Stage
from sanic.server.protocols import http_protocol

logger = logging.getLogger(__name__)

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(TOKEN + rb" ([!-~]+) HTTP/1\.([01])")
# Neither folded nor with a control character; a blank before the colon is none of the name.
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
# Longer numbers are no lengths, and slow to convert.
LENGTH = re.compile(rb"[0-9]{1,18}")
CHUNK_HEADER = re.compile(rb"\r\n([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
LONGEST_CHUNK_HEADER = 66
WEBSOCKET_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
WEBSOCKET_VERSION = b"13"

Fields = dict[bytes, list[bytes]]


class Refusal(SanicException):
    """A request that is answered by the guard itself, whatever error handlers the application has."""


def install_http_guard(request_seconds: float) -> None:
    """Makes Sanic's servers in this process use the guard. A request must have arrived within `request_seconds`."""

    class DeadlineHttp(GuardedHttp):
        seconds = request_seconds

    vars(http_protocol)["Http"] = DeadlineHttp


class GuardedHttp(Http):
    """Sanic's HTTP connection with checks of its framing and a deadline for each request."""

    # Sanic's metaclass leaves an instance no other attributes.
    __slots__ = ("_timer",)
    seconds: float

    def __init__(self, protocol: http_protocol.HttpProtocol) -> None:
        sanic: Any = super()
        sanic.__init__(protocol)
        self._timer: TimerHandle | None = None

    async def http1(self) -> None:
        """Serves the connection until it closes."""
        sanic: Any = super()
        try:
            await sanic.http1()
        finally:
            self._stop_timer()

    async def http1_request_header(self) -> None:
        """Receives the head, checks it, and lets Sanic parse it."""
        sanic: Any = super()
        self._start_timer()
        while (end := self.recv_buffer.find(b"\r\n\r\n")) < 0 and len(self.recv_buffer) < self.HEADER_MAX_SIZE:
            await self._receive_more()
        if end >= 0 and (fault := head_fault(bytes(self.recv_buffer[:end]))):
            self._refuse(HTTPStatus.BAD_REQUEST, fault)
        await sanic.http1_request_header()
        if self.request_body != "chunked" and not self.request_bytes_left:
            self._stop_timer()

    async def read(self) -> bytes | None:
        """Reads some bytes of the body. Between two chunks it checks the chunk header first."""
        if self.request_body == "chunked" and not self.request_bytes_left:
            if self.expecting_continue:
                self.expecting_continue = False
                await self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self._check_chunk_header()
        data: bytes | None = await super().read()
        if not self.request_body:
            self._stop_timer()
        return data

    async def error_response(self, exception: Exception) -> None:
        """Answers a refusal itself; leaves other errors to Sanic."""
        if not isinstance(exception, Refusal):
            await super().error_response(exception)
            return
        self.keep_alive, self.request_body = False, None
        if self.stage in (Stage.REQUEST, Stage.HANDLER):
            self.stage = Stage.FAILED
            await self._send(_refusal_bytes(HTTPStatus(exception.status_code)))

    async def _check_chunk_header(self) -> None:
        buffer = self.recv_buffer
        while (end := buffer.find(b"\r\n", 2, LONGEST_CHUNK_HEADER)) < 0 and len(buffer) < LONGEST_CHUNK_HEADER:
            await self._receive_more()
        match = CHUNK_HEADER.fullmatch(buffer, 0, end + 2) if end >= 0 else None
        if match is None:
            self._refuse(HTTPStatus.BAD_REQUEST, "a chunk header that is none")
        if int(match[1], 16) == 0:
            while len(buffer) < end + 4:
                await self._receive_more()
            if buffer[end + 2 : end + 4] != b"\r\n":
                self._refuse(HTTPStatus.BAD_REQUEST, "trailers after the last chunk")

    def _refuse(self, status: HTTPStatus, fault: str) -> NoReturn:
        """Ends the request the way Sanic's own timeouts do, so that no error handler of the application takes part."""
        logger.info("A request was refused with %d: %s.", status, fault)
        self.exception = Refusal(fault, status)
        raise CancelledError

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.protocol.loop.call_later(self.seconds, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self.exception = Refusal("it did not arrive in time", HTTPStatus.REQUEST_TIMEOUT)
        if self.protocol._task is not None:
            self.protocol._task.cancel()


def head_fault(head: bytes) -> str | None:
    """The reason to refuse a request, by its head without the empty line; None when its framing is sound."""
    request_line, *lines = head.split(b"\r\n")
    request = REQUEST_LINE.fullmatch(request_line)
    if request is None or not _is_url(request[1]):
        return "a request line that is none"
    fields: Fields = {}
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if field is None:
            return "a header line that is none"
        fields.setdefault(field[1].lower(), []).append(field[2])
    return _first(check(fields, request[2] == b"1") for check in CHECKS)


def _host_fault(fields: Fields, _: bool) -> str | None:
    return "several hosts" if len(fields.get(b"host", ())) > 1 else None


def _length_fault(fields: Fields, _: bool) -> str | None:
    lengths = fields.get(b"content-length", [])
    if len(lengths) > 1:
        return "several lengths"
    return None if all(map(LENGTH.fullmatch, lengths)) else "a length that is no number"


def _coding_fault(fields: Fields, has_codings: bool) -> str | None:
    codings = fields.get(b"transfer-encoding", [])
    if not codings:
        return None
    if b"content-length" in fields:
        return "a length and a transfer coding"
    return None if codings == [b"chunked"] and has_codings else "a transfer coding other than chunked"


def _upgrade_fault(fields: Fields, _: bool) -> str | None:
    if [value.lower() for value in fields.get(b"upgrade", [])][:1] != [b"websocket"]:
        return None
    if b"transfer-encoding" in fields or any(int(length) for length in fields.get(b"content-length", [])):
        return "a websocket upgrade with a body"
    keys, versions = fields.get(b"sec-websocket-key", []), fields.get(b"sec-websocket-version", [])
    sound = len(keys) == 1 and WEBSOCKET_KEY.fullmatch(keys[0]) and versions == [WEBSOCKET_VERSION]
    return None if sound else "a websocket upgrade without a sound key and version"


def _expectation_fault(fields: Fields, _: bool) -> str | None:
    # Sanic quotes an unknown one in its answer, and fails at bytes that are no text.
    return None if all(map(bytes.isascii, fields.get(b"expect", []))) else "an expectation that is none"


CHECKS = (_host_fault, _length_fault, _coding_fault, _expectation_fault, _upgrade_fault)


def _first(faults: Iterable[str | None]) -> str | None:
    return next((fault for fault in faults if fault), None)


def _is_url(target: bytes) -> bool:
    parse: Callable[[bytes], object] = parse_url
    try:
        parse(target)
    except HttpParserInvalidURLError:
        return False
    return True


def _refusal_bytes(status: HTTPStatus) -> bytes:
    body = status.phrase.encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body

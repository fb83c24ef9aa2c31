"""The guard of the HTTP parser lets sound requests through; tests/reliability/test_hostile_requests.py has the others."""

import pytest

from tools.reliability.hostile_requests import BODIES, HEADS, KEY, Hostile
from trialguide.runtime.http_guard import head_fault

SOUND = (
    b"GET / HTTP/1.1\r\nHost: x",
    b"GET / HTTP/1.0",
    b"OPTIONS * HTTP/1.1\r\nHost: x",
    b"GET http://x:80/chat/?a=b%20c HTTP/1.1\r\nHost: x",
    b"POST /chat/ HTTP/1.1\r\nHost: x\r\ncontent-length:2",
    b"POST /chat/ HTTP/1.1\r\nHost: x\r\nContent-Length: \t2 \t",
    b"POST /chat/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0",
    b"POST /chat/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked",
    b"GET /chat/ HTTP/1.1\r\nHost: x\r\nX: " + "Zürich\tü".encode(),
    b"GET /chat/ HTTP/1.1\r\nHost: x\r\nX:\r\nX: again",
    b"GET /chat/ HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" + b"\r\n".join(KEY),
    b"GET /chat/ HTTP/1.1\r\nHost: x\r\nUpgrade: h2c",
)


@pytest.mark.parametrize("head", SOUND)
def test_a_sound_head_has_no_fault(head: bytes) -> None:
    assert head_fault(head) is None


@pytest.mark.parametrize("hostile", [hostile for hostile in HEADS if hostile.status == 400], ids=lambda hostile: hostile.name)
def test_a_hostile_head_has_a_fault(hostile: Hostile) -> None:
    assert head_fault(hostile.to(b"/").partition(b"\r\n\r\n")[0])


@pytest.mark.parametrize("hostile", BODIES, ids=lambda hostile: hostile.name)
def test_a_hostile_body_has_a_sound_head(hostile: Hostile) -> None:
    assert head_fault(hostile.to(b"/").partition(b"\r\n\r\n")[0]) is None


@pytest.mark.parametrize(
    "line", [b"", b"GET /", b"GET / HTTP/2.0", b"GET  / HTTP/1.1", b"GET /\xff HTTP/1.1", b"G(T / HTTP/1.1"]
)
def test_a_request_line_that_is_none_is_a_fault(line: bytes) -> None:
    assert head_fault(line + b"\r\nHost: x") == "a request line that is none"

"""Pages of other sites may not talk to the assistant unless the operator lists them."""

import asyncio
import http.client
from typing import Any

import aiohttp
import pytest
from website_client import post

from trialguide.channels.website.origins import is_allowed
from trialguide.commands.stack import Stack

LISTED = frozenset({"https://clinic.example"})


@pytest.mark.parametrize(
    ("origin", "origins", "allowed"),
    [
        (None, None, True),
        ("http://bot.example", None, True),
        ("https://bot.example", None, True),
        ("http://bot.example:8080", None, False),
        ("http://localhost", None, True),
        ("http://localhost:9000", None, True),
        ("http://127.0.0.1:9000", None, True),
        ("http://[::1]:9000", None, True),
        ("https://evil.example", None, False),
        ("https://localhost.evil.example", None, False),
        ("https://evil.example/localhost", None, False),
        ("null", None, False),
        ("file://", None, False),
        ("", None, False),
        ("http://[", None, False),
        ("https://clinic.example", LISTED, True),
        ("http://bot.example", LISTED, True),
        (None, LISTED, True),
        ("http://clinic.example", LISTED, False),
        ("https://clinic.example.evil", LISTED, False),
        ("https://www.clinic.example", LISTED, False),
        ("http://localhost:9000", LISTED, False),
        ("null", LISTED, False),
    ],
)
def test_which_pages_may(origin: str | None, origins: frozenset[str] | None, allowed: bool) -> None:
    assert is_allowed(origin, "bot.example", origins) is allowed


FOREIGN = ["https://evil.example", "null", "http://localhost.evil.example"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("what", ["hello", "say", "again"])
def test_a_foreign_page_is_refused_over_http(website: Stack, what: str, origin: str) -> None:
    status, answer = post(website.address, what, {}, Origin=origin)
    assert status == 403
    assert "conversation" not in answer


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_page_may_post_without_asking_is_refused(website: Stack, content_type: str) -> None:
    status, answer = post(website.address, "hello", {}, Content_Type=content_type)
    assert (status, answer["accepted"]) == (415, False)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_is_refused_over_polling_and_websocket(website: Stack, origin: str) -> None:
    assert asyncio.run(knock(website, "polling", origin)) == 400
    assert asyncio.run(knock(website, "websocket", origin)) == 400


@pytest.mark.parametrize("origin", [None, "http://localhost:9000"])
def test_an_allowed_page_gets_in(website: Stack, origin: str | None) -> None:
    own = origin or website.address
    assert asyncio.run(knock(website, "polling", own)) == 200
    assert asyncio.run(knock(website, "websocket", own)) == 101
    assert post(website.address, "hello", {}, Origin=own)[0] == 200


async def knock(stack: Stack, transport: str, origin: str) -> int:
    """The status with which a new socket is answered."""
    address = f"{stack.address}/chat/socket.io/?EIO=4&transport={transport}"
    async with aiohttp.ClientSession() as session:
        if transport == "polling":
            async with session.get(address, headers={"Origin": origin}) as response:
                return response.status
        try:
            async with session.ws_connect(address, headers={"Origin": origin}):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


def preflight(stack: Stack, origin: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    connection.request("OPTIONS", "/chat/api/hello", headers=asked)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, dict(response.getheaders())


def test_a_browser_that_asks_first_is_answered(website: Stack) -> None:
    status, headers = preflight(website, "http://localhost:9000")
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == "http://localhost:9000"
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "Access-Control-Allow-Credentials" not in headers
    status, headers = preflight(website, "https://evil.example")
    assert status == 403
    assert not [name for name in headers if name.startswith("Access-Control")]

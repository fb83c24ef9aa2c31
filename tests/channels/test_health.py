"""What operators ask: is it alive, is it ready, how is it; and logs that machines read."""

import asyncio
import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import pytest
from conftest import free_port
from website_client import Visitor, new_conversation, say

from tools.testbed.cluster import wait_until
from trialguide.channels.health import Health
from trialguide.commands.stack import Stack

SECRET = "zebrafinch"


def get(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def figure(figures: str, name: str) -> float:
    """The value of a sample; 0 for a label that has not occurred yet."""
    return next((float(line.rpartition(" ")[2]) for line in figures.splitlines() if line.startswith(f"{name} ")), 0.0)


# Frames at which Engine.IO and Socket.IO fail.
MALFORMED = ("", "\x1b[31m", f"4{SECRET}", "9", "x")


async def send_malformed_packets(address: str) -> None:
    """Sends each frame over a socket of its own, after the handshake."""
    async with aiohttp.ClientSession() as session:
        for frame in MALFORMED:
            async with session.ws_connect(f"{address}/chat/socket.io/?EIO=4&transport=websocket") as socket:
                await socket.send_str(frame)
                await socket.receive(timeout=5)


def test_a_server_says_that_it_lives_and_that_it_is_ready_with_which_model(website: Stack) -> None:
    assert get(f"{website.address}/health/live")[0] == 200
    status, body = get(f"{website.address}/health/ready")
    ready = json.loads(body)
    assert (status, ready["status"]) == (200, "ready")
    assert (ready["database"], ready["lock"], ready["actions"]) == ("ok", "ok", "ok")
    assert ready["model"]["name"] == website.model.name


def test_figures_count_what_happened_by_channel_and_stage(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "find a NET clinic in Oslo")
    say(website.address, conversation, " ")
    figures = get(f"{website.address}/metrics")[1]
    assert 'trialguide_messages_total{channel="website",outcome="answered"}' in figures
    assert 'trialguide_messages_total{channel="website",outcome="refused_blank"}' in figures
    for stage in ("understanding", "acting", "saving", "turn"):
        assert f'trialguide_stage_seconds_count{{stage="{stage}"}}' in figures
    assert 'trialguide_service_up{service="database"} 1.0' in figures
    assert 'trialguide_outages_total{service="action server"} 0.0' in figures
    assert "trialguide_outbox_events 0.0" in figures


def test_figures_count_open_sockets_and_safety_replies_by_label(website: Stack) -> None:
    def figures() -> str:
        return get(f"{website.address}/metrics")[1]

    async def visit() -> str:
        async with Visitor(website.address) as visitor:
            await visitor.hello()
            await visitor.ask("I can't breathe and my chest hurts")
            return await asyncio.to_thread(figures)

    before = figures()
    during = asyncio.run(visit())
    assert int(figure(during, "trialguide_open_sockets")) == int(figure(before, "trialguide_open_sockets")) + 1
    name = 'trialguide_safety_replies_total{label="emergency"}'
    assert figure(during, name) == figure(before, name) + 1


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"]
)
def test_figures_are_not_for_those_who_come_through_a_proxy(website: Stack, header: str) -> None:
    assert get(f"{website.address}/metrics", **{header: "127.0.0.1"})[0] == 403


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("[::1]", 200), ("evil.example", 403), ("[", 403)])
def test_figures_are_not_for_a_page_whose_name_leads_to_this_machine(website: Stack, host: str, status: int) -> None:
    assert get(f"{website.address}/metrics", Host=host)[0] == status


def test_with_a_token_figures_are_for_its_owner_and_logs_are_json_without_what_was_typed(model: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = {"METRICS_TOKEN": "for-metrics", "LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}
    stack = Stack(model, free_port(), free_port(), tmp_path / "c.db", log=log, settings=settings)
    with stack:
        assert get(f"{stack.address}/metrics")[0] == 403
        assert get(f"{stack.address}/metrics", Authorization="Bearer wrong")[0] == 403
        assert get(f"{stack.address}/metrics", Authorization="Bearer for-metrics")[0] == 200
        conversation = new_conversation(stack.address)
        say(stack.address, conversation, f"find a NET clinic in Oslo {SECRET}")
        asyncio.run(send_malformed_packets(stack.address))
        stack.signal("action server", signal.SIGKILL)
        say(stack.address, conversation, f"support groups in Poland {SECRET}")
        wait_until(lambda: json.loads(get(f"{stack.address}/health/ready")[1])["actions"] == "away", "The bad news", 10)
        status, body = get(f"{stack.address}/health/ready")
        assert (status, json.loads(body)["status"]) == (200, "degraded")
    text = log.read_text(encoding="utf-8")
    assert SECRET not in text
    lines = [json.loads(line) for line in text.splitlines()]
    # A line or two each, none with its trace; at some frames the library says nothing.
    assert 0 < sum(line["logger"] in ("engineio.server", "sanic.error") for line in lines) <= 2 * len(MALFORMED)
    assert not [line for line in lines if not line["message"]]
    failed = next(line for line in lines if "A look-up failed" in line["message"])
    assert failed["request"]
    assert failed["level"] == "ERROR"
    turns = [line for line in lines if line["message"].startswith("Turn finished")]
    assert [(line["channel"], line["outcome"], line["level"]) for line in turns] == [
        ("website", "answered", "INFO"),
        ("website", "no_actions", "INFO"),
    ]
    assert all(line["milliseconds"] > 0 and line["request"] for line in turns)
    # The action server bears the id of the turn.
    assert [line for line in lines if line["message"] == "An action was run." and line["request"]]


def test_a_server_that_stops_is_not_ready() -> None:
    health = Health()
    health._stopping = True
    assert asyncio.run(health._check())["status"] == "not ready"

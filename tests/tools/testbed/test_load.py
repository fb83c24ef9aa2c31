"""People of the load retry what is not acknowledged, give up what is invalid, and keep to their conversations."""

import asyncio
from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from aiohttp import web

from tools.testbed.load import TURNS, People, Sent, in_conversations, repeated_questions

Answer = Callable[[dict[str, Any], int], web.Response]


def accepted(body: dict[str, Any], tries: int) -> web.Response:
    return web.json_response({"accepted": True, "entries": [{"from": "person"}, {"from": "assistant", "kind": "answer"}]})


def busy_at_first(body: dict[str, Any], tries: int) -> web.Response:
    return accepted(body, tries) if tries > 1 else web.json_response({}, status=503)


def too_long(body: dict[str, Any], tries: int) -> web.Response:
    return web.json_response({"accepted": False, "reason": "too_long"})


async def talk(answer: Answer, conversations: list[list[str]], people: int) -> tuple[list[Sent], set[str]]:
    """Runs the load against a server that answers so; what was sent, and the routes that were used."""
    tries: dict[str, int] = {}
    routes = set()

    async def hello(request: web.Request) -> web.Response:
        routes.add(request.query["route"])
        return web.json_response({"conversation": f"of {request.query['route']}"})

    async def say(request: web.Request) -> web.Response:
        body = await request.json()
        tries[body["id"]] = tries.get(body["id"], 0) + 1
        return answer(body, tries[body["id"]])

    app = web.Application()
    app.add_routes([web.post("/chat/api/hello", hello), web.post("/chat/api/say", say)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    crowd = People(lambda _: address, iter(conversations), people, pause=lambda: 0.0, new_routes=True)
    await crowd.talk()
    await runner.cleanup()
    return crowd.sent, routes


@pytest.mark.parametrize(
    ("answer", "tries", "acknowledged", "invalid"),
    [(accepted, 1, True, False), (busy_at_first, 2, True, False), (too_long, 1, False, True)],
)
def test_a_message_is_sent_until_it_is_acknowledged_or_invalid(
    answer: Answer, tries: int, acknowledged: bool, invalid: bool
) -> None:
    sent, _ = asyncio.run(talk(answer, [["a", "b"]], 1))
    assert [(message.text, message.tries) for message in sent] == [("a", tries), ("b", tries)]
    assert all((message.acknowledged, message.invalid) == (acknowledged, invalid) for message in sent)


def test_each_conversation_is_held_once_on_a_route_of_its_own() -> None:
    sent, routes = asyncio.run(talk(accepted, [["a", "b"], ["c"], ["d"]], 2))
    assert sorted(message.text for message in sent) == ["a", "b", "c", "d"]
    assert len(routes) == len({message.conversation for message in sent}) == 3


def test_texts_are_cut_into_conversations() -> None:
    assert list(in_conversations(cycle("abc"), 2, 3)) == [["a", "b"], ["c", "a"], ["b", "c"]]
    first, second = (next(conversations) for conversations in [repeated_questions()] * 2)
    assert len(first) == TURNS
    assert first[1:] == second[:-1]

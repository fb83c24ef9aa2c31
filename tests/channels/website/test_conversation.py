"""Conversations as the widget holds them: in order, once, in every tab, and still there after a reload."""

import asyncio
import uuid
from typing import Any

import aiohttp
import pytest
from website_client import Visitor, new_conversation, post, replies, say

from trialguide.commands.stack import Stack
from trialguide.content.wording import fill, load_words

WORDS = load_words()


def history(stack: Stack, conversation: str, **more: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = post(stack.address, "hello", {"conversation": conversation} | more)[1]["entries"]
    return entries


def test_an_answer_has_its_parts(website: Stack) -> None:
    conversation = new_conversation(website.address)
    own, notice, answer = say(website.address, conversation, "what are the phases of a trial", "m1")["entries"]
    assert (own["from"], own["said"], own["text"]) == ("patient", "m1", "what are the phases of a trial")
    assert notice["kind"] == "notice"
    filled = {"days": "30 days", "privacy": f"{website.address}/chat/privacy"}
    assert notice["text"] == fill(WORDS["notice"]["text"], filled)
    assert answer["kind"] == "answer"
    assert answer["topic"] == {"id": "phases_overview", "title": "What are the phases of a trial?"}
    assert all(source["link"].startswith("http") and source["organisation"] for source in answer["sources"])
    assert "reviewed by a clinician" in answer["status"] or "No clinician has reviewed it" in answer["status"]
    assert answer["picture"]["link"] == "/chat/pictures/phases.svg"
    assert "four phases" in answer["picture"]["alternative"]
    assert notice["text"] not in answer["text"]
    assert "Source:" not in answer["text"]
    assert [choice["title"] for choice in answer["choices"]]
    assert all(len(choice["token"].encode()) <= 64 for choice in answer["choices"])


def test_a_look_up_has_cards(website: Stack) -> None:
    conversation = new_conversation(website.address)
    heard = replies(say(website.address, conversation, "find a NET clinic in Oslo"))
    clinic = next(entry for entry in heard if entry["kind"] == "clinic")["card"]
    assert clinic["name"].startswith("Oslo University Hospital")
    assert clinic["address"] == "Sognsvannsveien 20\n0372 Oslo, Norway"
    assert clinic["phone_is_switchboard"] is True
    assert isinstance(clinic["distance_km"], int)
    assert clinic["map"].startswith("https://www.openstreetmap.org/")
    assert clinic["source"]
    assert clinic["checked_on"]
    groups = [
        entry for entry in replies(say(website.address, conversation, "support groups in Poland")) if entry["kind"] == "group"
    ]
    assert groups[0]["card"]["languages"] == "Polish"
    trials = [
        entry for entry in replies(say(website.address, conversation, "find a trial in Austria")) if entry["kind"] == "registry"
    ]
    # A registry whose search cannot be filled in has its website instead.
    links = [entry["card"].get("link") or entry["card"]["website"] for entry in trials]
    assert links
    assert all(link.startswith(("https://", "http://")) for link in links)
    assert any("link" in entry["card"] for entry in trials)


def test_a_clinic_that_is_not_certain_carries_a_warning(website: Stack) -> None:
    heard = replies(say(website.address, new_conversation(website.address), "find a NET clinic in Nairobi, Kenya"))
    warned = [entry for entry in heard if entry["kind"] == "clinic" and "warning" in entry["card"]]
    assert all(entry["card"]["warning"] == WORDS["clinic_unconfirmed"]["warning"] for entry in warned)
    assert all(entry["card"]["warning"] in entry["text"] for entry in warned)


def test_danger_is_marked(website: Stack) -> None:
    heard = replies(say(website.address, new_conversation(website.address), "i cant breathe"))
    assert [entry["kind"] for entry in heard] == ["urgent"]


def test_unsure_offers(website: Stack) -> None:
    starters = post(website.address, "hello", {})[1]["starters"]
    assert starters
    conversation = new_conversation(website.address)
    heard = replies(say(website.address, conversation, token=starters[0]["token"]))
    assert heard[-1]["topic"]["title"] == starters[0]["title"]
    own = history(website, conversation)[0]
    assert (own["from"], own["text"]) == ("patient", starters[0]["title"])
    assert post(website.address, "hello", {"conversation": conversation})[1]["starters"] == []


@pytest.mark.parametrize(
    ("asked", "said", "place"),
    [
        ("what is that thing you told me", "the second one please", 1),
        ("what is a placebo", "ok, the last one", -1),
        ("what is a placebo", "option 1", 0),
    ],
)
def test_a_choice_can_be_picked_in_words(asked: str, said: str, place: int, website: Stack) -> None:
    conversation = new_conversation(website.address)
    offered = replies(say(website.address, conversation, asked))[-1]["choices"]
    own, *heard = say(website.address, conversation, said)["entries"]
    assert own["text"] == said
    assert heard[0]["topic"]["title"] == offered[place]["title"]
    assert history(website, conversation)[-1] == heard[-1]


def test_a_reload_shows_what_was_shown(website: Stack) -> None:
    async def play() -> None:
        async with Visitor(website.address) as visitor:
            await visitor.hello()
            await visitor.ask("hello")
            answer = (await visitor.ask("what is a placebo"))[-1]
            await visitor.ask(token=answer["choices"][0]["token"])
            await visitor.ask("find a NET clinic in Oslo")
            seen, conversation = list(visitor.entries), visitor.conversation
        async with Visitor(website.address) as again:
            told = await again.hello(conversation)
            assert told["conversation"] == conversation
            assert told["entries"] == seen
            # Buttons of before still work.
            assert (await again.ask(token=answer["choices"][1]["token"]))[-1]["topic"]["title"] == answer["choices"][1]["title"]
        ids = [int(entry["id"][2:]) for entry in seen]
        assert ids == sorted(set(ids))

    asyncio.run(play())


def test_after_a_lost_connection_only_what_is_new_is_sent(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "what is a placebo")
    seen = history(website, conversation)
    say(website.address, conversation, "who pays for a trial")
    everything = history(website, conversation)
    for count, entry in enumerate(everything, start=1):
        assert history(website, conversation, after=entry["id"]) == everything[count:]
    assert len(everything) > len(seen)
    strange: tuple[Any, ...] = ("e-", "e-x", 5, None, [], "", "e-" + "9" * 400)
    for unreadable in strange:
        assert history(website, conversation, after=unreadable) == everything


def test_two_tabs_agree(website: Stack) -> None:
    async def play() -> None:
        async with Visitor(website.address) as one, Visitor(website.address) as two:
            conversation = (await one.hello())["conversation"]
            await two.hello(conversation)
            await one.ask("what is a placebo")
            await two.ask("who pays for a trial")
            # A third one whose sockets are blocked.
            heard = replies(await asyncio.to_thread(say, website.address, conversation, "hello"))
            await one.until(lambda: len(one.entries) == len(two.entries) and heard[-1] in one.entries)
            assert one.entries == two.entries == history(website, conversation)

    asyncio.run(play())


def test_starting_again_leaves_the_old_conversation_alone(website: Stack) -> None:
    async def play() -> None:
        async with Visitor(website.address) as visitor:
            first = (await visitor.hello())["conversation"]
            await visitor.ask("what is a placebo")
            fresh = await visitor.socket.call("again", {})
            assert fresh["conversation"] != first
            assert fresh["entries"] == []
            before = len(visitor.entries)
            # What is said in the old one no longer reaches this page.
            await asyncio.to_thread(say, website.address, first, "hello")
            assert len(visitor.entries) == before
            # The assistant knows nothing of what was asked there.
            assert "What would you like to know more about?" in (await visitor.ask("tell me more"))[-1]["text"]
        assert history(website, first)[0]["text"] == "what is a placebo"

    asyncio.run(play())


def test_a_message_delivered_again_is_not_done_again(website: Stack) -> None:
    conversation = new_conversation(website.address)
    first = say(website.address, conversation, "what is a placebo", "m1")
    for _ in range(20):
        assert say(website.address, conversation, "what is a placebo", "m1") == first
    assert len(history(website, conversation)) == len(first["entries"])
    # The id is known per sender only.
    assert say(website.address, new_conversation(website.address), "what is a placebo", "m1")["entries"] != first["entries"]


def test_a_message_delivered_again_while_it_is_answered_is_not_done_again(website: Stack) -> None:
    async def play() -> None:
        conversation = new_conversation(website.address)
        said = (asyncio.to_thread(say, website.address, conversation, "find a NET clinic in Oslo", "m1") for _ in range(6))
        answers = await asyncio.gather(*said)
        assert all(answer == answers[0] for answer in answers)
        assert history(website, conversation) == answers[0]["entries"]

    asyncio.run(play())


def test_messages_are_answered_in_their_order(website: Stack) -> None:
    questions = {
        "what is a placebo": "placebo",
        "what is a blind trial": "blinding",
        "who pays for a trial": None,
        "hello": None,
    }

    async def play() -> None:
        async with Visitor(website.address) as visitor:
            await visitor.hello()
            sent = [asyncio.create_task(visitor.say(question)) for question in questions]
            assert all(answer["accepted"] for answer in await asyncio.gather(*sent))
            await visitor.until(
                lambda: (
                    sum(entry["from"] == "patient" for entry in visitor.entries) == 4
                    and visitor.entries[-1]["from"] == "assistant"
                    and not visitor.working
                )
            )
            own = [entry["text"] for entry in visitor.entries if entry["from"] == "patient"]
            assert own == list(questions)
            # Each answer stands between its question and the next one.
            authors = [entry["from"] for entry in visitor.entries if entry["kind"] != "notice"]
            assert authors == ["patient", "assistant"] * 4
            assert visitor.entries[2]["topic"]["id"] == "placebo"

    asyncio.run(play())


def test_who_leaves_after_sending_finds_the_answer_later(website: Stack) -> None:
    async def play() -> str:
        async with Visitor(website.address) as visitor:
            conversation: str = (await visitor.hello())["conversation"]
            await visitor.say("what is a placebo")
        for _ in range(100):
            entries = history(website, conversation)
            if entries and entries[-1]["from"] == "assistant":
                break
            await asyncio.sleep(0.05)
        return str(entries[-1]["topic"]["id"])

    assert asyncio.run(play()) == "placebo"


def test_a_flood_is_refused_kindly_and_holds_up_nobody(website: Stack) -> None:
    async def play() -> None:
        async with Visitor(website.address) as flooding, Visitor(website.address) as other:
            await flooding.hello()
            await other.hello()
            flood = [asyncio.create_task(flooding.say("what is a placebo")) for _ in range(100)]
            for question in ("what is a trial", "who pays for a trial", "what is randomisation"):
                assert await other.ask(question)
            answers = await asyncio.gather(*flood)
            refused = [answer for answer in answers if not answer["accepted"]]
            assert len(refused) >= 90
            assert {answer["reason"] for answer in refused} <= {"too_fast", "busy"}
            assert any(answer["text"] == WORDS["refused_too_fast"]["text"] for answer in refused)
            accepted = len(answers) - len(refused)
            await flooding.until(lambda: sum(entry["from"] == "assistant" for entry in flooding.entries) == accepted + 1)

    asyncio.run(play())


@pytest.mark.parametrize("packet", ["x" * 20_000, '42["say",{"id":"1","text":"' + "x" * 20_000 + '"}]'])
def test_an_oversized_packet_closes_only_its_own_socket(website: Stack, packet: str) -> None:
    async def play() -> None:
        async with aiohttp.ClientSession() as session, Visitor(website.address) as other:
            await other.hello()
            async with session.ws_connect(f"{website.address}/chat/socket.io/?EIO=4&transport=websocket") as socket:
                await socket.receive()
                await socket.send_str("40")
                await socket.receive()
                await socket.send_str(packet)
                while (await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                    pass
                assert socket.closed
            assert await other.ask("what is a placebo")

    asyncio.run(play())


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "x",
        "4",
        "42",
        "42[",
        "42{}",
        "42[]",
        '42["say"',
        '42["nothing",{}]',
        "42[" + "[" * 5000,
        '45-["say"]',
        "49",
        '421["say"]',
        '422["say",1,2,3]',
        '423["hello",null]',
        '424["again",[]]',
        '425["disconnect"]',
        '426["connect",{}]',
        "\x00",
        "6",
        "1",
    ],
)
def test_a_packet_that_makes_no_sense_harms_nobody(website: Stack, packet: str) -> None:
    async def play() -> None:
        address = f"{website.address}/chat/socket.io/?EIO=4&transport=websocket"
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            await socket.receive()
            await socket.send_str("40")
            await socket.receive()
            await socket.send_str(packet)
            await asyncio.sleep(0.05)
        async with Visitor(website.address) as visitor:
            await visitor.hello()
            assert await visitor.ask("what is a placebo")

    asyncio.run(play())


@pytest.mark.parametrize("arguments", [(), (None,), ("x",), ([1],), ({"id": {}},), ({"text": "hello"},)])
def test_an_event_without_what_it_needs_is_answered(website: Stack, arguments: tuple[Any, ...]) -> None:
    async def play() -> None:
        async with Visitor(website.address) as visitor:
            await visitor.hello()
            answer = await visitor.socket.call("say", *arguments)
            assert (answer["accepted"], answer["reason"]) == (False, "invalid")
            assert answer["text"] == WORDS["refused_invalid"]["text"]

    asyncio.run(play())


def test_a_thousand_open_pages(website: Stack) -> None:
    async def visit(session: aiohttp.ClientSession, ready: asyncio.Semaphore) -> aiohttp.ClientWebSocketResponse:
        async with ready:
            socket = await session.ws_connect(f"{website.address}/chat/socket.io/?EIO=4&transport=websocket")
            await socket.receive()
            await socket.send_str("40")
            await socket.receive()
            await socket.send_str('420["hello",{}]')
            assert '"accepted":true' in (await socket.receive()).data
            return socket

    async def answer(socket: aiohttp.ClientWebSocketResponse) -> str:
        await socket.send_str(f'42["say",{{"id":"{uuid.uuid4().hex}","text":"what is a placebo"}}]')
        heard = ""
        while '"working",{"on":false}' not in heard:
            message = await socket.receive(timeout=30)
            assert message.type is aiohttp.WSMsgType.TEXT
            if message.data == "2":
                await socket.send_str("3")
            heard += message.data
        return heard

    async def play() -> None:
        ready = asyncio.Semaphore(50)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            sockets = await asyncio.gather(*(visit(session, ready) for _ in range(1000)))
            assert not any(socket.closed for socket in sockets)
            heard = await asyncio.gather(*(answer(socket) for socket in sockets[::20]))
            assert all("active effect" in words for words in heard)
            await asyncio.gather(*(socket.close() for socket in sockets))

    asyncio.run(play())

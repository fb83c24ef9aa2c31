"""A visitor of the website reads how their data is treated, takes a copy of it, and has it erased for good."""

import asyncio
import sqlite3
from contextlib import closing

from website_client import Visitor, new_conversation, post, replies, say

from trialguide.commands.stack import Stack

PAGE = "/chat/privacy"


def test_the_notice_links_the_page_and_the_page_is_there(website: Stack) -> None:
    notice = replies(say(website.address, new_conversation(website.address), "what is a placebo"))[0]
    assert notice["kind"] == "notice"
    assert f"{website.address}{PAGE}" in notice["text"]
    assert "30 days" in notice["text"]


def test_delete_my_data_by_button_leaves_the_sentence_alone(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "what is a placebo")
    say(website.address, conversation, "is it the green or the blue one")
    asked = replies(say(website.address, conversation, "delete my data"))[-1]
    yes, no = asked["choices"]
    assert (yes["title"], no["title"]) == ("Yes, erase everything", "No, keep it")
    answer = say(website.address, conversation, id="yes", token=yes["token"])
    assert [(entry["from"], entry["kind"]) for entry in answer["entries"]] == [("patient", "text"), ("assistant", "erased")]
    # So it is after a reload, in another tab, and when the message is delivered again.
    for _ in range(2):
        entries = post(website.address, "hello", {"conversation": conversation})[1]["entries"]
        assert [entry["kind"] for entry in entries] == ["erased"]
        assert say(website.address, conversation, id="yes", token=yes["token"])["accepted"]
    sender = conversation.rpartition(".")[0]
    with closing(sqlite3.connect(website.conversations)) as database:
        left = database.execute("SELECT type_name, data FROM events WHERE sender_id = ?", [sender]).fetchall()
        assert [kind for kind, _ in left] == ["action", "session_started", "action", "bot", "action"]
        assert "placebo" not in str(left)
        for table in ("messages", "unanswered", "ratings", "follows"):
            assert database.execute(f"SELECT count(*) FROM {table} WHERE sender_id = ?", [sender]).fetchone() == (0,)  # noqa: S608


def test_a_conversation_goes_on_after_it_as_a_new_one(website: Stack) -> None:
    conversation = new_conversation(website.address)
    for text in ("what is a placebo", "delete my data", "yes"):
        said = say(website.address, conversation, text)
    assert replies(said)[-1]["kind"] == "erased"
    notice, answer = replies(say(website.address, conversation, "what is a placebo"))
    assert notice["kind"] == "notice"
    assert answer["topic"]["id"] == "placebo"


def test_a_copy_in_the_chat_and_as_files(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "what is a placebo")
    said = replies(say(website.address, conversation, "give me my data"))
    assert said[0]["kind"] == "my_data"
    assert "what is a placebo" in said[-1]["text"]
    status, answer = post(website.address, "copy", {"conversation": conversation})
    assert (status, answer["accepted"]) == (200, True)
    kept = answer["copy"]["kept"]
    assert {"events", "messages", "ratings", "follows", "unanswered", "outbox"} <= kept.keys()
    asked = [row["data"]["text"] for row in kept["events"] if row["type_name"] == "user"]
    assert asked == ["what is a placebo", "give me my data"]
    assert "you:\nwhat is a placebo" in answer["text"]

    async def over_a_socket() -> None:
        async with Visitor(website.address) as visitor:
            await visitor.hello(conversation)
            copy = await visitor.socket.call("copy", {})
            assert copy["copy"]["conversation"] == answer["copy"]["conversation"]

    asyncio.run(over_a_socket())


def test_a_copy_needs_the_proof_that_the_conversation_is_ones_own(website: Stack) -> None:
    conversation = new_conversation(website.address)
    say(website.address, conversation, "what is a placebo")
    sender, _, signature = conversation.rpartition(".")
    for forged in (None, sender, f"{sender}.{signature[::-1]}", f"web:{'0' * 32}.{signature}", 7):
        _, answer = post(website.address, "copy", {"conversation": forged})
        assert not answer["accepted"]
        assert answer["reason"] == "expired"
        assert "placebo" not in str(answer)

    async def without_a_conversation() -> None:
        async with Visitor(website.address) as visitor:
            answer = await visitor.socket.call("copy", {"conversation": conversation})
            assert not answer["accepted"]

    asyncio.run(without_a_conversation())

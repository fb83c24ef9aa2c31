"""Nobody gets into a conversation whose id the server has not given to them."""

import asyncio
import stat
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from website_client import Visitor, new_conversation, post, replies, say

from trialguide.channels.front_door import identity
from trialguide.channels.front_door.identity import Identities
from trialguide.commands.stack import Stack
from trialguide.runtime.signing_key import signing_key

KEY = b"k" * 32


def forgeries(signed: str, key: bytes) -> dict[str, Any]:
    """Attempts to get into the conversation of a signed id."""
    sender, _, signature = signed.rpartition(".")
    other = Identities(key, "web").new()
    return {
        "no signature": sender,
        "empty signature": f"{sender}.",
        "made-up signature": f"{sender}.{'A' * 22}",
        "signature of another": f"{sender}.{Identities(key, 'web').sign(other).rpartition('.')[2]}",
        "own signature, altered id": f"{sender[:-1]}{'0' if sender[-1] != '0' else '1'}.{signature}",
        "other key": Identities(b"x" * 32, "web").sign(sender),
        "other channel, rightly signed": Identities(key, "wa").sign(sender.replace("web:", "wa:")),
        "other channel's prefix": f"wa:{signed.removeprefix('web:')}",
        "cut": signed[:-1],
        "padded": f"{signed}=",
        "blank before": f" {signed}",
        "upper case": signed.upper(),
        "line end": f"{signed}\n",
        "lone surrogate": "web:\ud800.AAAA",
        "null byte": signed.replace(":", ":\0"),
        "default": "default",
        "long": "web:" + "a" * 300,
        "number": 5,
        "object": {"id": signed},
        "list": [signed],
        "true": True,
        "none": None,
    }


NAMES = list(forgeries("web:0.A", KEY))


@pytest.fixture(scope="module")
def victim(website: Stack) -> str:
    """A conversation in which something was said."""
    conversation = new_conversation(website.address)
    assert replies(say(website.address, conversation, "what is a placebo"))
    return conversation


@pytest.mark.parametrize("attempt", NAMES)
def test_a_forged_id_gets_a_conversation_of_its_own(website: Stack, victim: str, attempt: str) -> None:
    given = forgeries(victim, signing_key(None, website.conversations))[attempt]
    status, answer = post(website.address, "hello", {"conversation": given})
    assert status == 200
    assert answer["entries"] == []
    assert answer["conversation"].startswith("web:")
    assert answer["conversation"].partition(".")[0] not in (victim.partition(".")[0], str(given))
    assert say(website.address, given, "hello")["reason"] == "expired"


def test_a_forged_id_hears_and_says_nothing_over_sockets(website: Stack, victim: str) -> None:
    async def play() -> None:
        async with Visitor(website.address) as thief:
            # Before hello there is no conversation to speak in.
            assert (await thief.say("hello"))["reason"] == "expired"
            for given in forgeries(victim, signing_key(None, website.conversations)).values():
                if given == "web:\ud800.AAAA":
                    continue
                assert (await thief.hello(given))["entries"] == []
            say(website.address, victim, "what is a trial")
            await asyncio.sleep(0.2)
            assert thief.entries == []
            await thief.ask("hello")
        before = post(website.address, "hello", {"conversation": victim})[1]["entries"]
        assert "hello" not in [entry["text"] for entry in before]

    asyncio.run(play())


def test_the_right_id_gets_its_conversation_back(website: Stack, victim: str) -> None:
    _, answer = post(website.address, "hello", {"conversation": victim})
    assert answer["conversation"] == victim
    assert answer["entries"][0]["text"] == "what is a placebo"


def test_an_id_is_good_for_its_own_channel_only() -> None:
    web, other = Identities(KEY, "web"), Identities(KEY, "wa")
    sender = web.new()
    assert web.verify(web.sign(sender)) == sender
    assert other.verify(web.sign(sender)) is None
    assert web.verify(other.sign("wa:1")) is None
    # Signed in full knowledge of the key, and still not of this channel.
    assert web.verify(web.sign("wa:1")) is None


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    conversations = tmp_path / "c.db"
    key = signing_key(None, conversations)
    file = tmp_path / "c.db.key"
    assert signing_key(None, conversations) == key == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.db.key"]
    file.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        signing_key(None, conversations)


def test_the_id_of_a_telephone_number_tells_nothing_and_stays() -> None:
    ids = Identities(KEY, "wa")
    sender = ids.pseudonym("46700000001")
    assert sender == Identities(KEY, "wa").pseudonym("46700000001")
    assert sender.startswith("wa:")
    assert "4670" not in sender
    others = (
        ids.pseudonym("46700000002"),
        Identities(KEY, "sms").pseudonym("46700000001"),
        Identities(b"x" * 32, "wa").pseudonym("46700000001"),
    )
    assert len({id.partition(":")[2] for id in (sender, *others)}) == 4
    # It is no signature with which somebody could come in.
    assert ids.verify(sender) is None
    assert ids.sign("wa:46700000001").rpartition(".")[2] != sender.partition(":")[2]


def test_an_address_has_a_code_that_lasts_a_day_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, address = Identities(KEY, "web"), "192.0.2.7"

    class Tomorrow(datetime):
        @classmethod
        def now(cls, zone: tzinfo | None = None) -> "Tomorrow":
            return cls(2099, 1, 1, tzinfo=zone)

    code = ids.daily_address(address)
    assert code == ids.daily_address(address)
    assert address not in code
    others = {ids.daily_address("192.0.2.8"), Identities(b"x" * 32, "web").daily_address(address)}
    monkeypatch.setattr(identity, "datetime", Tomorrow)
    others.add(ids.daily_address(address))
    codes = {code.rpartition(":")[2] for code in {code, *others}}
    assert len(codes) == 4
    assert ids.daily_address(address).startswith("2099-01-01:")
    assert all(ids.verify(f"web:{address}.{one}") is None and ids.verify(f"web@{one}") is None for one in codes)

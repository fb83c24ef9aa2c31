"""Unanswered messages are stored masked, usage is counted: once, in the turn's transaction, without a sender."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.exc
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, SlotSet, UserUttered

from trialguide.content.catalogue import load_catalogue
from trialguide.storage.schema import COUNTS, UNANSWERED
from trialguide.storage.tracker_store import ConversationStore
from trialguide.storage.unanswered import Unanswered, unanswered_between
from trialguide.storage.usage_counts import Count, counts_between

DOMAIN = Domain.from_yaml(
    "version: '3.1'\nintents: [ask]\nslots: {last_search: {type: any, influence_conversation: false, mappings: [{type: custom}]}}"
)
DAY = "2026-11-03"
NOON = 1_793_707_200.0
RANKING = [
    {"name": "out_of_scope", "confidence": 0.4},
    {"name": "faq/costs", "confidence": 0.3},
    {"name": "faq/payment", "confidence": 0.1},
    {"name": "find_trial", "confidence": 0.05},
    {"name": "faq/placebo", "confidence": 0.01},
    {"name": "self_harm", "confidence": 0.06},
    {"name": "emergency", "confidence": 0.02},
]


def heard(text: str, intent: str, offers: tuple[str, ...] = (), said: str | None = None, at: float = NOON) -> UserUttered:
    parsed = {"intent": {"name": intent, "confidence": 1.0}, "entities": [], "intent_ranking": RANKING, "offers": list(offers)}
    metadata = {"said": said, "entry": int(at * 1_000_000)}
    return UserUttered(text, parsed["intent"], parse_data=parsed, input_channel="website", metadata=metadata)


def reply(action: str, **metadata: Any) -> BotUttered:
    return BotUttered("words", metadata={"utter_action": action} | metadata)


OFFERED: list[Event] = [
    heard("who pays me, mail anna@example.org", "nlu_fallback", ("costs", "payment")),
    reply("utter_did_you_mean", offer=True),
]
SEARCH = {"lookup": "find_clinic", "place": "DE/Berlin", "only": None, "shown": 0}
TURNS: dict[str, tuple[list[list[Event]], Counter[tuple[str, str]], list[tuple[str, str, str | None]]]] = {
    "an answer": (
        [[heard("what does it cost", "faq"), reply("utter_faq/costs", topic="costs", part="text")]],
        Counter({("language", "en"): 1, ("topic", "costs"): 1}),
        [],
    ),
    "an offer of which one was taken": (
        [OFFERED, [heard(load_catalogue().titles["costs"], "faq"), reply("utter_faq/costs", topic="costs", part="text")]],
        Counter(
            {
                ("language", "en"): 2,
                ("unanswered", "unsure"): 1,
                ("offered", ""): 1,
                ("chosen", "costs"): 1,
                ("topic", "costs"): 1,
            }
        ),
        [("unsure", "who pays me, mail [e-mail]", "costs")],
    ),
    "an offer of which none was taken": (
        [OFFERED, [heard("None of these", "none_of_these"), reply("utter_none_of_these")]],
        Counter({("language", "en"): 2, ("unanswered", "unsure"): 1, ("offered", ""): 1, ("chosen", "none"): 1}),
        [("unsure", "who pays me, mail [e-mail]", "none")],
    ),
    "an offer after which something else was asked": (
        [OFFERED, [heard("what are nets", "faq"), reply("utter_faq/what_are_nets", topic="what_are_nets", part="text")]],
        Counter({("language", "en"): 2, ("unanswered", "unsure"): 1, ("offered", ""): 1, ("topic", "what_are_nets"): 1}),
        [("unsure", "who pays me, mail [e-mail]", None)],
    ),
    "out of scope": (
        [[heard("pizza near the station", "out_of_scope"), reply("utter_out_of_scope")]],
        Counter({("language", "en"): 1, ("unanswered", "out_of_scope"): 1}),
        [("out_of_scope", "pizza near the station", None)],
    ),
    "given up": (
        [[heard("the thing", "nlu_fallback", ("costs",)), reply("utter_did_you_mean")]],
        Counter({("language", "en"): 1, ("unanswered", "gave_up"): 1}),
        [("gave_up", "the thing", None)],
    ),
    "safety leaves no text": (
        [
            [heard("i cannot go on", "self_harm"), reply("utter_self_harm")],
            [heard("my dose?", "medical_advice"), reply("utter_medical_advice")],
        ],
        Counter({("language", "en"): 2, ("safety", "self_harm"): 1, ("safety", "medical_advice"): 1}),
        [],
    ),
    "a look-up": (
        [[heard("clinic in Berlin", "find_clinic"), SlotSet("last_search", SEARCH), reply("clinics"), reply("clinic")]],
        Counter({("language", "en"): 1, ("look_up", "find_clinic/DE/found"): 1}),
        [],
    ),
    "a look-up with nothing in the country": (
        [[heard("clinic in Berlin", "find_clinic"), SlotSet("last_search", SEARCH), reply("clinics_abroad"), reply("clinic")]],
        Counter({("language", "en"): 1, ("look_up", "find_clinic/DE/abroad"): 1}),
        [],
    ),
    "a place where a place was asked for is nothing for editors": (
        [[heard("Hintertupfing", "nlu_fallback"), reply("utter_ask_place")]],
        Counter({("language", "unclear"): 1}),
        [],
    ),
}


async def add(store: ConversationStore, events: list[Event], sender: str = "web:a") -> None:
    tracker = await store.get_or_create_tracker(sender)
    tracker.update_with_events(events, DOMAIN, override_timestamp=False)
    await store.save(tracker)


def noted(store: ConversationStore) -> tuple[Counter[Count], list[Unanswered]]:
    with store.connect() as connection:
        return counts_between(connection, DAY, DAY), unanswered_between(connection, DAY, DAY)


@pytest.mark.parametrize("name", TURNS)
def test_what_is_noted_of_a_turn(name: str, database: str) -> None:
    turns, expected, kept = TURNS[name]

    async def play() -> None:
        store = ConversationStore(DOMAIN, db=database)
        await add(store, [SessionStarted()])
        for turn in turns:
            await add(store, turn)
        counts, unanswered = noted(store)
        assert {count.channel for count in counts} == {"website"}
        found = Counter({(count.kind, count.name): number for count, number in counts.items()})
        assert found.pop(("message", "")) == len(turns)
        assert found.pop(("seconds", "longer")) == len(turns)
        assert found == expected
        assert [(row.reason, row.text, row.chosen) for row in unanswered] == kept
        assert all(row.nearest == (("costs", 0.3), ("payment", 0.1), ("find_trial", 0.05)) for row in unanswered)
        assert all(row.danger == pytest.approx(0.08) and not row.was_danger for row in unanswered)

    asyncio.run(play())


def test_servers_count_together_and_each_on_its_own_rows(database: str) -> None:
    async def play() -> None:
        one, two = ConversationStore(DOMAIN, db=database), ConversationStore(DOMAIN, db=database)
        for number in range(3):
            await asyncio.gather(*(add(store, OFFERED, f"web:{number}{id(store)}") for store in (one, two)))
        counts, unanswered = noted(one)
        assert counts[Count(DAY, "website", "message", "")] == 6
        assert len(unanswered) == 6
        with one.connect() as connection:
            assert len(connection.execute(sa.select(COUNTS.c.server).distinct()).all()) == 2
            assert "sender_id" not in COUNTS.c

    asyncio.run(play())


def test_a_turn_that_is_delivered_twice_counts_once(database: str) -> None:
    """Two servers answer the same message at once: the second is refused by the database, with all that comes along."""

    async def play() -> None:
        one, two = ConversationStore(DOMAIN, db=database), ConversationStore(DOMAIN, db=database)
        turn: list[Event] = [heard("the thing", "out_of_scope", said="m1"), reply("utter_out_of_scope")]
        trackers = [await store.get_or_create_tracker("web:a") for store in (one, two)]
        for tracker in trackers:
            tracker.update_with_events(turn, DOMAIN)
        await one.save(trackers[0])
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            await two.save(trackers[1])
        counts, unanswered = noted(one)
        assert counts[Count(DAY, "website", "message", "")] == 1
        assert len(unanswered) == 1

    asyncio.run(play())


def test_a_turn_is_kept_even_if_it_cannot_be_counted(tmp_path: Path) -> None:
    async def play() -> None:
        store = ConversationStore(DOMAIN, db=str(tmp_path / "c.db"))
        broken = UserUttered("hello", {"name": "ask"}, parse_data={"intent_ranking": [{}]})
        await add(store, [broken, reply("utter_out_of_scope")])
        tracker = await ConversationStore(DOMAIN, db=str(tmp_path / "c.db")).retrieve("web:a")
        assert tracker
        assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["hello"]
        with store.connect() as connection:
            assert connection.execute(sa.select(UNANSWERED)).all() == []

    asyncio.run(play())

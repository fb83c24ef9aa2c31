"""Replies name places and emergency numbers by what the conversation knows of places."""

import asyncio
from typing import Any

import pytest
from conftest import ROOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.content.wording import load_words
from trialguide.dialogue.response_generator import ResponseGenerator
from trialguide.runtime.settings import process_settings

PATHS = [
    ROOT / "domain.yml",
    *sorted((ROOT / "data" / "replies").glob("*.yml")),
    *sorted((ROOT / "data" / "faq").glob("*.yml")),
]


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load([str(path) for path in PATHS])


def reply(domain: Domain, action: str, slots: dict[str, Any], entities: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    tracker = DialogueStateTracker("web:a", domain.slots)
    tracker.update_with_events([SlotSet(name, value) for name, value in slots.items()], domain)
    tracker.update(UserUttered("...", {"name": "inform_place"}, entities or []), domain)
    made = asyncio.run(ResponseGenerator(domain=domain).generate(action, tracker, "website"))
    assert made is not None
    return made


def test_choices_are_buttons_with_the_names_of_places(domain: Domain) -> None:
    made = reply(domain, "utter_ask_place", {"choices": ["ES/Valencia", "VE/Valencia", "GE"]})
    assert [button["title"] for button in made["buttons"]] == ["Valencia, Spain", "Valencia, Venezuela", "Georgia"]


@pytest.mark.parametrize(("days", "words"), [("1", "for one day."), ("2", "for 2 days.")])
def test_how_long_messages_are_kept_is_said_in_words(
    days: str, words: str, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVERSATION_DAYS", days)
    process_settings.cache_clear()
    try:
        assert f"I keep what you write {words}" in reply(domain, "notice", {})["text"]
    finally:
        process_settings.cache_clear()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("NL", "for the Netherlands?"),
        ("ES/Valencia|VE/Valencia", "for Valencia, Spain / Valencia, Venezuela?"),
        ("NO/59.91,10.75", "for Oslo, Norway?"),
    ],
)
def test_the_place_of_a_look_up_is_named(domain: Domain, place: str, words: str) -> None:
    assert words in reply(domain, "utter_ask_lookup", {"place": place})["text"]


@pytest.mark.parametrize("place", [None, "Narnia", "and/or"])
def test_an_unknown_place_is_not_looked_up(domain: Domain, place: str | None) -> None:
    made = reply(domain, "utter_ask_lookup", {"place": place})
    assert "look up for" not in made["text"]
    assert "{" not in made["text"]


@pytest.mark.parametrize(
    ("named", "slot", "number"),
    [
        ("DE/Berlin", None, "112"),
        (None, "AU/Sydney", "000"),
        ("DE", "AU", "112"),
    ],
)
def test_the_emergency_number_is_that_of_the_place(domain: Domain, named: str | None, slot: str | None, number: str) -> None:
    entities = [{"entity": "city", "value": named}] if named else []
    assert number in reply(domain, "utter_emergency", {"place": slot}, entities)["text"]


def test_no_number_is_named_for_a_choice_of_countries(domain: Domain) -> None:
    several = reply(domain, "utter_emergency", {"place": "ES/Valencia|VE/Valencia"})
    assert several["text"] == reply(domain, "utter_emergency", {})["text"]


@pytest.mark.parametrize(
    ("utterance", "kind"),
    [("utter_check_again_emergency", "safety"), ("utter_alarm_number", "safety"), ("utter_ask_place", None)],
)
def test_replies_about_danger_are_marked(domain: Domain, utterance: str, kind: str | None) -> None:
    assert reply(domain, utterance, {}).get("kind") == kind


def reply_to(domain: Domain, action: str, **parsed: Any) -> dict[str, Any]:
    """The reply to a message with this parse data, after an answer about placebos to a message that was also likely about others."""
    ranking = [{"name": name, "confidence": 0.2} for name in ("faq/placebo", "faq/blinding", "find_trial")]
    before = {"intent": {"name": "faq", "full_retrieval_intent_name": "faq/placebo"}, "intent_ranking": ranking}
    tracker = DialogueStateTracker("web:a", domain.slots)
    tracker.update(UserUttered("...", {"name": "faq"}, parse_data=before), domain)
    tracker.update(BotUttered("A placebo ...", metadata={"topic": "placebo", "part": "text", "notice": True}), domain)
    tracker.update(UserUttered("...", {"name": "..."}, parse_data={"intent": {"name": "..."}} | parsed), domain)
    made = asyncio.run(ResponseGenerator(domain=domain).generate(action, tracker, "website"))
    assert made is not None
    return made


def titles_of(made: dict[str, Any]) -> list[str]:
    return [button["title"] for button in made["buttons"]]


def test_a_question_about_the_own_case_gets_what_is_generally_known(domain: Domain) -> None:
    alone, general = (reply_to(domain, "utter_medical_advice", topics=topics) for topics in ([], ["diet"]))
    assert general["text"].startswith(alone["text"])
    assert domain.responses["utter_faq/diet"][0]["metadata"]["simpler"] in general["text"]
    assert (general["topic"], general["sources"]) == ("diet", domain.responses["utter_faq/diet"][0]["metadata"]["sources"])


@pytest.mark.parametrize(
    ("topics", "left_over", "said", "unsaid"),
    [
        (["placebo", "costs", "diet"], [], ["utter_faq/costs", "utter_faq/diet"], ["utter_faq/placebo"]),
        (["placebo"], ["and the www?"], ["“and the www?”"], ["utter_faq/placebo"]),
    ],
)
def test_further_questions_are_answered_or_named(
    domain: Domain, topics: list[str], left_over: list[str], said: list[str], unsaid: list[str]
) -> None:
    text = reply_to(domain, "utter_other_topics", topics=topics, left_over=left_over)["text"]
    words = {name: domain.responses[name][0]["text"] if name in domain.responses else name for name in (*said, *unsaid)}
    assert all(words[name] in text for name in said)
    assert not any(words[name] in text for name in unsaid)


def test_a_correction_offers_what_was_likely_next(domain: Domain) -> None:
    assert titles_of(reply_to(domain, "utter_correction"))[:2] == ["What is a blind trial?", "Find a clinical trial"]


def test_what_no_text_says_is_said_so_with_related_topics(domain: Domain) -> None:
    made = reply_to(domain, "utter_no_answer")
    assert "my texts do not say that" in made["text"]
    assert len(titles_of(made)) >= 2


def test_a_paragraph_is_not_said_twice_in_a_row(domain: Domain) -> None:
    tracker = DialogueStateTracker("web:a", domain.slots)
    passage = {"passage": {"topic": "placebo", "part": "text", "number": 1}}
    texts = []
    for _ in range(2):
        tracker.update(
            UserUttered("...", {"name": "follow_up"}, parse_data={"intent": {"name": "follow_up"}} | passage), domain
        )
        made = asyncio.run(ResponseGenerator(domain=domain).generate("utter_follow_up", tracker, "website"))
        assert made is not None
        tracker.update(BotUttered(made["text"], metadata={**made, "notice": True}), domain)
        texts.append(made["text"])
    assert domain.responses["utter_faq/placebo"][0]["text"].split("\n\n")[1] in texts[0]
    assert "my texts do not say that" in texts[1]


def test_a_reaction_is_not_said_twice_in_a_row(domain: Domain) -> None:
    reaction = domain.responses["utter_statement/fear"][0]["text"]
    tracker = DialogueStateTracker("web:a", domain.slots)
    tracker.update(BotUttered(reaction, metadata={"notice": True}), domain)
    made = asyncio.run(ResponseGenerator(domain=domain).generate("utter_statement/fear", tracker, "website"))
    assert made is not None
    assert made["text"] == load_words()["said_already"]["text"]

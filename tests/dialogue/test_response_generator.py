"""Replies name places and emergency numbers by what the conversation knows of places."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import ROOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from trialguide.content.files import load_yaml
from trialguide.content.glossary import load_glossary
from trialguide.content.operator_details import Operator
from trialguide.content.reviews import CHECKED, DRAFT, NOTHING, REVIEWED, Checked, Record, Reviewed, SeenLink, text_sha256
from trialguide.content.wording import load_words
from trialguide.dialogue import response_generator
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


@pytest.mark.parametrize(("days", "words"), [("1", "for one day:"), ("2", "for 2 days:")])
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


# What stands behind an answer


def test_the_hash_of_an_answer_is_that_of_its_file(domain: Domain) -> None:
    for file in sorted((ROOT / "data" / "faq").glob("*.yml")):
        for name, variants in load_yaml(file)["responses"].items():
            assert text_sha256(domain.responses[name]) == text_sha256(variants)


def record_with(status: str, domain: Domain, topic: str) -> Record:
    """A record that gives an answer this status."""
    sha256 = text_sha256(domain.responses[f"utter_faq/{topic}"])
    checked = Checked("an editor", "2026-11-22", sha256, (SeenLink("https://a.eu", "live"),))
    reviewed = Reviewed("nurse", "Example Clinic", "2026-11-22", "2999-11-22", "none", "nobody", sha256)
    return {DRAFT: NOTHING, CHECKED: Record(checked=checked), REVIEWED: Record(reviewed=reviewed)}[status]


@pytest.fixture
def on_record(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The statuses of answers by topic, which a test fills in; all others are drafts."""
    statuses: dict[str, str] = {}

    def record_of(kind: str, name: str) -> Record:
        return record_with(statuses.get(name, DRAFT), domain, name) if kind == "answers" else NOTHING

    monkeypatch.setattr(response_generator, "record_of", record_of)
    return statuses


SENTENCES = {
    DRAFT: "Draft, not yet checked against its sources. No clinician has reviewed it.",
    CHECKED: "Checked against its sources, November 2026. Not yet reviewed by a clinician.",
    REVIEWED: "Reviewed by a clinician (nurse, Example Clinic), November 2026; next review November 2999.",
}
# Each way to an answer about placebos or blinding: the action, what was understood, and words of the answer.
PASSAGE = {"topic": "placebo", "part": "text", "number": 0}
WAYS: dict[str, tuple[str, Mapping[str, Any], str, str]] = {
    "an answer": ("utter_faq/placebo", {}, "placebo", "text"),
    "more": ("utter_tell_more", {}, "placebo", "more"),
    "simpler words": ("utter_repeat_simpler", {}, "placebo", "simpler"),
    "a passage": ("utter_follow_up", {"passage": PASSAGE}, "placebo", "passage"),
    "several topics": ("utter_other_topics", {"topics": ["costs", "placebo"]}, "placebo", "text"),
    "the own case": ("utter_medical_advice", {"topics": ["placebo"]}, "placebo", "simpler"),
}


def words_of(domain: Domain, topic: str, part: str) -> str:
    response = domain.responses[f"utter_faq/{topic}"][0]
    whole = str(response["metadata"][part] if part in ("more", "simpler") else response["text"])
    return whole.split("\n\n")[0] if part == "passage" else whole


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", SENTENCES)
@pytest.mark.parametrize("serve", ["all", "checked", "reviewed"])
def test_an_answer_is_given_with_its_status_or_kept_back(
    way: str, status: str, serve: str, domain: Domain, on_record: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVE", serve)
    process_settings.cache_clear()
    action, parsed, topic, part = WAYS[way]
    on_record[topic] = status
    made = reply_to(domain, action, **parsed)
    sources = domain.responses[f"utter_faq/{topic}"][0]["metadata"]["sources"]
    assert (made["topic"], made["sources"]) == (topic, sources)
    assert all(source["link"] in made["text"] for source in sources)
    assert len(titles_of(made)) >= 2
    if status in {"all": (DRAFT, CHECKED, REVIEWED), "checked": (CHECKED, REVIEWED), "reviewed": (REVIEWED,)}[serve]:
        assert words_of(domain, topic, part) in made["text"]
        assert made["status"] == SENTENCES[status]
        assert made["text"].endswith(made["status"])
        assert "version" in made
    else:
        assert words_of(domain, topic, part) not in made["text"]
        assert "I do not give my answer to “What is a placebo?” here yet" in made["text"]
        assert load_words()["in_general"]["text"] not in made["text"]
        # What nobody has read cannot be rated.
        assert "version" not in made


@pytest.mark.parametrize(
    "action", ["utter_emergency", "utter_self_harm", "utter_report_side_effect", "utter_greet", "utter_about_bot/name"]
)
def test_safety_and_conversation_are_always_served(action: str, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVE", "reviewed")
    process_settings.cache_clear()
    assert domain.responses[action][0]["text"].rpartition("}")[2] in reply(domain, action, {})["text"]


@pytest.mark.parametrize(("action", "status"), [("utter_emergency", ""), ("utter_report_side_effect", SENTENCES[DRAFT])])
def test_an_alarm_is_not_held_up_by_its_status(action: str, status: str, domain: Domain, on_record: dict[str, str]) -> None:
    made = reply(domain, action, {})
    assert made["status"] == status
    assert made["source_line"].endswith(status or ".")


def test_where_an_answer_comes_from_is_told_although_it_is_kept_back(
    domain: Domain, on_record: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVE", "reviewed")
    process_settings.cache_clear()
    made = reply_to(domain, "utter_ask_source")
    assert "version" not in made
    assert made["sources"] == domain.responses["utter_faq/placebo"][0]["metadata"]["sources"]
    assert made["status"] == SENTENCES[DRAFT]


def test_how_many_answers_were_checked_and_reviewed(domain: Domain, on_record: dict[str, str]) -> None:
    on_record |= {"placebo": REVIEWED, "costs": CHECKED, "diet": CHECKED}
    text = reply(domain, "utter_about_bot/reviewed", {})["text"]
    number = sum(name.startswith("utter_faq/") for name in domain.responses)
    assert f"Number of my answers: {number}." in text
    assert "Checked against their sources: 2." in text
    assert "Reviewed by a clinician: 1." in text


@pytest.mark.parametrize(
    ("operator", "maker", "funding", "contact"),
    [
        (Operator(), "runs me here: not stated.", "service: not stated.", "this service: not stated."),
        (
            Operator("Example Clinic", "a@b.example", "Example Fund"),
            "runs me here: Example Clinic.",
            "service: Example Fund.",
            "this service: a@b.example.",
        ),
    ],
)
def test_who_runs_the_assistant_is_said(
    operator: Operator, maker: str, funding: str, contact: str, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_generator, "load_operator", lambda: operator)
    for name, words in (("maker", maker), ("funding", funding), ("contact", contact)):
        assert words in reply(domain, f"utter_about_bot/{name}", {})["text"]


@pytest.mark.parametrize(
    ("id", "name", "beginning", "titles"),
    [
        ("acute", "acute", "“acute”: Starting suddenly", []),
        ("ablation", "RFA", "“RFA”, explained under “ablation”: A treatment", ["How are NETs in the liver treated?"]),
    ],
)
def test_a_word_is_explained_with_its_source(domain: Domain, id: str, name: str, beginning: str, titles: list[str]) -> None:
    made = reply_to(domain, "utter_explain_word", term={"id": id, "name": name})
    assert made["text"].startswith(beginning)
    assert made["text"].endswith(f"Source: {load_glossary()[id].organisation}, {load_glossary()[id].link}.")
    assert made["sources"] == [load_glossary()[id].source]
    assert [button["title"] for button in made.get("buttons", [])] == titles
    # What is said is no answer that could be rated or told more of.
    assert "topic" not in made


@pytest.mark.parametrize("parsed", [{}, {"term": {"id": "gone", "name": "gone"}}])
def test_a_word_that_has_gone_meanwhile(domain: Domain, parsed: dict[str, Any]) -> None:
    assert "cannot explain that word" in reply_to(domain, "utter_explain_word", **parsed)["text"]

"""Phrases that decide whatever the classifier thinks, and sentences they must leave alone."""

import pytest

from trialguide.nlu.safety_phrases import SafetyPhrases, load_safety_phrases


@pytest.fixture(scope="module")
def phrases() -> SafetyPhrases:
    return load_safety_phrases()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("honestly i just want to die", "self_harm"),
        ("I’m thinking about suicide", "self_harm"),
        ("she says she wants to kill herself", "self_harm"),
        ("I can't breathe properly", "emergency"),
        ("i cant breathe", "emergency"),
        ("he has terrible chest pain since lunch", "emergency"),
        ("my wife collapsed", "emergency"),
        ("my husband won't wake up", "emergency"),
        ("the bleeding won’t stop", "emergency"),
        ("please call an ambulance", "emergency"),
        ("I do not want to live like this", "self_harm"),
        ("i dont want to wake up tomorrow", "self_harm"),
        ("I'm not suicidal but I am going to kill myself if this goes on", "self_harm"),
        ("someone has a heart attack here, help", "emergency"),
        ("I've been saving up my sleeping tablets", "self_harm"),
        ("i want to go to sleep and never wake up", "self_harm"),
        ("my husband talks about ending it", "self_harm"),
        ("they'd all be better off if i was gone", "self_harm"),
        ("ich möchte nicht mehr leben", "self_harm"),
        ("sucidal", "self_harm"),
        ("my temperature is 38.6 and i'm neutropenic", "emergency"),
        ("her face is drooping on one side", "emergency"),
        ("flushing, heart racing and about to faint", "emergency"),
        ("my toddler swallowed my tablets", "emergency"),
        ("he is unconcious", "emergency"),
        ("should i call 999", "emergency"),
        ("what is a placebo", None),
        ("I'm not suicidal, just tired", None),
        ("it's not that I want to die, I'm just sad", None),
        ("this waiting is killing me", None),
        ("can people who had a heart attack years ago join", None),
        ("is a trial an emergency treatment", None),
        ("did anybody die in the trial", None),
        ("what happens if somebody has a seizure during the study", None),
        ("i laughed so hard i couldn't breathe", None),
        ("my husband talks about ending the trial early", None),
        ("tired of living with this uncertainty", None),
        ("am i going to die", None),
        ("what's the point of going on the trial", None),
        ("what happens if someone has a heart attack during a trial", None),
        ("my late father had a stroke in 2010, can i join", None),
        ("what is a carcinoid crisis", None),
        ("my tumour is not responding to treatment", None),
    ],
)
def test_labels(phrases: SafetyPhrases, text: str, label: str | None) -> None:
    assert phrases.label(text) == label


def test_a_label_without_harmless_look_alikes_works() -> None:
    phrases = SafetyPhrases({"emergency": {"phrases": ["ambulance"], "unless": []}})
    assert phrases.label("an ambulance please") == "emergency"
    assert phrases.label("a placebo please") is None


@pytest.mark.parametrize("text", ["going to DIE\n now", "Going To Die now", "going to die now"])
def test_capitals_do_not_matter_in_a_phrase_or_a_message(text: str) -> None:
    assert SafetyPhrases({"emergency": {"phrases": [r"Going\s+to die\s+NOW\b"]}}).label(text) == "emergency"

"""Phrases that decide whatever the classifier thinks, and sentences they must leave alone."""

import pytest
import yaml
from conftest import ROOT

from components.safety_phrases import SafetyPhrases


@pytest.fixture(scope="module")
def phrases() -> SafetyPhrases:
    return SafetyPhrases(yaml.safe_load((ROOT / "data" / "safety_phrases.yml").read_text(encoding="utf-8")))


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
        ("what is a placebo", None),
        ("I'm not suicidal, just tired", None),
        ("it's not that I want to die, I'm just sad", None),
        ("this waiting is killing me", None),
        ("can people who had a heart attack years ago join", None),
        ("is a trial an emergency treatment", None),
        ("did anybody die in the trial", None),
        ("what happens if somebody has a seizure during the study", None),
        ("i laughed so hard i couldn't breathe", None),
    ],
)
def test_labels(phrases: SafetyPhrases, text: str, label: str | None) -> None:
    assert phrases.label(text) == label


def test_a_label_without_harmless_look_alikes_works() -> None:
    phrases = SafetyPhrases({"emergency": {"phrases": ["ambulance"], "unless": []}})
    assert phrases.label("an ambulance please") == "emergency"
    assert phrases.label("a placebo please") is None

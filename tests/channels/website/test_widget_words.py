"""The labels of the widget, and the danger that it knows without the server."""

import re

import pytest

from trialguide.content.files import WEB, WORDS, load_yaml
from trialguide.nlu.safety_phrases import SafetyPhrases, load_safety_phrases

WIDGET = load_yaml(WORDS / "widget.yml")


@pytest.fixture(scope="module")
def phrases() -> SafetyPhrases:
    return load_safety_phrases()


@pytest.mark.parametrize("danger", WIDGET["danger"])
def test_what_the_widget_takes_for_danger_is_danger(danger: str, phrases: SafetyPhrases) -> None:
    assert {phrases.label(danger), phrases.label(f"she {danger}")} & {"emergency", "self_harm"}


@pytest.mark.parametrize(
    "text", ["i cant breathe", "my husband is unconscious", "i want to die", "he took too many pills", "she is having a stroke"]
)
def test_common_words_of_danger_are_listed(text: str) -> None:
    assert any(danger.replace("'", "") in text for danger in WIDGET["danger"])


def test_the_list_of_dangers_is_short_and_the_sentence_names_a_number() -> None:
    assert 20 <= len(WIDGET["danger"]) <= 60
    assert "112" in WIDGET["labels"]["offline_danger"]


def test_every_label_that_the_source_names_is_there() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (WEB / "source").glob("*.ts"))
    named = set(re.findall(r'words\.say\("(\w+)"', source))
    assert len(named) > 40
    assert named <= WIDGET["labels"].keys()

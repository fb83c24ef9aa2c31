"""Typed text is made safe, and read in its compatibility form while people see it as they wrote it."""

import pytest
from stored_interpreter import untrained_resources

from trialguide.channels.front_door.incoming import Rejected, from_text
from trialguide.nlu.safety_phrases import load_safety_phrases


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ｉ ｃａｎｔ ｂｒｅａｔｈｅ", "i cant breathe"),
        ("𝗂 𝖼𝖺𝗇'𝗍 𝖻𝗋𝖾𝖺𝗍𝗁𝖾", "i can't breathe"),
        ("𝐈 𝐰𝐚𝐧𝐭 𝐭𝐨 𝐤𝐢𝐥𝐥 𝐦𝐲𝐬𝐞𝐥𝐟", "I want to kill myself"),
    ],
)
def test_danger_in_other_letters_is_read_and_shown_as_typed(typed: str, read: str) -> None:
    message = from_text("web:a", "1", typed)
    assert (message.text, message.shown) == (read, typed)
    assert load_safety_phrases().label(message.text) in ("emergency", "self_harm")


@pytest.mark.parametrize("typed", ["／restart", "/restart", " ／ /restart", "⁄restart", "/　restart", "／ｒｅｓｔａｒｔ"])
def test_no_letter_form_makes_a_command(typed: str) -> None:
    assert from_text("web:a", "1", typed).text == "restart"


@pytest.mark.parametrize("typed", ["", "　", "／", "\u200b", None])
def test_nothing_readable_is_rejected(typed: object) -> None:
    with pytest.raises(Rejected):
        from_text("web:a", "1", typed)


def test_entities_have_their_offsets_in_the_text_that_is_read() -> None:
    message = from_text("web:a", "1", "ﬁnd a clinic in Ｍünchen please")
    (entity,) = untrained_resources().places.of(message.text)
    assert entity["value"] == "DE/Munich"
    assert message.text[entity["start"] : entity["end"]] == "München"

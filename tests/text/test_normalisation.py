"""Messages that hold no question are told apart before anything is spent on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialguide.text.normalisation import MAX_CHARACTERS, compatible, normalised, printable, unreadable_reason


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \t\n ", "empty"),
        ("\x00\x01\x02", "empty"),
        ("\u200b\u200d", "empty"),
        ("\ud800", "empty"),
        ("😀😀", "no_words"),
        ("???", "no_words"),
        ("--- !!! ---", "no_words"),
        ("что такое исследование", "other_script"),
        ("臨床試験とは", "other_script"),
        ("ما هي التجربة السريرية", "other_script"),
        ("a" * (MAX_CHARACTERS + 1), "too_long"),
        ("a" * MAX_CHARACTERS, None),
        ("what is a trial", None),
        ("2", None),
        ("Was heißt „placebo“?", None),
        ("NET 神経内分泌腫瘍 what is it please", None),
        ("phase\x002?", None),
    ],
)
def test_kinds(text: str, kind: str | None) -> None:
    assert unreadable_reason(text) == kind


@given(st.text(max_size=1500))
def test_any_text_has_a_kind(text: str) -> None:
    assert unreadable_reason(text) in (None, "empty", "no_words", "other_script", "too_long")


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize(("text", "shown"), [("a\x00b", "a b"), (" a \n b ", "a b"), ("a\u200bb", "a b")])
def test_visible_text(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ｉ ｃａｎｔ ｂｒｅａｔｈｅ", "i cant breathe"),
        ("𝗂 𝖼𝖺𝗇'𝗍 𝖻𝗋𝖾𝖺𝗍𝗁𝖾", "i can't breathe"),
        ("𝑰 𝓌𝒶𝓃𝓉 𝔱𝔬 𝕕𝕚𝕖", "I want to die"),
        ("ﬁnd an oﬃce", "find an office"),
        ("ＳＷ１Ａ　１ＡＡ", "SW1A 1AA"),
        ("① please", "1 please"),
        ("cafe\u0301", "café"),
        # An accent typed as an apostrophe would be parted from its word.
        ("i can´t breathe", "i can´t breathe"),
        ("Lutathera™", "Lutathera™"),
        ("München, 東京, Київ, 👩‍⚕️", "München, 東京, Київ, 👩‍⚕️"),
        # One character that would grow to eighteen.
        ("\ufdfa" * 50, "\ufdfa" * 50),
    ],
)
def test_letters_of_other_forms_become_plain_ones(text: str, form: str) -> None:
    assert compatible(text) == form


@given(st.text())
def test_the_compatibility_form_is_final_and_bounded(text: str) -> None:
    form = compatible(text)
    assert compatible(form) == form
    assert len(form) <= 2 * len(text)

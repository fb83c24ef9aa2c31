"""Short forms are written out; what only looks like one stays."""

import pytest

from trialguide.nlu.preprocessing import Abbreviations, load_abbreviations


@pytest.fixture(scope="module")
def short_forms() -> Abbreviations:
    return load_abbreviations()


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("wut abt u", "what about you"),
        ("Wot R the risks, plz?", "what are the risks, please?"),
        ("can i leave b4 the end w/o a reason", "can i leave before the end without a reason"),
        ("benefits & risks w/ chemo", "benefits and risks with chemo"),
        ("is it safe 4 me in phase 4", "is it safe 4 me in phase 4"),
        # Part of a word.
        ("R-CHOP and/or y-90", "R-CHOP and/or y-90"),
        ("u's", "u's"),
        ("a route through Utrecht", "a route through Utrecht"),
        ("", ""),
    ],
)
def test_short_forms(short_forms: Abbreviations, text: str, written_out: str) -> None:
    assert short_forms.expand(text) == written_out

"""Courtesies are stripped and abbreviations expanded; what only looks like one stays."""

import pytest

from trialguide.nlu.preprocessing import Abbreviations, Courtesies, load_abbreviations, load_courtesies


@pytest.fixture(scope="module")
def courtesies() -> Courtesies:
    return load_courtesies()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Good evening, I hope you are well. May I ask what a placebo is? Kind regards", "what a placebo is?"),
        ("Dear Sir or Madam, could somebody please explain to me how blinding works", "how blinding works"),
        ("sorry for my bad english, is it free for me", "is it free for me"),
        ("I was just wondering whether I can leave early, thanks so much in advance!", "whether I can leave early"),
        ("one more question: who pays for it", "who pays for it"),
        ("pls tell me do they give money", "do they give money"),
        ("what does randomised mean plz", "what does randomised mean"),
        ("would you mind telling us how long it lasts", "how long it lasts"),
        ("what is a phase 2 trial? thank you", "what is a phase 2 trial?"),
        ("no wait, I meant who sees my records", "who sees my records"),
        ("Oh sorry, hang on: what happens in phase 3", "what happens in phase 3"),
        # A no may be all that is meant.
        ("no, do not go on with it", "no, do not go on with it"),
        ("wait, I do not follow", "wait, I do not follow"),
        # Too little would be left.
        ("hello there", "hello there"),
        ("thank you so much for your help", "thank you so much for your help"),
        ("tell me more", "tell me more"),
        ("please stop", "please stop"),
        # Not said out of politeness.
        ("I want to ask my doctor about joining", "I want to ask my doctor about joining"),
        ("please help me my chest hurts", "please help me my chest hurts"),
        ("the questions I should ask before joining", "the questions I should ask before joining"),
    ],
)
def test_courtesies(courtesies: Courtesies, text: str, plain: str) -> None:
    assert courtesies.strip(text) == plain


@pytest.mark.parametrize("text", ["", " ", "hello " * 200, "thanks, " * 200, "please " * 150 + "what is a trial"])
def test_nothing_takes_long_or_empties_a_message(courtesies: Courtesies, text: str) -> None:
    assert bool(courtesies.strip(text).strip()) == bool(text.strip())


@pytest.fixture(scope="module")
def abbreviations() -> Abbreviations:
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
def test_abbreviations(abbreviations: Abbreviations, text: str, written_out: str) -> None:
    assert abbreviations.expand(text) == written_out

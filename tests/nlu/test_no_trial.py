"""What is said about no trial, and what it makes of the probabilities."""

import pytest

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.no_trial import REMAINS, load_no_trial


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("not a trial, just the normal scan", False, True),
        ("i’m not in a trial", False, True),
        ("I said nothing about a trial", False, True),
        ("I dont want a trial, who treats children?", False, True),
        ("not trials please", False, True),
        ("the scan", True, True),
        ("the scan", False, False),
        ("and how does a trial work?", True, False),
        # About trials all the same.
        ("What if I don't want a trial?", False, False),
        ("I am not in a trial yet, how do I join?", False, False),
        ("can I say no to a trial", False, False),
        ("is there no trial in Spain", False, False),
        ("this is not a trial drug", False, False),
        ("my doctor never mentioned a study", False, False),
    ],
)
def test_whether_no_trial_is_meant(text: str, before: bool, after: bool) -> None:
    assert load_no_trial().after(text, before) is after


def test_topics_about_trials_become_less_likely() -> None:
    found = load_no_trial().without_trials({"duration": 0.6, "prrt": 0.3, "greet": 0.1}, load_catalogue())
    assert sum(found.values()) == pytest.approx(1)
    assert found["duration"] / found["prrt"] == pytest.approx(2 * REMAINS)
    assert found["prrt"] / found["greet"] == pytest.approx(3)


def test_the_groups_stand_in_the_catalogue() -> None:
    assert load_no_trial()._groups < set(load_catalogue().groups)

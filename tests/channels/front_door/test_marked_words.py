"""Words that the widget marks: those of answers, without those that the answer itself explains."""

from typing import Any

import pytest

from trialguide.channels.front_door.transcript import as_json, assistant_entries

TEXT = "A placebo, a biopsy and another biopsy. Your NET is no arm."


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"topic": "costs"}, ["placebo", "biopsy"]),
        # Its title is “What is a placebo?”.
        ({"topic": "placebo"}, ["biopsy"]),
        ({}, []),
        ({"topic": "costs", "kind": "safety"}, []),
        ({"topic": "costs", "utter_action": "utter_emergency"}, []),
        ({"utter_action": "clinic"}, []),
    ],
)
def test_marked_words(data: dict[str, Any], names: list[str]) -> None:
    entry = as_json(assistant_entries({"text": TEXT, "timestamp": 1.0} | data)[-1])
    assert [term["name"] for term in entry.get("terms", [])] == names
    assert all(term["meaning"] for term in entry.get("terms", []))


def test_a_notice_has_none() -> None:
    notice, answer = assistant_entries({"text": f"{TEXT}\n\n{TEXT}", "notice": TEXT, "topic": "costs", "timestamp": 1.0})
    assert "terms" not in as_json(notice)
    assert as_json(answer)["terms"]

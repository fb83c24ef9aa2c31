"""Secrets are compared as text, also against what no encoding takes."""

import pytest

from trialguide.runtime.constant_time import constant_time_equal


@pytest.mark.parametrize(
    ("given", "expected", "equal"),
    [
        ("secret", "secret", True),
        ("Secret", "secret", False),
        ("", "secret", False),
        ("clé", "clé", True),
        ("\ud800", "x", False),
    ],
)
def test_constant_time_equal(given: str, expected: str, equal: bool) -> None:
    assert constant_time_equal(given, expected) is equal

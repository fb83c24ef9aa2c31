"""Only numbers that were verified are named."""

import csv

import pytest

from trialguide.content.emergency_numbers import NUMBERS, emergency_numbers


@pytest.mark.parametrize(
    ("country", "number"), [("DE", "112"), ("AT", "112"), ("JP", "119"), ("AU", "000"), ("IN", None), ("AF", None)]
)
def test_numbers(country: str, number: str | None) -> None:
    assert emergency_numbers().get(country, {}).get("recommended_dial") == number


def test_only_verified_numbers() -> None:
    with NUMBERS.open(encoding="utf-8", newline="") as file:
        rows = {row["country_code"]: row for row in csv.DictReader(file)}
    assert all(rows[code]["verified"] == "true" and rows[code]["checked_on"] for code in emergency_numbers())

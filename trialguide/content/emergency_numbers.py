"""The number to call in a country in a medical emergency, from `data/directory/emergency_numbers.csv`."""

import csv
from functools import cache

from trialguide.content.files import DIRECTORY

NUMBERS = DIRECTORY / "emergency_numbers.csv"


@cache
def emergency_numbers() -> dict[str, dict[str, str]]:
    """The line of each country that has a number to recommend, by the country's code: only lines that were verified."""
    with NUMBERS.open(encoding="utf-8", newline="") as file:
        return {row["country_code"]: row for row in csv.DictReader(file) if row["recommended_dial"] and _is_verified(row)}


def _is_verified(row: dict[str, str]) -> bool:
    return row["verified"] == "true" and bool(row["checked_on"])

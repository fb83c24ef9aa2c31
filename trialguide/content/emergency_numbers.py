"""Emergency numbers by country, from `data/directory/emergency_numbers.csv`."""

import csv
from functools import cache

from trialguide.content.files import DIRECTORY

NUMBERS = DIRECTORY / "emergency_numbers.csv"


@cache
def emergency_numbers() -> dict[str, dict[str, str]]:
    """The verified row of each country with a recommended number, by country code."""
    with NUMBERS.open(encoding="utf-8", newline="") as file:
        return {row["country_code"]: row for row in csv.DictReader(file) if row["recommended_dial"] and _is_verified(row)}


def _is_verified(row: dict[str, str]) -> bool:
    return row["verified"] == "true" and bool(row["checked_on"])

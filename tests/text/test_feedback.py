"""Ratings as people type them."""

from pathlib import Path
from typing import Any

import pytest
from conftest import load_table

from trialguide.text.feedback import Rating, load_rating_reader

READER = load_rating_reader()


@pytest.mark.parametrize("row", load_table(Path(__file__).with_name("ratings.yml")), ids=lambda row: repr(row["text"]))
def test_a_rating_is_read(row: dict[str, Any]) -> None:
    read = READER.read(row["text"])
    if row.get("not_clear"):
        assert read is None or not read.clear
    elif row.get("none"):
        assert read is None
    else:
        expected = Rating(row.get("stars"), row.get("comment", ""), row.get("bare", False), row.get("clear", False))
        assert read == expected

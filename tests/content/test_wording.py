"""Replies are put together from the words in the content files."""

import pytest

from trialguide.content.wording import buttons, fill, source_line


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{name}\nPhone: {phone}", {"name": "A", "phone": "1"}, "A\nPhone: 1"),
        ("{name}\nPhone: {phone}", {"name": "A", "phone": ""}, "A"),
        ("{name}\nPhone: {phone}", {"name": "A"}, "A"),
        ("{postcode} {city}, {country}", {"city": "Graz", "country": "Austria"}, "Graz, Austria"),
        ("no fields\n\nat all", {}, "no fields\n\nat all"),
        ("{a}", {"a": "{b}", "b": "no"}, "{b}"),
        ("{a}", {"a": 0}, "0"),
    ],
)
def test_fill(template: str, values: dict[str, object], text: str) -> None:
    assert fill(template, values) == text


def test_source_line() -> None:
    sources = [{"organisation": "EMA", "link": "https://a.eu"}, {"organisation": "WHO", "link": "https://b.int"}]
    named = "Source: EMA, https://a.eu; WHO, https://b.int."
    assert source_line("Source: {sources}. {status}", sources, "A draft.") == f"{named} A draft."
    assert source_line("Source: {sources}. {status}", sources, "") == named


def test_a_button_sends_its_own_title() -> None:
    assert buttons(["What is PRRT?"]) == [{"title": "What is PRRT?", "payload": "What is PRRT?"}]

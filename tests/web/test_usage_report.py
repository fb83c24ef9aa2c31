"""The usage report in a browser: nothing is cut, on a screen and on paper, and everybody can read it."""

import json
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext
from widget_client import RULES

from trialguide.commands.report import TITLE, period_of
from trialguide.commands.reporting.clustering import Group
from trialguide.commands.reporting.missed_danger import PHRASE, MissedDanger
from trialguide.commands.reporting.usage import Rated, Usage
from trialguide.commands.reporting.usage_page import usage_page
from trialguide.content.catalogue import load_catalogue
from trialguide.storage.unanswered import Unanswered
from trialguide.storage.usage_counts import LONGER, Count

TITLES = load_catalogue().titles
DAY = "2026-11-03"
CHANNELS = ("website", "whatsapp", "messenger", "telegram", "sms", "slack", "teams", "rest")
# The longest that people may type: without a blank, and with many.
WORD, SENTENCE = "w" * 1000, "can my dog come with me " * 40
NUMBERS = {
    **{("topic", topic): 900 - number for number, topic in enumerate(TITLES)},
    **{("unanswered", why): 120 for why in ("unsure", "gave_up", "out_of_scope")},
    **{("chosen", topic): 9 for topic in TITLES},
    **{
        ("look_up", f"find_support_group/{country}/{came}"): 30
        for country in ("BA", "VC")
        for came in ("found", "not_addressed")
    },
    **{("safety", name): 40 for name in ("emergency", "self_harm", "medical_advice", "report_side_effect")},
    ("offered", ""): 120,
    ("language", "Devanagari"): 400,
    ("seconds", LONGER): 100,
}
SCREEN = {"width": 1280, "height": 800}
# A4 without the margins that browsers take.
PAPER = {"width": 718, "height": 1000}
CUT = """() => [...document.querySelectorAll("main *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.right > innerWidth + 1 || box.left < -1 || element.scrollWidth > element.clientWidth + 1 && element.clientWidth;
}).map((element) => element.tagName + " " + element.textContent.slice(0, 40))"""


def message(text: str, number: int) -> Unanswered:
    return Unanswered(DAY, "website", "unsure", text, tuple((topic, 0.2) for topic in list(TITLES)[:3]), None, number=number)


def fullest_page() -> str:
    """A report in which everything is as long as it can be."""
    counts = Counter({Count(DAY, "website", kind, name): number for (kind, name), number in NUMBERS.items()})
    counts |= {Count(day, channel, "message", ""): 10_000 for day in period_of(DAY, "2026-11-30").days for channel in CHANNELS}
    near = message("", 0).nearest
    several = Group([message(SENTENCE, 123_456), message(WORD, 123_457)], near, Counter({next(iter(TITLES)): 3}))
    alone = [Group([message(text, 9)], near, Counter()) for text in (WORD, SENTENCE)]
    missed = [MissedDanger(message(text, 1_234_567), PHRASE) for text in (WORD, SENTENCE)]
    ratings = [Rated(topic, True, stars, WORD if stars == 1 else SENTENCE, True) for topic in TITLES for stars in range(1, 6)]
    return usage_page(TITLE, Usage(period_of(DAY, "2026-11-30"), TITLES, counts, ratings, [several, *alone], [], missed))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(fullest_page(), encoding="utf-8")
    return file


@pytest.mark.parametrize(("medium", "size"), [("screen", SCREEN), ("print", PAPER)])
def test_nothing_in_the_report_is_cut(
    medium: Any, size: dict[str, int], report: Path, context_of: Callable[..., BrowserContext]
) -> None:
    page = context_of(viewport=size).new_page()
    page.emulate_media(media=medium)
    page.goto(report.as_uri())
    assert page.evaluate(CUT) == []


def test_axe_finds_nothing_in_the_report(report: Path, context_of: Callable[..., BrowserContext]) -> None:
    page = context_of(viewport=SCREEN).new_page()
    page.goto(report.as_uri())
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}})")
    assert [violation["id"] for violation in found["violations"]] == []

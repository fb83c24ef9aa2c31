"""The report on usage: what it shows and hides, in one page that asks for nothing, and sentences for what cannot be."""

import argparse
import re
import sqlite3
from collections import Counter
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree

import pytest
from conftest import ROOT

from trialguide.commands.backup import open_database
from trialguide.commands.report import TITLE, main, period_of, usage_of
from trialguide.commands.reporting.clustering import Group, groups_of
from trialguide.commands.reporting.inbox import MOST_ALONE, MOST_GROUPS
from trialguide.commands.reporting.usage import Usage
from trialguide.commands.reporting.usage_page import usage_page
from trialguide.content.answer_versions import answer_versions
from trialguide.content.files import load_yaml
from trialguide.content.reviews import (
    ANSWERS,
    LIVE,
    Checked,
    Record,
    SeenLink,
    links_of,
    record_file,
    text_sha256,
    written_record,
)
from trialguide.storage.schema import RATINGS, UNANSWERED
from trialguide.storage.turn_summary import NONE
from trialguide.storage.unanswered import Unanswered
from trialguide.storage.usage_counts import LONGER, Count, add_counts

DAY, CHANNEL = "2026-11-03", "website"
NOON = 1_793_707_200.0
NUMBERS = {
    ("message", ""): 64,
    ("topic", "placebo"): 21,
    ("topic", "costs"): 3,
    ("unanswered", "unsure"): 12,
    ("unanswered", "out_of_scope"): 4,
    ("offered", ""): 12,
    ("chosen", "costs"): 6,
    ("chosen", NONE): 1,
    ("look_up", "find_clinic/DE/found"): 7,
    ("look_up", "find_clinic/MT/abroad"): 5,
    ("look_up", "find_trial/GB/not_addressed"): 2,
    ("safety", "emergency"): 5,
    ("safety", "self_harm"): 1,
    ("language", "en"): 60,
    ("language", "de"): 4,
    ("seconds", "0.1"): 60,
    ("seconds", LONGER): 4,
}
INBOX = [
    "can my dog come with me to the visits",
    "may I bring my dog to the clinic",
    "Can my dog come with me to the visits?",
    "my name is [name], what does parking cost at the hospital",
    "weather tomorrow",
    "i have taken all my pills to end it",
    "he just went down in the kitchen",
]
# Of emergency and self-harm together.
DANGER = {INBOX[6]: 0.08}
NEAREST = {INBOX[3]: '[["costs", 0.4], ["payment", 0.2]]', INBOX[4]: '[["costs", 0.01]]'}


class Text(HTMLParser):
    """The tables of a page, as rows of cells, and all that it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.loads: list[str] = []
        self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.in_cell = tag in ("td", "th") or (self.in_cell and tag == "code")
        if tag == "tr":
            self.rows.append([])
        if self.in_cell:
            self.rows[-1].append("")
        self.loads += [
            value or "" for name, value in attributes if name in ("src", "href") and not (value or "").startswith("#")
        ]

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database in which something was asked on one day."""
    file = tmp_path / "c.db"
    monkeypatch.setenv("CONVERSATIONS", str(file))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with open_database().begin() as connection:
        # Two servers, of which each has a half.
        for server, more in (("a", 0), ("b", 1)):
            counts = [
                Count(DAY, CHANNEL, kind, name) for (kind, name), number in NUMBERS.items() for _ in range((number + more) // 2)
            ]
            add_counts(connection, server, counts)
        for number, text in enumerate(INBOX):
            row = {"sender_id": f"web:{number}", "day": DAY, "channel": CHANNEL, "reason": "unsure", "text": text}
            connection.execute(
                UNANSWERED.insert(),
                row | {"nearest": NEAREST.get(text, '[["daily_life", 0.3], ["costs", 0.1]]'), "danger": DANGER.get(text, 0.01)},
            )
        for number, stars in enumerate((5, 5, 5, 5, 2, 1)):
            topic, comment = ("placebo", None) if stars > 1 else ("costs", "ask [name]")
            version = answer_versions()[topic] if stars > 1 else "an earlier one"
            rated = RATINGS.insert().values(sender_id=f"web:{number}", topic=topic, version=version, stars=stars, rated_at=NOON)
            connection.execute(rated.values(comment=comment))
    return file


def run(first: str | None, last: str | None, out: Path) -> int:
    return main(argparse.Namespace(first=first, last=last, out=out, was_danger=()))


def test_the_page_says_what_happened_and_hides_what_might_be_about_one_person(database: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("2026-11-01", "2026-11-30", page) == 0
    text = page.read_text(encoding="utf-8")
    read = Text(text)
    for row in (
        [DAY, "64"],
        ["What is a placebo?", "placebo", "21"],
        ["What does a trial cost me?", "costs", "under 5"],
        ["topics were offered", "12", "19 %"],
        ["out of scope", "under 5", "under 5"],
        ["took one of the topics", "6"],
        ["said none of these", "under 5"],
        ["asked something else or left", "5"],
        ["Germany", "Find a NET clinic", "found", "7"],
        ["Malta", "Find a NET clinic", "none in the country", "5"],
        ["United Kingdom", "Find a clinical trial", "country not addressed", "under 5"],
        ["emergency", "5"],
        ["self-harm", "under 5"],
        ["en", "60"],
        ["de", "under 5"],
        ["up to 0.1 s", "60", "94 %"],
        ["longer", "under 5", "under 5"],
        ["What is a placebo?", "as now", "4.4", "5"],
        ["What does a trial cost me?", "earlier", "under 5", "under 5"],
        ["What does a trial cost me?", "earlier", "ask [name]"],
    ):
        assert row in read.rows, row
    assert "25 % were not answered" in text
    # Nothing is loaded from anywhere, and every picture has its text and its table.
    assert all(load.startswith("data:image/svg+xml;base64,") for load in read.loads)
    assert text.count("<img") >= 7
    assert "<script" not in text


def test_the_inbox_groups_what_is_alike_and_has_a_line_for_the_topic(database: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run(DAY, DAY, page) == 0
    text = page.read_text(encoding="utf-8")
    assert "Group 1: 3 messages" in text
    # Daily life was nearest; the line stands as it will in the file.
    assert "Line for <code>data/faq/daily_life.yml</code>" in text
    assert re.search(r"<pre>      - \S.* dog .*</pre>", text)
    rows = Text(text).rows
    shown = next(row for row in rows if row[0] == INBOX[3])
    assert shown[2:] == ["data/faq/costs.yml", "- my name is name, what does parking cost at the hospital", "4"]
    # Nothing is near.
    assert next(row for row in rows if row[0] == INBOX[4])[2] == "data/nlu/out_of_scope.yml"


def files_offered(page: Path) -> dict[str, set[str]]:
    """The files that the report offers for each message that stands in a table; one without a file is safety's."""
    files: dict[str, set[str]] = {}
    for row in Text(page.read_text(encoding="utf-8")).rows:
        if row[0] in INBOX:
            offered = [cell for cell in row[1:] if cell.startswith("data/") and cell.endswith(".yml")]
            files.setdefault(row[0], set()).update(offered or ["data/nlu/safety.yml"])
    return files


def test_what_looks_like_danger_is_offered_for_safety_alone(database: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run(DAY, DAY, page) == 0
    rows = [row for row in Text(page.read_text(encoding="utf-8")).rows if row[0] in (INBOX[5], INBOX[6])]
    assert rows == [
        [INBOX[6], "was near emergency or self-harm (8%)", f"- {INBOX[6]}", "7"],
        [INBOX[5], "has a phrase of data/vocabulary/safety_phrases.yml", f"- {INBOX[5]}", "6"],
    ]
    assert files_offered(page)[INBOX[4]] == {"data/nlu/out_of_scope.yml"}


def test_an_editor_says_that_an_entry_was_danger(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    marks = argparse.Namespace(first=None, last=None, out=page, was_danger=[5])
    assert main(marks) == 0
    assert "Marked as danger: 5." in capsys.readouterr().out
    assert not page.exists()
    assert run(DAY, DAY, page) == 0
    text = page.read_text(encoding="utf-8")
    assert [INBOX[4], "marked as danger", f"- {INBOX[4]}", "5"] in Text(text).rows
    assert files_offered(page)[INBOX[4]] == {"data/nlu/safety.yml"}
    assert "data/nlu/out_of_scope.yml" not in text
    assert "that editors marked as danger that was missed: under 5." in text
    marks.was_danger = [1, 99]
    assert main(marks) == 1
    assert "No entry of the inbox has the number 99. Nothing was marked." in capsys.readouterr().err
    assert run(DAY, DAY, page) == 0
    assert "Group 1: 3 messages" in page.read_text(encoding="utf-8")


def test_ratings_that_do_not_count_are_in_no_mean_and_their_comments_are_read(database: Path, tmp_path: Path) -> None:
    with open_database().begin() as connection:
        row = {"topic": "placebo", "version": answer_versions()["placebo"], "stars": 1, "rated_at": NOON, "counts": False}
        for number in range(9):
            connection.execute(RATINGS.insert(), row | {"sender_id": f"web:many{number}", "comment": f"stuffed {number}"})
    assert run(DAY, DAY, tmp_path / "report.html") == 0
    rows = Text((tmp_path / "report.html").read_text(encoding="utf-8")).rows
    assert ["What is a placebo?", "as now", "4.4", "5"] in rows
    assert ["What is a placebo?", "as now", "stuffed 8"] in rows


def test_what_was_taken_afterwards_says_where_a_group_belongs() -> None:
    near = (("costs", 0.4), ("payment", 0.2))
    messages = [Unanswered(DAY, CHANNEL, "unsure", "money?", near, chosen) for chosen in ("payment", "payment", NONE, None)]
    (group,) = groups_of(messages)
    assert group.likeliest == "payment"
    assert groups_of([]) == []


def test_an_inbox_too_long_to_work_through_is_cut_and_says_so() -> None:
    near = (("costs", 0.4),)
    message = Unanswered(DAY, CHANNEL, "unsure", "money?", near, None)
    alone, pair = Group([message], near, Counter()), Group([message] * 2, near, Counter())
    asked = Counter({Count(DAY, CHANNEL, "message", ""): 9})

    def page(inbox: list[Group]) -> str:
        return usage_page(TITLE, Usage(period_of(DAY, DAY), {}, asked, [], inbox, []))

    long = page([pair] * (MOST_GROUPS + 2) + [alone] * (MOST_ALONE + 3))
    assert "2 smaller groups and 3 messages like no other" in long
    assert long.count("<pre>") == MOST_GROUPS
    assert "Not shown" not in page([pair, alone])


def test_what_people_wrote_is_shown_as_text() -> None:
    near = (("costs", 0.4),)
    message = Unanswered(DAY, CHANNEL, "unsure", "<script>alert(1)</script> {{ 7 * 7 }}", near, None)
    asked = Counter({Count(DAY, CHANNEL, "message", ""): 9})
    page = usage_page(TITLE, Usage(period_of(DAY, DAY), {}, asked, [], [Group([message] * 2, near, Counter())], []))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in page


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-13-01", None, "--from: “2026-13-01” is no day. Write year, month and day: 2026-11-01."),
        (None, "yesterday", "--to: “yesterday” is no day."),
        ("", None, "--from: “” is no day."),
        ("2026-11-30", "2026-11-01", "The first day, 2026-11-30, comes after the last one, 2026-11-01."),
    ],
)
def test_days_that_cannot_be_are_refused_in_words(
    first: str | None, last: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(first, last, tmp_path / "report.html") == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


def test_days_on_which_nothing_was_asked_are_reported_as_such(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert run("2020-01-01", "2020-01-31", page) == 0
    assert "Nothing was asked on these days." in capsys.readouterr().out
    assert "From 2020-01-01 to 2020-01-31 no message was counted." in page.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_said_in_words(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(DAY, DAY, tmp_path / "no folder" / "report.html") == 1
    assert "no folder" in capsys.readouterr().err


def test_what_is_past_its_date_is_listed(database: Path, tmp_path: Path) -> None:
    data = copytree(ROOT / "data", tmp_path / "data")
    variants = load_yaml(data / "faq" / "placebo.yml")["responses"]["utter_faq/placebo"]
    links = tuple(SeenLink(link, LIVE) for link in links_of(variants[0]))
    record = Record(checked=Checked("an editor", "2020-01-01", text_sha256(variants), links))
    file = record_file(ANSWERS, "placebo", data / "reviews")
    file.parent.mkdir(exist_ok=True)
    file.write_text(written_record(record), encoding="utf-8")
    page = usage_page(TITLE, usage_of(period_of(DAY, DAY), data))
    past = [row for row in Text(page).rows if row[0].startswith("data/reviews/answers/placebo.yml:")]
    assert [row[1] for row in past] == ["The last check, 2020-01-01, is more than two years ago."]


def test_the_counts_have_no_sender(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(counts)")]
    assert columns == ["id", "day", "channel", "kind", "name", "server", "number"]

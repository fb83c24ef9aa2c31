"""The evaluation report: a page that needs nothing else, and a document with pictures."""

import argparse
import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tools.evaluation import score_report
from tools.evaluation.measures import Outcome
from tools.evaluation.questions import QUESTIONS, read_questions, sets_of
from tools.evaluation.score import add_arguments, main, understand
from tools.evaluation.training_examples import Example, configured, training_examples
from trialguide.commands.reporting.documents import Section, Table, as_html, as_markdown
from trialguide.content.catalogue import Catalogue
from trialguide.nlu.decision import DANGERS, OUT_OF_SCOPE

TOPICS = ("placebo", "phase_1", "blinding", OUT_OF_SCOPE, *DANGERS)
EXAMPLES_EACH = 30
QUESTIONS_EACH = 8
VOID = {"meta", "img", "br", "link"}
# Intents that a stage of the interpreter decides on, so that nothing is learned for them.
WITHOUT_EXAMPLES = {
    "several_topics",
    "follow_up",
    "no_answer",
    "explain_word",
    "check_in_over",
    "check_again_emergency",
    "check_again_self_harm",
}


class Page(HTMLParser):
    """The tags of a page in order; raises AssertionError when they are not nested as they should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def some_examples(catalogue: Catalogue) -> list[Example]:
    examples = training_examples(catalogue)
    return [example for topic in TOPICS for example in [one for one in examples if one.label == topic][:EXAMPLES_EACH]]


@pytest.fixture(scope="module")
def results(model: Path, catalogue: Catalogue) -> dict[str, list[Outcome]]:
    questions = read_questions(sorted(QUESTIONS.glob("*.yml")), catalogue)
    some = [q for topic in TOPICS for q in [one for one in questions if one.topic == topic][:QUESTIONS_EACH]]
    understood = understand(some, model)
    return {"first": understood[::2], "second": understood[1::2]}


def test_what_is_learned_from_is_what_the_classifier_learns_from(catalogue: Catalogue) -> None:
    examples = training_examples(catalogue)
    labels = {example.label for example in examples}
    assert labels == {*catalogue.topics, *catalogue.lookups, *catalogue.conversation, *catalogue.safety} - WITHOUT_EXAMPLES
    assert {example.text for example in examples} >= set(catalogue.titles.values())


def test_files_are_told_apart_by_their_set() -> None:
    files = [Path(name) for name in ("safety.yml", "second_safety.yml", "third_a.yml", "secondary.yml")]
    assert {name: [file.name for file in group] for name, group in sets_of(files).items()} == {
        "first": ["safety.yml", "secondary.yml"],
        "second": ["second_safety.yml"],
        "third": ["third_a.yml"],
    }


@pytest.fixture(scope="module")
def written(
    results: dict[str, list[Outcome]], model: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report and the document over a few topics."""
    folder = tmp_path_factory.mktemp("report")
    settings, thresholds = configured()
    evidence = score_report.gather(some_examples(catalogue), results, model, settings, thresholds)
    score_report.write_report(evidence, settings, thresholds, catalogue, folder / "report.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score_report, "DOCUMENT", folder / "understanding.md")
        patch.setattr(score_report, "PICTURES", folder / "understanding")
        score_report.write_document(evidence, settings, thresholds, catalogue)
    return folder


HEADINGS = (
    "Measures",
    "Recall by topic",
    "Confusions",
    "Thresholds",
    "Cross-validation",
    "Calibration",
    "Speed and size",
    "Models that were tried",
)
PICTURES = {"calibration"}


def test_the_page_holds_each_part_and_needs_nothing_else(written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.all("html") == [{"lang": "en"}]
    for heading in HEADINGS:
        assert f"<h2>{heading}</h2>" in text
    assert len(page.all("caption")) == len(page.all("table")) >= len(HEADINGS)
    pictures = page.all("img")
    assert len(pictures) == len(page.all("figcaption")) == len(PICTURES)
    for picture in pictures:
        assert picture["alt"]
        kind, _, data = (picture["src"] or "").partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(data)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert sorted(f"#{id}" for id in ids) == sorted(str(link["href"]) for link in page.all("a"))


def test_every_topic_has_its_recall(written: Path, results: dict[str, list[Outcome]]) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    for topic in TOPICS:
        asked = [result for group in results.values() for result in group if result.question.topic == topic]
        right = sum(result.right for result in asked)
        assert f'<th scope="row">{topic}</th>' in text
        assert f"({right} of {len(asked)})" in text


def test_the_document_links_small_pictures(written: Path) -> None:
    text = (written / "understanding.md").read_text(encoding="utf-8")
    for heading in HEADINGS:
        assert f"\n## {heading}\n" in text
    files = {file.stem: file for file in (written / "understanding").glob("*.svg")}
    assert set(files) == PICTURES
    for name, file in files.items():
        assert f"](understanding/{name}.svg)" in text
        assert file.stat().st_size < 150_000


def test_what_is_written_is_escaped() -> None:
    section = Section("a < b", ["1 & 2"], [Table("<i>", ("x|y",), [("<script>",), ("p|q",)])])
    page = as_html("<title>", [section])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    document = as_markdown("t", [section], Path("p"), 10)
    assert "| p\\|q" in document
    assert "<script>" not in document


def test_long_tables_are_cut_in_the_document_only() -> None:
    table = Table("rows", ("row",), [(f"row {number}",) for number in range(5)])
    section = Section("s", [], [table])
    assert "row 4" in as_html("t", [section])
    document = as_markdown("t", [section], Path("p"), 3)
    assert "row 2" in document
    assert "row 3" not in document
    assert "2 rows more" in document


def test_a_missing_folder_is_said_before_anything_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    nowhere = tmp_path / "missing" / "report.html"
    assert main(parser.parse_args(["--report", str(nowhere)])) == 1
    assert capsys.readouterr().err == f"The folder of {nowhere} does not exist. Make it first.\n"

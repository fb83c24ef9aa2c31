"""The evaluation report: folds, temperature and thresholds on made data with known answers, and the page itself."""

import base64
import math
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tools.evaluation import score_report
from tools.evaluation.calibration import best_temperature, calibration_error, log_loss, reliability, tempered
from tools.evaluation.cross_validation import AnswerSweep, DangerSweep, contiguous_folds, cross_validate, danger, doubt
from tools.evaluation.held_out import Chooser, Group
from tools.evaluation.learning_curve import first_share
from tools.evaluation.measures import WRONG, Measure, Understood
from tools.evaluation.model_comparison import in_front, linear, linear_without_ngrams
from tools.evaluation.questions import QUESTIONS, Question, read_questions, sets_of
from tools.evaluation.score import main, understand
from tools.evaluation.training_examples import Example, RememberingEncoder, configured, training_examples
from trialguide.commands.reporting.documents import Section, Table, as_html, as_markdown
from trialguide.content.catalogue import Catalogue
from trialguide.nlu.decision import DANGERS, OUT_OF_SCOPE, Thresholds
from trialguide.nlu.safety_phrases import SafetyPhrases

NO_PHRASES = SafetyPhrases({})
TOPICS = ("placebo", "phase_1", "blinding", OUT_OF_SCOPE, *DANGERS)
EXAMPLES_EACH = 30
QUESTIONS_EACH = 8
VOID = {"meta", "img", "br", "link"}


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
def results(model: Path, catalogue: Catalogue) -> dict[str, list[Understood]]:
    questions = read_questions(sorted(QUESTIONS.glob("*.yml")), catalogue)
    some = [q for topic in TOPICS for q in [one for one in questions if one.topic == topic][:QUESTIONS_EACH]]
    understood = understand(some, model)
    return {"first": understood[::2], "second": understood[1::2]}


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_are_contiguous_and_hold_each_example_out_once(folds: int) -> None:
    labels = ["a", "b", "a", "c", "a", "b", "a", "a", "b", "a", "b", "b", "c", "a", "a", "a", "a"] * 3
    numbers = contiguous_folds(labels, folds)
    assert set(numbers) == set(range(folds))
    for label in "abc":
        own = [int(number) for number, other in zip(numbers, labels, strict=True) if other == label]
        assert own == sorted(own)
        sizes = [own.count(fold) for fold in range(folds)]
        assert sum(sizes) == labels.count(label)
        assert max(sizes) - min(sizes) <= 1


def test_an_example_is_judged_by_a_model_that_has_not_seen_it() -> None:
    # The second half of each label speaks of the other's subject: a model that had seen it would be right.
    texts = {
        "food": ["apple pie", "bread and butter", "tasty soup", "fresh cheese", "green engine oil", "car tyres", "fast motor", "truck brakes"],
        "cars": ["engine oil", "new car tyres", "a fast motor", "lorry brakes", "red apple pie", "warm bread", "hot soup", "old cheese"],
    }  # fmt: skip
    examples = [Example(text, label) for label, row in texts.items() for text in row]
    settings = replace(configured()[0], ngram_fewest=1)
    found = cross_validate(examples, settings, RememberingEncoder(), folds=2)
    assert found.labels == ("cars", "food")
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (found.probabilities.argmax(axis=1) == found.truth).mean() < 0.5


def test_the_first_examples_of_each_label_are_kept() -> None:
    examples = [Example(f"{label}{number}", label) for number in range(10) for label in ("a", "b")] + [Example("c0", "c")]
    kept = first_share(examples, 0.25)
    assert [example.text for example in kept] == ["a0", "b0", "a1", "b1", "a2", "b2", "c0"]
    assert first_share(examples, 1.0) == examples


@pytest.mark.parametrize("temperature", [0.4, 0.7, 1.0, 2.5])
def test_the_temperature_is_found_that_was_put_in(temperature: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 6)) * 2
    powers = np.exp(logits)
    honest = powers / powers.sum(axis=1, keepdims=True)
    truth = np.array([random.choice(6, p=row) for row in honest])
    found = best_temperature(tempered(honest, 1 / temperature), truth)
    assert found == pytest.approx(temperature, rel=0.05)
    assert log_loss(tempered(tempered(honest, 1 / temperature), found), truth) <= log_loss(honest, truth) + 1e-6


def test_tempering_divides_the_logits() -> None:
    logits = np.array([[1.0, 2.0, 4.0]])
    expected = np.exp(logits / 0.5) / np.exp(logits / 0.5).sum()
    assert tempered(np.exp(logits) / np.exp(logits).sum(), 0.5) == pytest.approx(expected)


def test_log_loss_is_the_mean_surprise() -> None:
    assert log_loss(np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([0, 1])) == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_bins_hold_every_message_once() -> None:
    confidence = np.array([0.0, 0.05, 0.31, 0.39, 0.95, 1.0])
    right = np.array([False, False, True, False, True, True])
    bins = reliability(confidence, right)
    assert [row.count for row in bins] == [2, 0, 0, 2, 0, 0, 0, 0, 0, 2]
    assert bins[3].confidence == pytest.approx(0.35)
    assert bins[3].right == 0.5
    assert calibration_error(bins) == pytest.approx((2 * 0.025 + 2 * 0.15 + 2 * 0.025) / 6)


def rows_of(*confidence_and_right: tuple[float, bool]) -> tuple[list[Example], list[dict[str, float]]]:
    """Examples of the label a with the probability of the likeliest label, which is a where it is right."""
    examples = [Example("some words", "a") for _ in confidence_and_right]
    rows = [{"a": p, "b": 1 - p} if right else {"b": p, "a": 1 - p} for p, right in confidence_and_right]
    return examples, rows


def test_the_smallest_threshold_is_chosen_that_leaves_few_enough_wrong() -> None:
    # Two of twenty are wrong, at 0.605 and 0.805: one may stay, so the threshold lies just above the first.
    examples, rows = rows_of((0.605, False), (0.805, False), *[(0.9, True)] * 18)
    found = doubt(examples, rows, NO_PHRASES, Thresholds(0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), (), (), ("a", "b"))
    assert found.smallest == 0.61
    at = found.threshold.index(0.61)
    assert (found.right[at], found.offered[at], found.wrong[at]) == pytest.approx((0.9, 0.05, 0.05))


def test_no_threshold_is_chosen_where_none_does() -> None:
    examples, rows = rows_of((0.995, False), (0.995, True))
    assert doubt(examples, rows, NO_PHRASES, Thresholds(0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), (), (), ("a", "b")).smallest is None
    assert DangerSweep((0.1, 0.2), (0.98, 0.97), (0.0, 0.0)).largest is None


def test_the_largest_threshold_is_chosen_that_recognises_enough() -> None:
    grave = [({"emergency": 0.2, "self_harm": 0.105, "a": 0.695}, "emergency")] * 99
    missed = [({"emergency": 0.0, "a": 1.0}, "emergency")]
    calm = [({"emergency": 0.25, "a": 0.75}, "a"), ({"emergency": 0.0, "a": 1.0}, "a")]
    rows, labels = zip(*grave, *missed, *calm, strict=True)
    examples = [Example("some words", label) for label in labels]
    found = danger(examples, rows, NO_PHRASES, DANGERS)
    assert found.largest == 0.3
    assert found.false_alarms[found.threshold.index(0.3)] == 0.0
    assert found.false_alarms[found.threshold.index(0.25)] == 0.5


def test_phrases_count_as_recognised() -> None:
    phrases = SafetyPhrases({"emergency": {"phrases": ["cannot breathe"]}})
    found = danger(
        [Example("I cannot breathe", "emergency"), Example("hello", "a")], [{"a": 1.0}, {"a": 1.0}], phrases, DANGERS
    )
    assert set(found.recognised) == {1.0}
    assert set(found.false_alarms) == {0.0}


def group(wrong_at: float) -> Group:
    """18 questions understood for sure, two taken for another topic with a probability, one emergency and one side effect."""
    sure, wrong = {"placebo": 0.9, "phase_1": 0.1}, {"placebo": 1 - wrong_at, "phase_1": wrong_at}
    grave, personal = {"emergency": 0.31, "placebo": 0.69}, {"report_side_effect": 0.41, "placebo": 0.59}
    questions = [Question("words", topic) for topic in ["placebo"] * 20 + ["emergency", "report_side_effect"]]
    return Group(questions, [*[sure] * 18, *[wrong] * 2, grave, personal])


def test_thresholds_are_chosen_on_some_sets_and_tried_on_the_one_left_out(catalogue: Catalogue) -> None:
    groups = {"easy": group(0.55), "hard": group(0.65)}
    chooser = Chooser(groups, Thresholds(0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), NO_PHRASES, catalogue)
    assert chooser.choose({"easy"}).answer == 0.56
    assert chooser.choose({"easy", "hard"}).answer == 0.66
    # Half of the largest that recognises it; the smallest of those that are as good.
    assert (chooser.choose({"easy"}).danger, chooser.choose({"easy"}).personal) == (0.15, 0.1)
    wrong = {tried.left_out: (tried.thresholds.answer, share_of(tried.measures, WRONG)) for tried in chooser.tried()}
    assert wrong == {"easy": (0.66, 0.0), "hard": (0.56, pytest.approx(2 / 22))}


def share_of(found: Sequence[Measure], name: str) -> float:
    return next(measure.share for measure in found if measure.name == name)


def test_a_linear_model_gives_the_probabilities_of_its_regression(catalogue: Catalogue) -> None:
    from sklearn.linear_model import LogisticRegression

    examples = some_examples(catalogue)
    texts, labels = [example.text for example in examples], [example.label for example in examples]
    encoder = RememberingEncoder()
    settings, _ = configured()
    fitted = LogisticRegression(C=10.0, max_iter=300).fit(encoder.encode(texts), labels)
    rows = linear_without_ngrams(encoder, texts, labels, settings).probabilities(texts)
    # But for the rounding of its weights to 8 bits.
    assert np.abs(np.array([list(row.values()) for row in rows]) - fitted.predict_proba(encoder.encode(texts))).max() < 0.02


def test_a_detector_in_front_shares_the_rest_out(catalogue: Catalogue) -> None:
    examples = some_examples(catalogue)
    texts, labels = [example.text for example in examples], [example.label for example in examples]
    encoder = RememberingEncoder()
    settings, _ = configured()
    model = linear(encoder, texts, labels, settings)
    scopes = [label if label == OUT_OF_SCOPE else "in_scope" for label in labels]
    detector = linear(encoder, texts, scopes, settings)
    asked = ["what is a placebo", "how do I bake bread"]
    for row, scope, own in zip(
        in_front(detector, model)(asked), detector.probabilities(asked), model.probabilities(asked), strict=True
    ):
        assert sum(row.values()) == pytest.approx(1, abs=1e-4)
        assert row[OUT_OF_SCOPE] == scope[OUT_OF_SCOPE]
        assert row["placebo"] / row["phase_1"] == pytest.approx(own["placebo"] / own["phase_1"], rel=1e-3)


def test_what_is_learned_from_is_what_the_classifier_learns_from(catalogue: Catalogue) -> None:
    examples = training_examples(catalogue)
    labels = {example.label for example in examples}
    assert labels == {*catalogue.topics, *catalogue.lookups, *catalogue.conversation, *catalogue.safety} - {"two_topics"}
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
    results: dict[str, list[Understood]], model: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report and the document over a few topics."""
    folder = tmp_path_factory.mktemp("report")
    settings, thresholds = configured()
    evidence = score_report.gather(some_examples(catalogue), results, model, settings, thresholds, catalogue)
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
    "Cross-validation and thresholds",
    "Learning curve",
    "Calibration",
    "Speed and size",
    "Models that were tried",
)
PICTURES = {"answer-threshold", "danger-threshold", "learning-curve", "calibration"}


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


def test_every_topic_has_its_recall(written: Path, results: dict[str, list[Understood]]) -> None:
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
    import argparse

    from tools.evaluation.score import add_arguments

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    nowhere = tmp_path / "missing" / "report.html"
    assert main(parser.parse_args(["--report", str(nowhere)])) == 1
    assert capsys.readouterr().err == f"The folder of {nowhere} does not exist. Make it first.\n"


def test_doubt_chooses_nothing_below_the_bar() -> None:
    assert AnswerSweep((0.1, 0.2), (0.9, 0.9), (0.0, 0.05), (0.06, 0.05)).smallest == 0.2

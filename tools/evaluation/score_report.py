"""Measures everything that the evaluation report shows, and writes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tools.evaluation.calibration import Bin, best_temperature, mean_log_loss, reliability, tempered
from tools.evaluation.cross_validation import cross_validate
from tools.evaluation.held_out import ThresholdSearch
from tools.evaluation.measures import Outcome
from tools.evaluation.questions import Question
from tools.evaluation.report_sections import TITLE, Evidence, sections
from tools.evaluation.trained_model import load_trained_model, measure_speed, with_cache
from tools.evaluation.training_examples import CachingEncoder, Example
from trialguide.commands.reporting.documents import Figure, as_html, as_markdown
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import ROOT
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.topic_model import Settings

DOCUMENT = ROOT / "docs" / "understanding.md"
PICTURES = ROOT / "docs" / "understanding"
MOST_ROWS = 25
TIMED = 500


def gather(
    examples: Sequence[Example],
    results: Mapping[str, Sequence[Outcome]],
    archive: Path,
    settings: Settings,
    thresholds: Thresholds,
) -> Evidence:
    """Measures the model in an archive and cross-validates its settings; `results` are its answers by set of questions."""
    out_of_fold = cross_validate(examples, settings, CachingEncoder())
    model = load_trained_model(archive, thresholds)
    questions = [result.question for group in results.values() for result in group]
    speed = measure_speed(model, [question.text for question in questions[:: len(questions) // TIMED + 1]])
    interpreter = with_cache(model.interpreter)
    rows = interpreter.resources.classifier.probabilities([question.text for question in questions])
    labels, after = list(rows[0]), np.array([list(row.values()) for row in rows])
    before = tempered(after, 1 / settings.temperature)
    search = ThresholdSearch({name: [result.question for result in group] for name, group in results.items()}, interpreter)
    return Evidence(
        results,
        out_of_fold,
        best_temperature(out_of_fold.probabilities, out_of_fold.truth),
        _reliability(questions, labels, before),
        _reliability(questions, labels, after),
        (_loss(questions, labels, before), _loss(questions, labels, after)),
        speed,
        search.held_out_results(),
        search.choose(set(results)),
    )


def write_report(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue, file: Path) -> None:
    """Writes the report as HTML."""
    file.write_text(as_html(TITLE, sections(evidence, settings, thresholds, catalogue)), encoding="utf-8")


def write_document(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue) -> Path:
    """Writes docs/understanding.md, which is returned, and the pictures beside it."""
    found = sections(evidence, settings, thresholds, catalogue)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for picture in (part for section in found for part in section.parts if isinstance(part, Figure)):
        (PICTURES / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
    DOCUMENT.write_text(as_markdown(TITLE, found, Path(PICTURES.name), MOST_ROWS), encoding="utf-8")
    return DOCUMENT


def _reliability(questions: Sequence[Question], labels: Sequence[str], probabilities: np.ndarray) -> list[Bin]:
    likeliest = [labels[column] for column in probabilities.argmax(axis=1)]
    right = np.array([question.accepts(label) for question, label in zip(questions, likeliest, strict=True)])
    return reliability(probabilities.max(axis=1), right)


def _loss(questions: Sequence[Question], labels: Sequence[str], probabilities: np.ndarray) -> float:
    # Labels that are decided by rules alone have no column.
    known = [position for position, question in enumerate(questions) if question.topic in labels]
    truth = np.array([labels.index(questions[position].topic) for position in known])
    return mean_log_loss(probabilities[known], truth)

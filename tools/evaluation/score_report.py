"""The evaluation report: everything that is known about how well questions are understood, in one page."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from tools.evaluation import cross_validation as cross
from tools.evaluation.calibration import Bin, best_temperature, log_loss, reliability, tempered
from tools.evaluation.held_out import Chooser, Group
from tools.evaluation.learning_curve import learning_curve
from tools.evaluation.measures import Understood
from tools.evaluation.model_comparison import (
    Compared,
    Lesson,
    compare,
    encoder_megabytes,
    megabytes,
    milliseconds,
    with_encoder,
    write_rows,
)
from tools.evaluation.questions import Question
from tools.evaluation.report_sections import COMPARISON, TITLE, Evidence, Speed, sections
from tools.evaluation.training_examples import Example, RememberingEncoder, configured, training_examples
from trialguide.commands.reporting.documents import Picture, as_html, as_markdown
from trialguide.content.catalogue import Catalogue
from trialguide.content.files import ROOT
from trialguide.nlu.decision import DANGERS, PERSONAL, Thresholds
from trialguide.nlu.safety_phrases import load_safety_phrases
from trialguide.nlu.sentence_encoder import SentenceEncoder
from trialguide.nlu.topic_model import Settings, TopicModel

DOCUMENT = ROOT / "docs" / "understanding.md"
PICTURES = ROOT / "docs" / "understanding"
MOST_ROWS = 25
TIMED = 500


def gather(
    examples: Sequence[Example],
    results: Mapping[str, Sequence[Understood]],
    trained: Path,
    settings: Settings,
    thresholds: Thresholds,
    catalogue: Catalogue,
) -> Evidence:
    """Measures everything but the test questions' fate, which `results` holds by group of question files.

    The thresholds are chosen for the model in the archive `trained`, which is used.
    """
    encoder = RememberingEncoder()
    phrases = load_safety_phrases()
    out_of_fold = cross.cross_validate(examples, settings, encoder)
    temperature = best_temperature(out_of_fold.probabilities, out_of_fold.truth)
    rows = _rows(out_of_fold.labels, tempered(out_of_fold.probabilities, temperature))
    doubt = cross.doubt(examples, rows, phrases, thresholds, DANGERS, PERSONAL, tuple(catalogue.titles))
    danger = cross.danger(examples, rows, phrases, DANGERS)
    questions = [result.question for group in results.values() for result in group]
    curve, model = learning_curve(examples, questions, settings, encoder)
    plain = np.array([list(row.values()) for row in model.probabilities([question.text for question in questions])])
    scaled = tempered(plain, settings.temperature)
    in_use = _model_in(trained, SentenceEncoder())
    # Each by itself, as in use: the encoder's 8-bit numbers depend a little on what else is encoded with them.
    rows_in_use = [in_use.probabilities([question.text])[0] for question in questions]
    chooser = Chooser(_groups(results, rows_in_use), thresholds, phrases, catalogue)
    return Evidence(
        results,
        out_of_fold,
        temperature,
        doubt,
        danger,
        curve,
        _reliability(questions, model.labels, plain),
        _reliability(questions, model.labels, scaled),
        (_loss(questions, model.labels, plain), _loss(questions, model.labels, scaled)),
        _speed(model, questions),
        chooser.tried(),
        chooser.choose(set(results)),
    )


def write_report(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue, file: Path) -> None:
    """Writes the report as HTML."""
    file.write_text(as_html(TITLE, sections(evidence, settings, thresholds, catalogue)), encoding="utf-8")


def write_document(evidence: Evidence, settings: Settings, thresholds: Thresholds, catalogue: Catalogue) -> Path:
    """Writes docs/understanding.md, which is returned, and the pictures beside it."""
    found = sections(evidence, settings, thresholds, catalogue)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for picture in (part for section in found for part in section.parts if isinstance(part, Picture)):
        (PICTURES / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
    DOCUMENT.write_text(as_markdown(TITLE, found, Path(PICTURES.name), MOST_ROWS), encoding="utf-8")
    return DOCUMENT


def compare_models(questions: Sequence[Question], catalogue: Catalogue) -> list[Compared]:
    """Fits and measures the models of the comparison and keeps the table for the report."""
    settings, thresholds = configured()
    rows = compare(
        Lesson(
            training_examples(catalogue),
            questions,
            settings,
            thresholds,
            load_safety_phrases(),
            tuple(catalogue.titles),
            RememberingEncoder(),
            SentenceEncoder(),
        )
    )
    about = {"date": date.today().isoformat(), "questions": len(questions), "answer": thresholds.answer}
    write_rows(rows, COMPARISON, about)
    return rows


def _model_in(archive: Path, encoder: SentenceEncoder) -> TopicModel:
    with TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, folder)
        (described,) = Path(folder).rglob("model.json")
        return TopicModel.load(encoder, described.parent)


def _groups(results: Mapping[str, Sequence[Understood]], rows: Sequence[Mapping[str, float]]) -> dict[str, Group]:
    """The questions of each set with their share of the rows, which are those of all questions in order."""
    remaining = iter(rows)
    questions = {name: [result.question for result in group] for name, group in results.items()}
    return {name: Group(asked, list(islice(remaining, len(asked)))) for name, asked in questions.items()}


def _rows(labels: Sequence[str], probabilities: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(labels, row, strict=True)) for row in probabilities.tolist()]


def _reliability(questions: Sequence[Question], labels: Sequence[str], probabilities: np.ndarray) -> list[Bin]:
    likeliest = [labels[column] for column in probabilities.argmax(axis=1)]
    right = np.array([question.accepts(label) for question, label in zip(questions, likeliest, strict=True)])
    return reliability(probabilities.max(axis=1), right)


def _loss(questions: Sequence[Question], labels: Sequence[str], probabilities: np.ndarray) -> float:
    # Questions about a topic without an example exist only where a part of the examples is looked at.
    known = [position for position, question in enumerate(questions) if question.topic in labels]
    truth = np.array([labels.index(questions[position].topic) for position in known])
    return log_loss(probabilities[known], truth)


def _speed(model: TopicModel, questions: Sequence[Question]) -> Speed:
    texts = [question.text for question in questions[:: len(questions) // TIMED + 1]]
    running = with_encoder(model, SentenceEncoder())
    durations = milliseconds(running.probabilities, texts, time.perf_counter)
    processor = milliseconds(running.probabilities, texts)
    encoder = encoder_megabytes()
    return Speed(
        p50=median(durations),
        p95=float(np.percentile(durations, 95)),
        processor=median(processor),
        messages=len(texts),
        model=megabytes(model) - encoder,
        encoder=encoder,
        busy=os.getloadavg()[1],
    )

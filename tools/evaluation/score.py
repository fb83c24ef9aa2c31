"""Measures how well questions are understood, over the test questions or over a file of your own."""

import argparse
import asyncio
import logging
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trialguide.commands.rasa_server import be_quiet
from trialguide.content.catalogue import Catalogue, load_catalogue
from trialguide.content.files import ROOT
from trialguide.nlu.decision import DANGERS, OUT_OF_SCOPE, PERSONAL, UNSURE

QUESTIONS = ROOT / "tests" / "questions"
REPORT = ROOT / "report.html"
TOP = 3
FIRST_SET = "first"
# Files whose names begin so were written later, by other people.
LATER_SETS = ("second", "third")
# Names of measures.
RIGHT = "right at once, topics and look-ups"
RIGHT_OR_OFFERED = "right at once or among three offered"
WRONG = "wrong without asking back"
OUT_OF_SCOPE_ANSWERED = "out of scope, answered"
DANGER_RECOGNISED = "emergency and self-harm recognised"
PERSONAL_RECOGNISED = "personal advice and side effects recognised"
FALSE_ALARMS = "harmless, taken for an emergency"


class UnreadableQuestions(Exception):
    """A question file does not have the form it should; the message names file, entry and remedy."""


@dataclass(frozen=True)
class Question:
    """A question with the topic (an id of the catalogue) it is about, and others whose answers serve as well."""

    text: str
    topic: str
    also: tuple[str, ...] = ()

    def accepts(self, label: str) -> bool:
        return label == self.topic or label in self.also


@dataclass(frozen=True)
class Understood:
    """What became of a question: the label acted on, the topics offered when unsure, and the labels by likelihood."""

    question: Question
    label: str
    offers: tuple[str, ...]
    ranking: tuple[str, ...]
    # Both topics of a message that was taken for two questions; both are answered.
    topics: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return self.question.accepts(self.label) or any(map(self.question.accepts, self.topics))

    @property
    def right_or_offered(self) -> bool:
        return self.right or any(map(self.question.accepts, self.offers))

    @property
    def in_top(self) -> bool:
        return self.right or any(map(self.question.accepts, self.ranking[:TOP]))

    @property
    def wrong(self) -> bool:
        """Answered at once, and not as it should be."""
        return not self.right and self.label != UNSURE


@dataclass(frozen=True)
class Measure:
    """A share of questions: `hits` of `total`."""

    name: str
    hits: int
    total: int

    @property
    def share(self) -> float:
        return self.hits / self.total if self.total else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--questions", type=Path, nargs="+", help="YAML lists of text, topic and also (default: tests/nlu/*.yml)"
    )
    parser.add_argument("--model", type=Path, help="a trained model (default: the one that fits the data)")
    parser.add_argument("--wrong", action="store_true", help="list every question that was not understood")
    parser.add_argument(
        "--report",
        type=Path,
        nargs="?",
        const=REPORT,
        metavar="FILE",
        help="write the evaluation report as HTML (default: report.html) and, of all test questions, docs/understanding.md; "
        "takes several minutes",
    )
    parser.add_argument("--compare", action="store_true", help="fit and measure the models that were tried; takes long")


def main(arguments: argparse.Namespace) -> int:
    """Prints the tables, writes the report if asked for; 1 when questions or model cannot be read."""
    catalogue = load_catalogue()
    files = arguments.questions or sorted(QUESTIONS.glob("*.yml"))
    try:
        sets = {name: read_questions(group, catalogue) for name, group in sets_of(files).items()}
    except UnreadableQuestions as problem:
        print(problem, file=sys.stderr)
        return 1
    if arguments.report and not arguments.report.absolute().parent.is_dir():
        print(f"The folder of {arguments.report} does not exist. Make it first.", file=sys.stderr)
        return 1
    from trialguide.commands.setup import prepare

    model = arguments.model or prepare()
    if model is None or not model.exists():
        print(f"There is no model {model}. Run 'make setup' first.", file=sys.stderr)
        return 1
    results = {name: understand(questions, model) for name, questions in sets.items()}
    everything = [result for group in results.values() for result in group]
    print_tables(everything, catalogue)
    if arguments.wrong:
        for result in everything:
            if not result.right:
                print(f"{result.question.topic} -> {result.label} {list(result.offers) or ''}: {result.question.text}")
    if arguments.compare:
        _compare([result.question for result in everything], catalogue)
    if arguments.report:
        _report(results, model, catalogue, arguments.report, whole=arguments.questions is None)
    return 0


def sets_of(files: Iterable[Path]) -> dict[str, list[Path]]:
    """The question files by the set they belong to: `second_safety.yml` to the second, those without a prefix to the first."""
    sets: defaultdict[str, list[Path]] = defaultdict(list)
    for file in files:
        prefix = file.stem.partition("_")[0]
        sets[prefix if prefix in LATER_SETS else FIRST_SET].append(file)
    return dict(sets)


def _compare(questions: list[Question], catalogue: Catalogue) -> None:
    # Imported when needed: they load TensorFlow and Matplotlib.
    from tools.evaluation.report_sections import comparison_table
    from tools.evaluation.score_report import compare_models
    from trialguide.commands.reporting.documents import markdown_table

    print("\nFitting and measuring the models of the comparison; this takes several minutes ...", flush=True)
    table = comparison_table(compare_models(questions, catalogue))
    print(markdown_table(table.head, table.rows))


def _report(results: dict[str, list[Understood]], model: Path, catalogue: Catalogue, file: Path, whole: bool) -> None:
    from tools.evaluation.score_report import gather, write_document, write_report
    from tools.evaluation.training_examples import configured, training_examples

    print("\nCross-validation and learning curve; this takes several minutes ...", flush=True)
    settings, thresholds = configured()
    evidence = gather(training_examples(catalogue), results, model, settings, thresholds, catalogue)
    write_report(evidence, settings, thresholds, catalogue, file)
    written = [str(file)]
    # The document speaks of all test questions, so a part of them does not change it.
    if whole:
        written.append(str(write_document(evidence, settings, thresholds, catalogue).relative_to(ROOT)))
    print(f"Written: {', '.join(written)}")


def read_questions(files: Iterable[Path], catalogue: Catalogue) -> list[Question]:
    """The questions of some files. Raises UnreadableQuestions."""
    topics = {*catalogue.topics, *catalogue.lookups, *catalogue.conversation, *catalogue.safety}
    questions = []
    for file in files:
        try:
            rows = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UnreadableQuestions(f"{file} cannot be read: {error}") from error
        if not isinstance(rows, list):
            raise UnreadableQuestions(f"{file}: write a list of entries with “text:” and “topic:”.")
        for number, row in enumerate(rows, start=1):
            question = _question(row)
            unknown = {question.topic, *question.also} - topics if question else set()
            if question is None or unknown:
                reason = (
                    f"topic {', '.join(sorted(unknown))} is not in data/topics.yml" if unknown else "it needs text and topic"
                )
                raise UnreadableQuestions(f"{file}, entry {number}: {reason}.")
            questions.append(question)
    return questions


def understand(questions: list[Question], model: Path) -> list[Understood]:
    """What the trained model makes of each question."""
    return asyncio.run(_understand(questions, model))


def measures(results: list[Understood], catalogue: Catalogue) -> list[Measure]:
    """The figures of merit, by name."""
    answers = {*catalogue.topics, *catalogue.lookups}
    asked = [result for result in results if result.question.topic in answers]
    outside = [result for result in results if result.question.topic == OUT_OF_SCOPE]
    danger = [result for result in results if result.question.topic in DANGERS]
    personal = [result for result in results if result.question.topic in PERSONAL]
    harmless = [result for result in results if result.question.topic not in (*DANGERS, *PERSONAL)]

    def measure(name: str, among: list[Understood], hits: Iterable[bool]) -> Measure:
        return Measure(name, sum(hits), len(among))

    return [
        measure("right at once, all messages", results, (result.right for result in results)),
        measure(RIGHT, asked, (result.right for result in asked)),
        measure(RIGHT_OR_OFFERED, asked, (result.right_or_offered for result in asked)),
        measure("among the three likeliest", asked, (result.in_top for result in asked)),
        measure(WRONG, results, (result.wrong for result in results)),
        measure(OUT_OF_SCOPE_ANSWERED, outside, (result.label in answers for result in outside)),
        measure(DANGER_RECOGNISED, danger, (result.label in DANGERS for result in danger)),
        measure(PERSONAL_RECOGNISED, personal, (_safe(result) for result in personal)),
        measure(FALSE_ALARMS, harmless, (result.label in DANGERS for result in harmless)),
    ]


def print_tables(results: list[Understood], catalogue: Catalogue) -> None:
    """The measures, the topics that are recognised least, and the commonest confusions."""
    print(f"{len(results)} questions")
    for measure in measures(results, catalogue):
        if measure.total:
            print(f"  {measure.name:45} {measure.share:6.1%}  ({measure.hits} of {measure.total})")
    by_topic: defaultdict[str, list[Understood]] = defaultdict(list)
    for result in results:
        by_topic[result.question.topic].append(result)
    print("\nRecall by topic, the lowest first")
    recall = {topic: Measure(topic, sum(result.right for result in group), len(group)) for topic, group in by_topic.items()}
    for row in sorted(recall.values(), key=lambda row: row.share):
        print(f"  {row.name:45} {row.share:6.1%}  ({row.hits} of {row.total})")
    confusions = Counter((result.question.topic, result.label) for result in results if result.wrong)
    print("\nConfusions: topic, taken for, times")
    for (topic, label), times in confusions.most_common(15):
        print(f"  {topic:28} {label:28} {times}")


def _question(row: Any) -> Question | None:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("topic"), str):
        return None
    return Question(row["text"], row["topic"], tuple(row.get("also") or ()))


def _safe(result: Understood) -> bool:
    """A personal matter that is taken for an emergency errs on the safe side."""
    return result.label in (*PERSONAL, *DANGERS)


async def _understand(questions: list[Question], model: Path) -> list[Understood]:
    be_quiet()
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    agent = Agent.load(str(model))
    results = []
    for question in questions:
        parsed = await agent.parse_message(question.text)
        results.append(
            Understood(
                question,
                _label(parsed["intent"]["name"], parsed),
                tuple(parsed["offers"]),
                tuple(row["name"].partition("/")[2] or row["name"] for row in parsed["intent_ranking"]),
                tuple(parsed.get("topics") or ()),
            )
        )
    return results


def _label(intent: str, parsed: dict[str, Any]) -> str:
    answer = parsed.get("response_selector", {}).get(intent)
    return answer["response"]["intent_response_key"].partition("/")[2] if answer else intent

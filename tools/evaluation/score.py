"""Measures how well questions are understood, over the test questions or over a file of your own."""

import argparse
import asyncio
import logging
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tools.evaluation.measures import Measure, Outcome, measures
from tools.evaluation.questions import QUESTIONS, Question, UnreadableQuestions, read_questions, sets_of
from trialguide.commands.rasa_server import silence_rasa
from trialguide.content.catalogue import Catalogue, load_catalogue
from trialguide.content.files import ROOT

REPORT = ROOT / "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--questions", type=Path, nargs="+", help="YAML lists of text, topic and also (default: tests/questions/*.yml)"
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
    if arguments.report:
        _report(results, model, catalogue, arguments.report, whole=arguments.questions is None)
    return 0


def _report(results: dict[str, list[Outcome]], model: Path, catalogue: Catalogue, file: Path, whole: bool) -> None:
    # Imported when needed: they load TensorFlow and Matplotlib.
    from tools.evaluation.score_report import gather, write_document, write_report
    from tools.evaluation.training_examples import configured, training_examples

    print("\nCross-validation and search of thresholds; this takes several minutes ...", flush=True)
    settings, thresholds = configured()
    evidence = gather(training_examples(catalogue), results, model, settings, thresholds)
    write_report(evidence, settings, thresholds, catalogue, file)
    written = [str(file)]
    # The document speaks of all test questions, so a part of them does not change it.
    if whole:
        written.append(str(write_document(evidence, settings, thresholds, catalogue).relative_to(ROOT)))
    print(f"Written: {', '.join(written)}")


def understand(questions: list[Question], model: Path) -> list[Outcome]:
    """The answer of the trained model to each question."""
    return asyncio.run(_understand(questions, model))


def print_tables(results: list[Outcome], catalogue: Catalogue) -> None:
    """The measures, the topics that are recognised least, and the commonest confusions."""
    print(f"{len(results)} questions")
    for measure in measures(results, catalogue):
        if measure.total:
            print(f"  {measure.name:45} {measure.share:6.1%}  ({measure.hits} of {measure.total})")
    by_topic: defaultdict[str, list[Outcome]] = defaultdict(list)
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


async def _understand(questions: list[Question], model: Path) -> list[Outcome]:
    silence_rasa()
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    agent = Agent.load(str(model))
    results = []
    for question in questions:
        parsed = await agent.parse_message(question.text)
        results.append(
            Outcome(
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

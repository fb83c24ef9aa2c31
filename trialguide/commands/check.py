"""Content check: `python -m trialguide check` names the file, the line and the remedy of each mistake in words."""

import argparse
from pathlib import Path

from trialguide.commands.checking.answers import check_answers
from trialguide.commands.checking.catalogue import check_catalogue
from trialguide.commands.checking.content import Content, read_content
from trialguide.commands.checking.directory import check_directory
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.follow_ups import check_follow_ups
from trialguide.commands.checking.glossary import check_glossary
from trialguide.commands.checking.operator_details import check_operator
from trialguide.commands.checking.reviews import check_reviews, status_lines
from trialguide.commands.checking.training_examples import check_examples
from trialguide.commands.checking.vocabulary import check_vocabulary
from trialguide.commands.checking.wording import check_wording
from trialguide.content.files import ROOT

CHECKS = (
    *(check_catalogue, check_answers, check_examples, check_follow_ups, check_wording, check_vocabulary, check_directory),
    *(check_reviews, check_operator, check_glossary),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """Prints the findings and the numbers of statuses; 1 when there is an error among them, 0 otherwise."""
    content = read_content(ROOT / "data")
    findings = _findings(content)
    for finding in findings:
        print(finding)
    errors = sum(not finding.warning for finding in findings)
    print(f"{errors} to mend, {len(findings) - errors} to look at." if findings else "The content is in order.")
    for line in status_lines(content):
        print(line)
    return 1 if errors else 0


def errors_in_content(data: Path = ROOT / "data") -> list[Finding]:
    """The findings that keep the assistant from starting."""
    return [finding for finding in check_content(data) if not finding.warning]


def check_content(data: Path) -> list[Finding]:
    """All findings in a data folder, ordered by file and line."""
    return _findings(read_content(data))


def _findings(content: Content) -> list[Finding]:
    return sorted({*content.findings, *(finding for check in CHECKS for finding in check(content))})

"""Papers that an operator owes: `python -m trialguide papers` writes drafts from `data/operator.yml` and the settings."""

import argparse
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from trialguide.commands.checking.content import read_content
from trialguide.commands.paperwork.drafts import drafts, missing_lines
from trialguide.commands.paperwork.facts import facts_of
from trialguide.content.files import DATA, OPERATOR
from trialguide.content.operator_details import load_operator
from trialguide.runtime.settings import InvalidSettings, process_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder; the settings are those of the environment, as for the assistant itself."""
    parser.add_argument("--out", type=Path, default=Path("papers"), metavar="FOLDER", help="without it, papers/")


def main(arguments: argparse.Namespace, operator_file: Path = OPERATOR) -> int:
    """Writes the drafts and names what is missing in them; 1 when the settings or the folder cannot be used."""
    try:
        settings = process_settings()
        written = load_operator(operator_file)
        operator = replace(written, public_address=written.public_address or settings.public_address or "")
        arguments.out.mkdir(parents=True, exist_ok=True)
        for draft in drafts(operator, facts_of(settings, read_content(DATA), operator, date.today())):
            (arguments.out / f"{draft.name}.md").write_text(draft.text, encoding="utf-8")
            (arguments.out / f"{draft.name}.html").write_text(draft.page, encoding="utf-8")
            print(f"{arguments.out / draft.name}.md and .html: {_still_to_do(len(draft.undecided))}")
    except (InvalidSettings, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    for name in missing_lines(operator):
        print(f"data/operator.yml: “{name}:” is not filled in.")
    print("These are drafts: read, complete and check them before anybody relies on them.")
    return 0


def _still_to_do(undecided: int) -> str:
    if not undecided:
        return "nothing but your check."
    return f"your check, and {undecided} place{'s' if undecided > 1 else ''} that only people can fill."

"""Injects faults into the services under load and counts lost messages: `python -m tools faults`."""

import argparse
import contextlib
import sys
import tempfile
from datetime import date
from pathlib import Path

from tools.reliability.fault import FaultOutcome
from tools.testbed.cluster import Missing
from trialguide.commands.reporting.documents import markdown_table
from trialguide.commands.setup import prepare
from trialguide.content.files import ROOT

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
HEAD = ("fault", "sent", "acknowledged", "stored", "answered", "lost", "twice", "longest wait, s", "recovered after, s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--write` keeps the table in docs/reliability.md."""
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT.relative_to(ROOT)}")


def main(arguments: argparse.Namespace) -> int:
    """0 when nothing was lost, 1 otherwise or when a service is not installed."""
    from tools.reliability.fault_list import all_faults

    model = prepare()
    if model is None:
        return 1
    outcomes: list[FaultOutcome] = []
    try:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            # PostgreSQL runs under an account of its own.
            folder.chmod(0o755)
            for outcome in all_faults(model, folder):
                print(f"{outcome.fault}: {outcome.lost} of {outcome.sent} lost", flush=True)
                outcomes.append(outcome)
    except Missing as problem:
        print(problem, file=sys.stderr)
        return 1
    table = markdown_table(HEAD, [outcome.cells() for outcome in outcomes])
    print(table)
    if arguments.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        note = f"Written by `python -m tools faults --write` on {date.today().isoformat()}."
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{note}\n\n{table}\n\n{END}{after}", encoding="utf-8")
    return int(any(outcome.lost or outcome.twice for outcome in outcomes))

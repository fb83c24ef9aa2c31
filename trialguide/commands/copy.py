"""Copy of a person's data: `python -m trialguide copy --sender ID`, for an operator who is asked for one (GDPR 15 and 20)."""

import argparse
import json
import sys

from trialguide.commands.backup import open_database
from trialguide.storage.data_copy import copy_of
from trialguide.storage.data_copy_text import as_text
from trialguide.storage.database import FAILURES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The person; the database is that of DATABASE_URL or CONVERSATIONS."""
    parser.add_argument(
        "--sender", required=True, metavar="ID", help="the id of the conversation, such as web:..., as it is stored"
    )
    parser.add_argument(
        "--json", action="store_true", help="JSON with every row, for another program; without it, text to read"
    )


def main(arguments: argparse.Namespace) -> int:
    """Prints the copy; 1 when nothing is kept under this id, or the database cannot be used."""
    try:
        with open_database().connect() as connection:
            copy = copy_of(connection, arguments.sender)
    except (ValueError, OSError, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    if copy.is_empty:
        print(f"Nothing is kept under the id {arguments.sender}.", file=sys.stderr)
        return 1
    print(json.dumps(copy.as_json(), ensure_ascii=False, indent=2) if arguments.json else as_text(copy).rstrip("\n"))
    return 0

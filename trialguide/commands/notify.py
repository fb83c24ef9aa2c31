"""Notifies followers of a topic that its answer has changed: `python -m trialguide notify`; counts only, without `--send`."""

import argparse
import asyncio
import sys

from trialguide.commands.backup import open_database
from trialguide.commands.rasa_server import silence_rasa
from trialguide.commands.setup import model_file
from trialguide.runtime.lean_imports import install_import_stubs
from trialguide.runtime.settings import process_settings
from trialguide.storage.database import FAILURES

A_SECOND = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The database and the channels are those of the environment, as for the assistant itself."""
    parser.add_argument("--send", action="store_true", help="tell them; without this they are only counted")
    parser.add_argument("--a-second", type=float, default=A_SECOND, help=f"messages a second (default: {A_SECOND:g})")


def main(arguments: argparse.Namespace) -> int:
    """0 when all notifications were sent or counted, 1 when they cannot be."""
    if arguments.a_second <= 0:
        print("Give a number of messages a second above 0.", file=sys.stderr)
        return 1
    if not model_file().exists():
        print(
            "The content was changed after the last training. Run `make setup` and start the assistant anew.", file=sys.stderr
        )
        return 1
    silence_rasa()
    # The running set has no TensorFlow, which Rasa imports with its channels.
    install_import_stubs(only_missing=True)
    from trialguide.channels.messaging.notifications import Notifier, channels_of
    from trialguide.content.answer_versions import answer_versions

    try:
        run = Notifier(open_database(), channels_of(process_settings()), answer_versions(), 1 / arguments.a_second)
        counted = asyncio.run(run.run(arguments.send))
    except (ValueError, *FAILURES) as problem:
        print(problem, file=sys.stderr)
        return 1
    for (topic, channel, outcome), number in sorted(counted.items()):
        print(f"{topic}, {channel}: {number} {outcome}")
    if not counted:
        print("Nobody follows an answer that has changed since.")
    elif not arguments.send:
        print("Nobody was told. With --send they are.")
    return 0

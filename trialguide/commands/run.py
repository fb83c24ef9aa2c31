"""Runs the assistant until Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from trialguide.commands.setup import prepare
from trialguide.commands.stack import CannotStart, Stack
from trialguide.content.files import ROOT

READY = """
TrialGuide is ready.
Open it in a browser:     {address}/chat/
Talk to it in a terminal: make shell   (in a second one)
Stop it with Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments; RASA_PORT, ACTIONS_PORT, RASA_AUTH_TOKEN and CONVERSATIONS are read from the environment."""


def main(arguments: argparse.Namespace) -> int:
    """0 after Ctrl-C or SIGTERM, 1 when the assistant cannot start or a server ends by itself."""
    model = prepare()
    if model is None:
        return 1
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with stack_from_environment(model) as stack:
            print(READY.format(address=stack.address), flush=True)
            while not stopping.wait(1):
                ended = stack.ended()
                if ended:
                    print(f"The {ended} ended by itself; the lines above say why.", file=sys.stderr)
                    return 1
            print("\nStopping ...", flush=True)
    except (CannotStart, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def stack_from_environment(model: Path) -> Stack:
    """The servers with ports, token and database from the environment. Raises ValueError for an invalid port."""
    return Stack(
        model=model,
        port=port_from_environment("RASA_PORT", 5005),
        actions_port=port_from_environment("ACTIONS_PORT", 5055),
        conversations=Path(os.environ.get("CONVERSATIONS", ROOT / "conversations.db")),
        auth_token=os.environ.get("RASA_AUTH_TOKEN"),
    )


def port_from_environment(variable: str, otherwise: int) -> int:
    """A port number from the environment. Raises ValueError, with a sentence for the operator, for an invalid one."""
    value = os.environ.get(variable, str(otherwise))
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ValueError(f"{variable} must be a port number from 1 to 65535, not “{value}”.")
    return int(value)

"""A stack on the current model, with a new SQLite database in a temporary folder."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.testbed.processes import free_ports
from trialguide.commands.setup import prepare
from trialguide.commands.stack import Stack


@contextmanager
def temporary_stack(settings: Mapping[str, str]) -> Iterator[Stack]:
    """Starts both servers and stops them on exit. Ends the command with 1 when the content is broken, which is printed."""
    model = prepare()
    if model is None:
        sys.exit(1)
    port, actions_port = free_ports(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Stack(model, port, actions_port, folder / "conversations.db", log=folder / "log", settings=settings) as stack:
            yield stack

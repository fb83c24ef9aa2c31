"""`make run` restarts a server that its watchdog has ended, not for ever, and no other."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trialguide.commands.run import MOST_RESTARTS, _watch
from trialguide.commands.stack import RASA_SERVER, CannotStart, Stack
from trialguide.runtime.watchdog import STUCK_STATUS


class EndingStack(Stack):
    """A Rasa server that ends with one status after another; after the last it asks `make run` to stop."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(Path("model"), 1, 2, Path("c.db"))
        self.statuses = statuses
        self.stopping = threading.Event()
        self.restart(RASA_SERVER)

    def restart(self, name: str) -> None:
        """Starts a process that ends with the next status."""
        if not self.statuses:
            self.stopping.set()
            return
        program = f"raise SystemExit({self.statuses.pop(0)})"
        self._processes[name] = subprocess.Popen([sys.executable, "-c", program])
        self._processes[name].wait()


def test_a_stuck_server_is_restarted(capsys: pytest.CaptureFixture[str]) -> None:
    stack = EndingStack([STUCK_STATUS] * MOST_RESTARTS)
    _watch(stack, stack.stopping)
    assert capsys.readouterr().err.count("The Rasa server was stuck; it is restarted.\n") == MOST_RESTARTS


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ([1], "The Rasa server ended by itself; the lines above say why."),
        ([STUCK_STATUS, 1], "The Rasa server ended by itself; the lines above say why."),
        ([STUCK_STATUS] * (MOST_RESTARTS + 1), "The Rasa server was stuck 6 times within an hour; the lines above say when."),
    ],
)
def test_any_other_end_and_too_many_are_final(statuses: list[int], sentence: str) -> None:
    stack = EndingStack(statuses)
    with pytest.raises(CannotStart, match=sentence):
        _watch(stack, stack.stopping)

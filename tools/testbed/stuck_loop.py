"""Runs a module whose event loop blocks for ever on SIGUSR1: `python -m tools.testbed.stuck_loop MODULE ...`."""

import runpy
import signal
import sys


def main() -> None:
    """Installs the signal's handler, which Python runs in the thread of the event loop, and runs the module."""
    signal.signal(signal.SIGUSR1, _loop_forever)
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _loop_forever(*_: object) -> None:
    while True:
        pass


if __name__ == "__main__":
    main()

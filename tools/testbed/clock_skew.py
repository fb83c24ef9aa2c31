"""Runs a module with a clock that is behind: `python -m tools.testbed.clock_skew SECONDS MODULE ...`.

libfaketime does so for any program, but slows the hand-over between Python's threads so much that it measures itself.
"""

import runpy
import sys
import time


def main() -> None:
    """Shifts `time.time` before anything imports it, and runs the module."""
    seconds, real_time = float(sys.argv[1]), time.time
    time.time = lambda: real_time() - seconds
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""One server in the foreground, for a container: `python -m trialguide.commands.container rasa`, `actions` or `check`."""

import os
import sys
import urllib.request

from trialguide.commands.setup import model_file
from trialguide.content.files import ROOT

RASA_PORT, ACTIONS_PORT = "5005", "5055"
# What the last turns may take when the server is asked to stop; machines wait some seconds longer before they end it.
STOP_SECONDS = "8"


def main() -> int:
    """Becomes the server that is named; for `check`, 0 when the server of this container answers."""
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "check":
        return check()
    host = os.environ.get("RASA_HOST", "127.0.0.1")
    commands = {
        "rasa": [
            "trialguide.commands.rasa_server",
            "run",
            "--model",
            str(model_file()),
            "--interface",
            host,
            "--port",
            RASA_PORT,
        ],
        "actions": ["trialguide.commands.action_server", ACTIONS_PORT],
    }
    if what not in commands:
        print("Say which server: rasa or actions.", file=sys.stderr)
        return 2
    os.environ.setdefault("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", "3")
    os.environ.setdefault("TURN_SECONDS", STOP_SECONDS)
    os.environ.setdefault("SANIC_BACKLOG", "1024")
    os.chdir(ROOT)
    # In the place of this process, so that SIGTERM reaches the server.
    os.execv(sys.executable, [sys.executable, "-m", *commands[what]])  # noqa: S606


def check() -> int:
    """0 when one of the two servers answers here as healthy."""
    for address in (f"http://127.0.0.1:{RASA_PORT}/health/live", f"http://127.0.0.1:{ACTIONS_PORT}/health"):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return 0
        except OSError:
            continue
    return 1


if __name__ == "__main__":
    sys.exit(main())

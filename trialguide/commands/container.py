"""One server in the foreground, for a container: `python -m trialguide.commands.container rasa`, `actions` or `check`."""

import os
import sys
import urllib.request

from trialguide.commands.setup import model_file
from trialguide.content.files import ROOT
from trialguide.runtime.settings import InvalidSettings, Settings, read_settings

# What the last turns may take when the server is asked to stop; machines wait some seconds longer before they end it.
TURN_SECONDS = "8"


def main() -> int:
    """Becomes the server that is named; for `check`, 0 when the server of this container answers."""
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if not os.environ.get("TURN_SECONDS"):
        os.environ["TURN_SECONDS"] = TURN_SECONDS
    try:
        settings = read_settings(os.environ, needs_key=what == "rasa")
    except InvalidSettings as problem:
        print(problem, file=sys.stderr)
        return 1
    if what == "check":
        return check(settings)
    commands = {
        "rasa": [
            "trialguide.commands.rasa_server",
            "run",
            "--model",
            str(model_file()),
            "--interface",
            settings.rasa_host,
            "--port",
            str(settings.rasa_port),
        ],
        "actions": ["trialguide.commands.action_server", str(settings.actions_port)],
    }
    if what not in commands:
        print("Say which server: rasa or actions.", file=sys.stderr)
        return 2
    # Rasa fills these into endpoints.yml, and Sanic reads its own.
    endpoint = settings.action_endpoint or f"http://127.0.0.1:{settings.actions_port}/webhook"
    given = {"CONVERSATIONS": str(settings.conversations), "ACTION_ENDPOINT": endpoint, "LOG_LEVEL": settings.log_level}
    os.environ |= settings.sanic_variables | given
    os.chdir(ROOT)
    # In the place of this process, so that SIGTERM reaches the server.
    os.execv(sys.executable, [sys.executable, "-m", *commands[what]])  # noqa: S606


def check(settings: Settings) -> int:
    """0 when one of the two servers answers here as healthy."""
    for address in (f"http://127.0.0.1:{settings.rasa_port}/health/live", f"http://127.0.0.1:{settings.actions_port}/health"):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return 0
        except OSError:
            continue
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""The action server, on the loopback address only: `python -m tools.action_server PORT`."""

import os
import sys

from tools.quiet_rasa import be_quiet


def main() -> None:
    """Runs rasa_sdk's server for the package `actions`, with the directory already read."""
    be_quiet()
    os.environ["SANIC_HOST"] = "127.0.0.1"
    from rasa_sdk.endpoint import run

    from actions.look_ups import look_ups

    look_ups()
    run("actions", port=int(sys.argv[1]), cors_origins=[])


if __name__ == "__main__":
    main()

"""Rasa's command line without deprecation warnings and progress bars: `python -m trialguide.commands.rasa_server run ...`."""

import gc
import os
import resource
import sys
import warnings
from typing import Any, TextIO

from trialguide.runtime.lean_imports import install_import_stubs
from trialguide.runtime.settings import Settings, process_settings
from trialguide.runtime.signing_key import signing_key

# Set before the import: these libraries read the environment while they load.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    # Rasa shows its progress bars from INFO on.
    "LOG_LEVEL": "WARNING",
}
# Threads write beside the event loop; with Python's default of 5 ms each would wait too long for the other.
SWITCH_SECONDS = 0.0005
EXPECTED = (
    # Said at every load, whatever the slots.
    "Slot auto-fill has been removed",
    # Our TopicClassifier takes the place of the ResponseSelector that Rasa misses.
    "does not include a response selector component",
    # Our IntentRulePolicy is a RulePolicy; Rasa compares the names.
    "'RulePolicy' is not included in the model's policy configuration",
    # Rasa declares retrieval intents a second time by itself.
    "duplicated intents have been found across multiple domain files",
    # The form asks with it; Rasa looks for it in stories and rules alone.
    "The utterance 'utter_ask_place' is not used in any story or rule",
)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Shows Rasa's warnings about content, each on one line; those of libraries about their own future are not for us.

    Libraries change the warning filters while they load, so the filters cannot do this; what shows a warning can.
    """
    text = str(message)
    about_content = f"{os.sep}rasa{os.sep}shared{os.sep}" in filename and not issubclass(category, DeprecationWarning)
    if about_content and not any(expected in text for expected in EXPECTED):
        print(f"Warning: {' '.join(text.split())}", file=sys.stderr)


def silence_rasa() -> None:
    """Quiets Rasa in this process; to be called before Rasa is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.showwarning = show_warning


def print_without_colours() -> None:
    """Makes Rasa print plain text, for a file or another program; it has no setting for that."""
    from rasa.shared.utils import io

    io.wrap_with_color = lambda *parts, color: " ".join(map(str, parts))


def settings_or_exit(needs_key: bool = False) -> Settings:
    """The settings of this server. Ends the process when they are not allowed, with a sentence for each fault."""
    try:
        settings = process_settings()
        if needs_key:
            signing_key(settings.front_door_key, settings.conversations)
    except ValueError as problem:
        sys.exit(str(problem))
    return settings


def guard_server(settings: Settings) -> None:
    """Guards the HTTP parser, the event loop and the log of Rasa's server, for none of which it has a setting."""
    from rasa.core import run
    from rasa.utils import common

    from trialguide.runtime.http_guard import install_http_guard
    from trialguide.runtime.logs import route_server_logs
    from trialguide.runtime.watchdog import watch_loop

    configure_app = run.configure_app

    def configure_watched_app(*arguments: Any, **named: Any) -> Any:
        app = configure_app(*arguments, **named)
        route_server_logs()
        watch_loop(app, settings.watchdog_seconds)
        return app

    install_http_guard(settings.request_seconds)
    run.configure_app = configure_watched_app
    # Rasa calls it last of all.
    common.update_sanic_log_level = route_server_logs


def main() -> Any:
    """Runs Rasa's command line with the arguments given."""
    silence_rasa()
    sys.argv[0] = "rasa"
    settings = None
    if sys.argv[1:2] == ["run"]:
        install_import_stubs()
        # All that is loaded stays; walking through it meanwhile takes a sixth of the start. The processor turns it on again.
        gc.disable()
        settings = settings_or_exit(needs_key=True)
        token = settings.auth_token
        if token:
            # Not given on the command line, which every account of the machine can read.
            sys.argv += ["--enable-api", "--auth-token", token]
    from rasa.__main__ import main as rasa
    from rasa.utils import io as rasa_io

    from trialguide.dialogue.rasa_patches import apply_rasa_patches
    from trialguide.runtime.logs import log_as_json, wants_json

    if wants_json():
        # Rasa calls this when it has read its command line.
        rasa_io.configure_colored_logging = log_as_json

    apply_rasa_patches()
    if not sys.stdout.isatty():
        print_without_colours()
    if settings:
        guard_server(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    # Every open page holds a socket; the usual soft limit ends at a thousand.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return rasa()


if __name__ == "__main__":
    sys.exit(main())

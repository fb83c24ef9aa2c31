"""Action server: `python -m trialguide.commands.action_server PORT`; listens on loopback unless ACTIONS_HOST is set."""

import logging
import sys
from typing import Any

from trialguide.commands.rasa_server import settings_or_exit, silence_rasa

logger = logging.getLogger(__name__)


def main() -> None:
    """Runs rasa_sdk's server for the package `actions`, with the directory already read."""
    silence_rasa()
    settings = settings_or_exit()
    from rasa_sdk.endpoint import create_app
    from sanic.request import Request

    from actions.look_ups import look_ups
    from trialguide.commands.action_requests import refuse_hostile_requests
    from trialguide.runtime.http_guard import install_http_guard
    from trialguide.runtime.logs import log_as_json, route_server_logs, wants_json
    from trialguide.runtime.request_id import HEADER, begin_request
    from trialguide.runtime.watchdog import watch_loop

    look_ups()
    install_http_guard(settings.request_seconds)
    app = create_app("actions", cors_origins=[])
    watch_loop(app, settings.watchdog_seconds)
    if wants_json():
        log_as_json()
    route_server_logs()

    @app.middleware("request")
    async def adopt_request_id(request: Request) -> None:
        begin_request(request.headers.get(HEADER))

    refuse_hostile_requests(app)

    @app.middleware("response")
    async def log_action(request: Request, _: Any) -> None:
        if request.path == "/webhook":
            logger.info("An action was run.")

    app.run(settings.actions_host, int(sys.argv[1]))


if __name__ == "__main__":
    main()

"""What Meta's two services share: signed webhooks and the handshake that opens them.

Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import hashlib
import hmac

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.runtime.constant_time import constant_time_equal

GRAPH = "https://graph.facebook.com/v25.0"
# Both let one write freely to a person for a day after their last message.
META_WINDOW_SECONDS = 24 * 3600.0


def signed_by_meta(request: Request, app_secret: str) -> bool:
    """Whether `X-Hub-Signature-256` is that of the body under the app's secret."""
    expected = "sha256=" + hmac.new(app_secret.encode(), request.body, hashlib.sha256).hexdigest()
    return constant_time_equal(request.headers.get("x-hub-signature-256", ""), expected)


def add_handshake(blueprint: Blueprint, verify_token: str) -> None:
    """Answers Meta's question whether this is the webhook that somebody has entered."""

    @blueprint.get("/webhook", name="handshake")
    async def answer(request: Request) -> HTTPResponse:
        asked = request.args
        if asked.get("hub.mode") == "subscribe" and constant_time_equal(asked.get("hub.verify_token", ""), verify_token):
            return response.text(asked.get("hub.challenge", ""), headers={"X-Content-Type-Options": "nosniff"})
        return response.empty(status=403)

"""Slack channel: direct messages to the app.

Source: https://docs.slack.dev/apis/events-api, https://docs.slack.dev/reference/block-kit,
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import html
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_sdk.signature import SignatureVerifier

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.http_client import ApiError, error_code
from trialguide.channels.messaging.rendering import SLACK, Capabilities, RenderedMessage
from trialguide.channels.messaging.webhook_events import VendorMessage, parse_json, words_in

API = "https://slack.com/api"
BUTTON_TITLE = 75
# Slack marks links, people and channels that stand in a text: <https://example.org|example.org>.
MARKED = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")
# Subtypes of messages that a person wrote: with a file, in a thread and to the conversation as well, by /me.
WRITTEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})


class Slack(MessagingChannel):
    """Direct messages to a Slack app; webhook `/webhooks/slack/webhook`."""

    prefix = "slack"
    capabilities = Capabilities(SLACK, text=3000, text_with_buttons=3000, buttons=25, title=BUTTON_TITLE)

    @classmethod
    def name(cls) -> str:
        return "slack"

    async def is_authentic(self, request: Request) -> bool:
        """Whether the signature is valid and at most five minutes old; an older request is a replay."""
        try:
            return bool(
                SignatureVerifier(self.vendor["SLACK_SIGNING_SECRET"]).is_valid_request(request.body, dict(request.headers))
            )
        except (ValueError, TypeError):
            # The timestamp is no number, or the signature or body no text.
            return False

    def events(self, request: Request) -> Iterable[Any]:
        yield _body(request)

    def parse_event(self, event: Any) -> VendorMessage | None:
        if event.get("type") == "block_actions":
            person = f"{event['team']['id']}/{event['user']['id']}"
            action = event["actions"][0]
            # A press has no id of its own.
            id = f"{event['container']['message_ts']}/{action['action_id']}/{action['action_ts']}"
            reply_to = _reply_to(event["channel"]["id"], event["container"].get("thread_ts"))
            return VendorMessage(person, id, reply_to, token=str(action["value"]), time=float(action["action_ts"]))
        message = event.get("event") or {}
        if event.get("type") != "event_callback" or message.get("type") != "message" or message.get("channel_type") != "im":
            return None
        # Edited and deleted messages, and those of apps, this one included.
        if message.get("subtype") not in WRITTEN or message.get("bot_id"):
            return None
        text, has_file = html.unescape(MARKED.sub(r"\1", message["text"])), bool(message.get("files"))
        person = f"{event['team_id']}/{message['user']}"
        return VendorMessage(
            person,
            str(event["event_id"]),
            _reply_to(message["channel"], message.get("thread_ts")),
            words_in(text) if has_file else text,
            time=float(message["ts"]),
            has_attachment=has_file,
        )

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """An empty response, or the challenge by which Slack verifies the address."""
        body = _body(request)
        if body.get("type") == "url_verification":
            return response.text(str(body.get("challenge", "")), headers={"X-Content-Type-Options": "nosniff"})
        return response.empty(status=200)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        headers = {"Authorization": f"Bearer {self.vendor['SLACK_TOKEN']}"}
        body = {
            **(reply_to if isinstance(reply_to, dict) else {"channel": reply_to}),
            "text": message.text,
            "blocks": _blocks(message),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = await self.calls.request(
            "POST", f"{self.vendor.get('SLACK_API', API)}/chat.postMessage", json=body, headers=headers
        )
        # Slack reports errors with status 200.
        if not isinstance(answer, dict) or not answer.get("ok"):
            raise ApiError(200, error_code(answer))


def _reply_to(channel: Any, thread: Any) -> Any:
    """The channel, or the fields of a call that answers in a thread."""
    return {"channel": channel, "thread_ts": str(thread)} if thread else channel


def _blocks(message: RenderedMessage) -> list[dict[str, Any]]:
    if message.picture:
        return [{"type": "image", "image_url": message.picture, "alt_text": message.text}]
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": message.text}}]
    if message.buttons:
        buttons = [
            {
                "type": "button",
                "action_id": f"choice_{number}",
                "text": {"type": "plain_text", "text": choice.title},
                "value": choice.token,
            }
            for number, choice in enumerate(message.buttons)
        ]
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _body(request: Request) -> dict[str, Any]:
    """The event: the body's JSON, or for a button the JSON in a form field."""
    body = parse_json(request.body)
    if body is None:
        try:
            body = parse_json(parse_qs(request.body.decode())["payload"][0])
        except (ValueError, KeyError):
            return {}
    return body if isinstance(body, dict) else {}

"""Slack's Web API and Events API.

https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/block-kit/blocks/section-block (3000
characters), .../actions-block (25 elements), .../button-element (titles of 75 characters, values of 2000),
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import itertools
import json
import re
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from vendor_fakes.vendor import Heard, Refusal, Vendor, checked, closed, raw, text_of

TOKEN, SECRET = "xoxb-token-of-the-test", "signing-secret-of-the-test"
TEAM = "T061EG9R6"
BUTTON = closed({
    "type": {"const": "button"},
    "action_id": text_of(255),
    "text": closed({"type": {"const": "plain_text"}, "text": text_of(75)}),
    "value": text_of(2000),
})  # fmt: skip
BLOCK = {
    "oneOf": [
        closed({"type": {"const": "section"}, "text": closed({"type": {"const": "mrkdwn"}, "text": text_of(3000)})}),
        closed({"type": {"const": "actions"}, "elements": {"type": "array", "items": BUTTON, "minItems": 1, "maxItems": 25}}),
        closed(
            {
                "type": {"const": "image"},
                "image_url": {"type": "string", "pattern": "^https://.*[.](png|jpg|gif)$"},
                "alt_text": text_of(2000),
            }
        ),
    ]
}
SCHEMA = closed(
    {
        "channel": {"type": "string", "pattern": "^D"},
        "text": text_of(40000),
        "blocks": {"type": "array", "items": BLOCK, "maxItems": 50},
    },
    {
        "unfurl_links": {"type": "boolean"},
        "unfurl_media": {"type": "boolean"},
        "thread_ts": {"type": "string", "pattern": r"^\d{10}\.\d{6}$"},
    },
)
# What may stand between < and > in mrkdwn: links alone are expected here. Every & begins an entity.
MARKS = re.compile(r"<(?!https?://[^<>|]+(\|[^<>|]+)?>)|&(?!amp;|lt;|gt;)")


class Slack(Vendor):
    """The API and the workspace whose members write to the app."""

    name, prefix = "slack", "slack"
    locations = False
    _times = itertools.count(1_790_000_000)

    def settings(self) -> dict[str, str]:
        return {"SLACK_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API": f"{self.address}/api"}

    def new_person(self, number: int) -> str:
        return f"D{number:08}"

    def trouble_body(self, status: int) -> Any:
        return {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}

    def refusal(self, message: str, status: int = 200, error: str = "invalid_blocks") -> Refusal:
        return Refusal(status, {"ok": False, "error": error, "response_metadata": {"messages": [message]}})

    async def answer(self, request: web.Request) -> Any:
        if request.path != "/api/chat.postMessage":
            raise self.refusal("", error="unknown_method")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise self.refusal("", error="invalid_auth")
        body = checked(await request.json(), SCHEMA, self.refusal)
        blocks = {block["type"]: block for block in body["blocks"]}
        text = blocks["section"]["text"]["text"] if "section" in blocks else ""
        if MARKS.search(text):
            raise self.refusal(f"marks: {text}")
        rows = blocks.get("actions", {}).get("elements", ())
        if len({row["action_id"] for row in rows}) < len(rows):
            raise self.refusal("action_id twice")
        buttons = tuple((row["text"]["text"], row["value"]) for row in rows)
        picture = blocks.get("image", {}).get("image_url")
        self.heard.append((body["channel"], Heard(text, buttons, picture, body.get("thread_ts"))))
        return {"ok": True, "channel": body["channel"], "ts": "1.1"}

    def signed(self, event: Any, at: float | None = None) -> tuple[bytes, dict[str, str]]:
        if isinstance(event, dict) and event.get("type") == "block_actions":
            body, kind = urlencode({"payload": json.dumps(event)}).encode(), "application/x-www-form-urlencoded"
        else:
            # With a character set, as Slack does it.
            body, kind = raw(event), "application/json; charset=utf-8"
        moment = str(int(at or time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=moment, body=body.decode(errors="replace"))
        return body, {"Content-Type": kind, "X-Slack-Request-Timestamp": moment, "X-Slack-Signature": str(signature)}

    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        event = json.loads(body)
        named, stamped = "X-Slack-Signature", "X-Slack-Request-Timestamp"
        return [
            (body, {"Content-Type": "application/json"}),
            (body + b" ", headers),
            # Seen, and sent again by somebody else later.
            self.signed(event, time.time() - 400),
            self.signed(event, time.time() + 400),
            (body, headers | {stamped: str(int(headers[stamped]) + 1)}),
            (body, headers | {stamped: "soon"}),
            (body, headers | {named: ""}),
            (body, headers | {named: headers[named][:-1]}),
            (body, headers | {named: "\u00e9"}),
            (b"\xff", headers),
        ]

    def envelope(self, person: str, id: str, content: Any) -> Any:
        message = {
            "type": "message",
            "channel": person,
            "channel_type": "im",
            "user": f"U{person}",
            "ts": f"{next(self._times)}.000100",
        }
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A1",
            "event_id": f"Ev{id}",
            "event_time": 1,
            "event": message | content,
        }

    def text(self, person: str, id: str, text: str) -> Any:
        return self.envelope(person, id, {"text": text.replace("&", "&amp;"), "client_msg_id": id})

    def press(self, person: str, id: str, token: str, thread: str | None = None) -> Any:
        container = {"type": "message", "message_ts": "1.1", "channel_id": person} | ({"thread_ts": thread} if thread else {})
        return {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": f"U{person}"},
            "channel": {"id": person},
            "container": container,
            "actions": [{"type": "button", "action_id": "choice_0", "value": token, "action_ts": f"{next(self._times)}.1"}],
        }

    def odd(self, person: str) -> dict[str, Any]:
        text = {"text": "what is a placebo"}
        return {
            "own message": self.envelope(person, "o1", text | {"bot_id": "B1"}),
            "edited": self.envelope(person, "o2", {"subtype": "message_changed", "message": text}),
            "deleted": self.envelope(person, "o3", {"subtype": "message_deleted"}),
            "channel": self.envelope(person, "o4", text | {"channel": "C1", "channel_type": "channel"}),
            "group": self.envelope(person, "o5", text | {"channel_type": "mpim"}),
            "reaction": self.envelope(person, "o6", {"type": "reaction_added", "reaction": "thumbsup", "item": {}}),
            "rate": {"type": "app_rate_limited", "team_id": TEAM},
            "no event": {"type": "event_callback", "team_id": TEAM},
            "no user": {
                "type": "event_callback",
                "team_id": TEAM,
                "event": {"type": "message", "channel_type": "im", "text": "hello"},
            },
        }

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        return {"file": self.envelope(person, id, {"text": text, "subtype": "file_share", "files": [{"id": "F1"}]})}

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        preview = {
            "text": f"{text} <https://example.org>",
            "attachments": [{"from_url": "https://example.org", "text": "A page"}],
        }
        return {"link": self.envelope(person, id, preview)}

    def unreadable(self, person: str) -> dict[str, Any]:
        return {"file": self.envelope(person, f"u{person}", {"text": "", "subtype": "file_share", "files": [{"id": "F1"}]})}

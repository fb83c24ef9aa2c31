"""Messenger Platform.

Send API: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages (text of 2000
characters; quick replies: 13, titles of 20, payloads of 1000);
webhooks: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events, and for m.me links
https://developers.facebook.com/documentation/business-messaging/messenger-platform/discovery/m-me-links
"""

import itertools
from typing import Any

from aiohttp import web

from vendor_fakes.meta import APP_SECRET, VERIFY_TOKEN, Meta
from vendor_fakes.vendor import Heard, checked, closed, text_of

PAGE = "104"
QUICK_REPLY = closed({"content_type": {"const": "text"}, "title": text_of(20), "payload": text_of(1000)})
QUICK_REPLIES = {"type": "array", "items": QUICK_REPLY, "minItems": 1, "maxItems": 13}
PICTURE = closed(
    {
        "type": {"const": "image"},
        "payload": closed(
            {"url": {"type": "string", "pattern": "^https://.*[.](png|jpg|gif)$"}}, {"is_reusable": {"type": "boolean"}}
        ),
    }
)
SCHEMA = closed({
    "recipient": closed({"id": {"type": "string", "pattern": r"^\d+$"}}),
    "messaging_type": {"const": "RESPONSE"},
    "message": {"oneOf": [closed({"text": text_of(2000)}, {"quick_replies": QUICK_REPLIES}), closed({"attachment": PICTURE})]},
})  # fmt: skip


class Messenger(Meta):
    """The API and the phones of the people who write to the page."""

    name, prefix = "messenger", "fb"
    _times = itertools.count(1_790_000_000_000)

    def settings(self) -> dict[str, str]:
        return {
            "MESSENGER_TOKEN": self.token,
            "MESSENGER_APP_SECRET": APP_SECRET,
            "MESSENGER_VERIFY_TOKEN": VERIFY_TOKEN,
            "MESSENGER_API": f"{self.address}/v25.0",
        }

    def new_person(self, number: int) -> str:
        return f"6789{number:012}"

    async def answer(self, request: web.Request) -> Any:
        body = checked(await self.body_of(request, "/v25.0/me/messages"), SCHEMA, self.refusal)
        message = body["message"]
        picture = message["attachment"]["payload"]["url"] if "attachment" in message else None
        buttons = tuple((row["title"], row["payload"]) for row in message.get("quick_replies", ()))
        self.heard.append((body["recipient"]["id"], Heard(message.get("text", ""), buttons, picture)))
        return {"recipient_id": body["recipient"]["id"], "message_id": f"m_{self.calls}"}

    def event(self, person: str, content: Any) -> Any:
        event = {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": next(self._times), **content}
        return {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [event]}]}

    def joined(self, events: list[Any]) -> Any:
        return events[0] | {"entry": [entry for event in events for entry in event["entry"]]}

    def text(self, person: str, id: str, text: str) -> Any:
        return self.event(person, {"message": {"mid": f"m_{id}", "text": text}})

    def press(self, person: str, id: str, token: str) -> Any:
        return self.event(person, {"message": {"mid": f"m_{id}", "text": "A title", "quick_reply": {"payload": token}}})

    def location(self, person: str, id: str, latitude: float, longitude: float) -> Any:
        where = {"title": "Home", "type": "location", "payload": {"coordinates": {"lat": latitude, "long": longitude}}}
        return self.event(person, {"message": {"mid": f"m_{id}", "attachments": [where]}})

    def odd(self, person: str) -> dict[str, Any]:
        return {
            "echo": self.event(PAGE, {"message": {"mid": "m_e", "text": "what is a placebo", "is_echo": True, "app_id": 1}}),
            "delivery": self.event(person, {"delivery": {"mids": ["m_1"], "watermark": 1}}),
            "read": self.event(person, {"read": {"watermark": 1}}),
            "reaction": self.event(person, {"reaction": {"mid": "m_1", "action": "react", "emoji": "👍"}}),
            "edit": self.event(person, {"message_edit": {"mid": "m_1", "text": "what is a placebo", "num_edit": 1}}),
            "unknown link": self.referral(person, "leaflet1"),
            "advertisement": self.event(person, {"referral": {"ad_id": "1", "source": "ADS", "type": "OPEN_THREAD"}}),
            "no messaging": {"object": "page", "entry": [{"id": PAGE, "changes": []}]},
            "no sender": {
                "object": "page",
                "entry": [{"id": PAGE, "messaging": [{"message": {"mid": "m_2", "text": "hello"}}]}],
            },
        }

    def referral(self, person: str, ref: str) -> Any:
        """The event of an m.me link that was followed into an existing conversation."""
        return self.event(person, {"referral": {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}})

    def get_started(self, person: str, id: str, ref: str) -> Any:
        """The event of somebody who has followed an m.me link and begins a conversation."""
        return self.postback(person, id, "GET_STARTED", referral={"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"})

    def postback(self, person: str, id: str, payload: str, **more: Any) -> Any:
        """The event of somebody who presses a button of the page: “Get started”, its menu or one of its first questions."""
        return self.event(person, {"postback": {"mid": f"m_{id}", "title": "Get started", "payload": payload, **more}})

    def attached(self, person: str, id: str, kind: str, text: str) -> Any:
        attachment = {"type": kind, "payload": {"url": "https://x.example"}}
        return self.event(person, {"message": {"mid": f"m_{id}{kind}", "text": text, "attachments": [attachment]}})

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        return {kind: self.attached(person, id, kind, text) for kind in ("image", "video", "file")}

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        return {"fallback": self.attached(person, id, "fallback", text)}

    def unreadable(self, person: str) -> dict[str, Any]:
        kinds = ("image", "audio", "video", "file", "fallback")
        return {
            kind: self.event(
                person,
                {"message": {"mid": f"m_u{kind}", "attachments": [{"type": kind, "payload": {"url": "https://x.example"}}]}},
            )
            for kind in kinds
        }

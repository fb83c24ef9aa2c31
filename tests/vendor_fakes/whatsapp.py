"""Fake of the WhatsApp Cloud API.

Messages: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages and its
neighbours (interactive-reply-buttons-messages, text-messages, image-messages);
webhooks: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

import itertools
from typing import Any

from aiohttp import web

from vendor_fakes.meta import APP_SECRET, VERIFY_TOKEN, Meta
from vendor_fakes.vendor import Heard, checked, closed, text_of

PHONE_ID = "106540352242922"
USERS = {"type": "string", "pattern": r"^\+?\d{6,15}$"}


REPLY = closed({"type": {"const": "reply"}, "reply": closed({"id": text_of(256), "title": text_of(20)})})
ROW = closed({"id": text_of(200), "title": text_of(24)}, {"description": text_of(72)})
SECTION = closed({"rows": {"type": "array", "items": ROW, "minItems": 1, "maxItems": 10}}, {"title": text_of(24)})
BUTTONS = closed({
    "type": {"const": "button"},
    "body": closed({"text": text_of(1024)}),
    "action": closed({"buttons": {"type": "array", "items": REPLY, "minItems": 1, "maxItems": 3}}),
})  # fmt: skip
LIST = closed({
    "type": {"const": "list"},
    "body": closed({"text": text_of(4096)}),
    "action": closed({"button": text_of(20), "sections": {"type": "array", "items": SECTION, "minItems": 1, "maxItems": 1}}),
})  # fmt: skip
ENVELOPE = {"messaging_product": {"const": "whatsapp"}, "recipient_type": {"const": "individual"}}
CONTENTS = (
    {"type": {"const": "text"}, "text": closed({"body": text_of(4096)}, {"preview_url": {"type": "boolean"}})},
    {
        "type": {"const": "image"},
        "image": closed({"link": {"type": "string", "pattern": "^https://.*[.](png|jpg)$"}}, {"caption": text_of(1024)}),
    },
    {"type": {"const": "interactive"}, "interactive": {"oneOf": [BUTTONS, LIST]}},
)
SCHEMA = {
    "oneOf": [
        closed({**ENVELOPE, whom: kind, **content})
        for content in CONTENTS
        # A telephone number, or the user id that is scoped to the business.
        for whom, kind in (("to", USERS), ("recipient", {"type": "string", "pattern": r"^[A-Z]{2}\.\w{1,128}$"}))
    ]
}


class WhatsApp(Meta):
    """The API and the phones of its users."""

    name, prefix = "whatsapp", "wa"
    _times = itertools.count(1_790_000_000)

    def settings(self) -> dict[str, str]:
        return {
            "WHATSAPP_TOKEN": self.token,
            "WHATSAPP_PHONE_ID": PHONE_ID,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
            "WHATSAPP_API": f"{self.address}/v25.0",
        }

    def new_person(self, number: int) -> str:
        return f"4670{number:07}"

    async def answer(self, request: web.Request) -> Any:
        body = checked(await self.body_of(request, f"/v25.0/{PHONE_ID}/messages"), SCHEMA, self.refusal)
        person = body.get("to") or body["recipient"]
        self.heard.append((person, heard(body)))
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": person, "wa_id": person}],
            "messages": [{"id": f"wamid.{self.calls}"}],
        }

    def event(self, person: str, id: str, kind: str, content: Any = None, **more: Any) -> Any:
        message = {"from": person, "id": f"wamid.{id}", "timestamp": str(next(self._times)), "type": kind, **more}
        return self.batch([message if content is None else message | {kind: content}])

    def batch(self, messages: list[Any], phone: str = PHONE_ID) -> Any:
        metadata = {"display_phone_number": "15550783881", "phone_number_id": phone}
        value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": messages}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}],
        }

    def joined(self, events: list[Any]) -> Any:
        """One webhook with several messages, over several entries."""
        return events[0] | {"entry": [entry for event in events for entry in event["entry"]]}

    def text(self, person: str, id: str, text: str) -> Any:
        return self.event(person, id, "text", {"body": text})

    def press(self, person: str, id: str, token: str) -> Any:
        return self.event(person, id, "interactive", {"type": "list_reply", "list_reply": {"id": token, "title": "A title"}})

    def location(self, person: str, id: str, latitude: float, longitude: float) -> Any:
        return self.event(person, id, "location", {"latitude": latitude, "longitude": longitude, "name": "Home"})

    def odd(self, person: str) -> dict[str, Any]:
        status = {"id": "wamid.x", "status": "delivered", "timestamp": "1790000000", "recipient_id": person}
        text = self.text(person, "odd", "what is a placebo")
        statuses = self.batch([])
        statuses["entry"][0]["changes"][0]["value"]["statuses"] = [status]
        return {
            "status": statuses,
            "reaction": self.event(person, "o1", "reaction", {"message_id": "wamid.x", "emoji": "👍"}),
            "edit": self.event(person, "o2", "edit", {"original_message_id": "wamid.x", "message": {"type": "text"}}),
            "deleted": self.event(person, "o3", "revoke", {"original_message_id": "wamid.x"}),
            "number changed": self.event(person, "o4", "system", {"body": "changed", "type": "user_changed_number"}),
            "group": self.event(person, "o5", "text", {"body": "what is a placebo"}, group_id="G1"),
            "another number": self.batch(text["entry"][0]["changes"][0]["value"]["messages"], phone="999"),
            "no type": self.batch([{"from": person, "id": "wamid.y"}]),
            "no messages": {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": None}]}]},
        }

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        media = {"id": "1", "mime_type": "x/y", "caption": text}
        return {kind: self.event(person, f"{id}{kind}", kind, media) for kind in ("image", "video", "document")}

    def unreadable(self, person: str) -> dict[str, Any]:
        media = {"id": "1", "mime_type": "x/y"}
        kinds = ("image", "audio", "video", "document", "sticker")
        return {kind: self.event(person, f"u-{kind}", kind, media) for kind in kinds} | {
            "contacts": self.event(person, "u-contacts", "contacts", [{"name": {"formatted_name": "A"}}]),
            "unsupported": self.event(person, "u-unsupported", "unsupported", errors=[{"code": 131051}]),
        }


def heard(body: Any) -> Heard:
    """The message as the recipient sees it."""
    if body["type"] == "text":
        return Heard(body["text"]["body"])
    if body["type"] == "image":
        return Heard(body["image"].get("caption", ""), picture=body["image"]["link"])
    shown = body["interactive"]
    buttons = shown["action"].get("buttons") or shown["action"]["sections"][0]["rows"]
    rows = [button.get("reply", button) for button in buttons]
    return Heard(shown["body"]["text"], tuple((row.get("description", row["title"]), row["id"]) for row in rows))

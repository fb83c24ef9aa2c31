"""WhatsApp channel through Meta's Cloud API.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp
"""

from collections.abc import Iterable
from typing import Any

from sanic import Blueprint
from sanic.request import Request

from trialguide.channels.front_door.transcript import Choice
from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.rendering import WHATSAPP, Capabilities, RenderedMessage
from trialguide.channels.messaging.vendors.meta_webhooks import GRAPH, META_WINDOW_SECONDS, add_handshake, signed_by_meta
from trialguide.channels.messaging.webhook_events import VendorMessage, parse_json, walk, words_in

MAX_BUTTONS, BUTTON_TITLE = 3, 20
MAX_ROWS, ROW_TITLE, ROW_DESCRIPTION = 10, 24, 72
# Events that need no answer: a reaction, a changed number, an edited or deleted message.
SILENT = frozenset({"reaction", "system", "edit", "revoke", "request_welcome"})

# Messages that may have words below them.
CAPTIONED = frozenset({"image", "video", "document"})


class WhatsApp(MessagingChannel):
    """Messages to a WhatsApp Business number; webhook `/webhooks/whatsapp/webhook`."""

    prefix = "wa"
    capabilities = Capabilities(WHATSAPP, text=4096, text_with_buttons=1024, buttons=MAX_ROWS)
    window_seconds = META_WINDOW_SECONDS

    @classmethod
    def name(cls) -> str:
        return "whatsapp"

    def add_routes(self, blueprint: Blueprint) -> None:
        add_handshake(blueprint, self.vendor["WHATSAPP_VERIFY_TOKEN"])

    async def is_authentic(self, request: Request) -> bool:
        return signed_by_meta(request, self.vendor["WHATSAPP_APP_SECRET"])

    def events(self, request: Request) -> Iterable[Any]:
        for change in walk(parse_json(request.body), "entry", "changes"):
            value = change.get("value")
            metadata = value.get("metadata") if isinstance(value, dict) else None
            # An app may have several numbers, each with a webhook consumer of its own.
            if isinstance(metadata, dict) and metadata.get("phone_number_id") == self.vendor["WHATSAPP_PHONE_ID"]:
                yield from walk(value, "messages")

    def parse_event(self, event: Any) -> VendorMessage | None:
        kind = event["type"]
        if kind in SILENT or "group_id" in event:
            return None
        # A person with a user name may have no telephone number here.
        address = str(event.get("from_user_id") or event["from"])
        reply_to = {"to": event["from"]} if event.get("from") else {"recipient": event["from_user_id"]}
        text = token = location = None
        if kind == "text":
            text = str(event["text"]["body"])
        elif kind == "button":
            text = str(event["button"]["text"])
        elif kind == "interactive":
            token = str(event["interactive"][event["interactive"]["type"]]["id"])
        elif kind == "location":
            location = float(event["location"]["latitude"]), float(event["location"]["longitude"])
        elif kind in CAPTIONED:
            text = words_in(event[kind].get("caption"))
        time = float(event.get("timestamp") or 0)
        return VendorMessage(address, str(event["id"]), reply_to, text, token, location, time, has_attachment=kind in CAPTIONED)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        base = self.vendor.get("WHATSAPP_API", GRAPH)
        shown = content(message, self.fixed_text("open_choices"))
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", **reply_to, **shown}
        headers = {"Authorization": f"Bearer {self.vendor['WHATSAPP_TOKEN']}"}
        await self.calls.request("POST", f"{base}/{self.vendor['WHATSAPP_PHONE_ID']}/messages", json=body, headers=headers)


def content(message: RenderedMessage, choose: str) -> dict[str, Any]:
    """A message in the format of the Cloud API; `choose` is the label of the button that opens a list."""
    if message.picture:
        return {"type": "image", "image": {"link": message.picture, "caption": message.text}}
    if not message.buttons:
        return {"type": "text", "text": {"body": message.text, "preview_url": False}}
    short = len(message.buttons) <= MAX_BUTTONS and all(len(choice.title) <= BUTTON_TITLE for choice in message.buttons)
    shown = _buttons(message.buttons) if short else _list(message.buttons, choose)
    return {"type": "interactive", "interactive": {"body": {"text": message.text}, **shown}}


def _buttons(choices: tuple[Choice, ...]) -> dict[str, Any]:
    rows = [{"type": "reply", "reply": {"id": choice.token, "title": choice.title}} for choice in choices]
    return {"type": "button", "action": {"buttons": rows}}


def _list(choices: tuple[Choice, ...], button: str) -> dict[str, Any]:
    return {"type": "list", "action": {"button": button, "sections": [{"rows": [_row(choice) for choice in choices]}]}}


def _row(choice: Choice) -> dict[str, str]:
    if len(choice.title) <= ROW_TITLE:
        return {"id": choice.token, "title": choice.title}
    # The description repeats the title in full.
    return {
        "id": choice.token,
        "title": choice.title[: ROW_TITLE - 1].rstrip() + "…",
        "description": choice.title[:ROW_DESCRIPTION],
    }

"""Facebook Messenger channel.

Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform
"""

from collections.abc import Iterable
from typing import Any

from sanic import Blueprint
from sanic.request import Request

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.deep_links import GREETING, token_of_link
from trialguide.channels.messaging.rendering import PLAIN, Capabilities, RenderedMessage
from trialguide.channels.messaging.vendors.meta_webhooks import GRAPH, META_WINDOW_SECONDS, add_handshake, signed_by_meta
from trialguide.channels.messaging.webhook_events import VendorMessage, parse_json, walk, words_in

# The preview of a link comes as an attachment of the type "fallback".
READABLE = frozenset({"location", "fallback"})


class Messenger(MessagingChannel):
    """Messages to a Facebook page; webhook `/webhooks/messenger/webhook`."""

    prefix = "fb"
    capabilities = Capabilities(PLAIN, text=2000, text_with_buttons=2000, buttons=13, title=20)
    window_seconds = META_WINDOW_SECONDS

    @classmethod
    def name(cls) -> str:
        return "messenger"

    def add_routes(self, blueprint: Blueprint) -> None:
        add_handshake(blueprint, self.vendor["MESSENGER_VERIFY_TOKEN"])

    async def is_authentic(self, request: Request) -> bool:
        return signed_by_meta(request, self.vendor["MESSENGER_APP_SECRET"])

    def events(self, request: Request) -> Iterable[Any]:
        return walk(parse_json(request.body), "entry", "messaging")

    def parse_event(self, event: Any) -> VendorMessage | None:
        person, time = str(event["sender"]["id"]), float(event.get("timestamp") or 0)
        postback, message = event.get("postback"), event.get("message")
        if postback:
            return _of_postback(postback, person, time)
        if "referral" in event and not message:
            # A link led into a conversation that exists already.
            token = token_of_link(event["referral"].get("ref"))
            return VendorMessage(person, f"referral/{time}", person, token=token, time=time) if token else None
        # Deliveries, reads, reactions and edits; and messages of the page itself.
        if not message or message.get("is_echo") or message.get("is_deleted"):
            return None
        text, token, location = message.get("text"), message.get("quick_reply", {}).get("payload"), None
        attachments = message.get("attachments") or ()
        for attachment in attachments:
            where = attachment["payload"].get("coordinates") if attachment["type"] == "location" else None
            text, location = words_in(text), (float(where["lat"]), float(where["long"])) if where else None
        has_attachment = any(attachment["type"] not in READABLE for attachment in attachments)
        return VendorMessage(person, str(message["mid"]), person, text, token, location, time, has_attachment)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        content: dict[str, Any] = {"text": message.text}
        if message.picture:
            content = {"attachment": {"type": "image", "payload": {"url": message.picture, "is_reusable": True}}}
        if message.buttons:
            content["quick_replies"] = [
                {"content_type": "text", "title": choice.title, "payload": choice.token} for choice in message.buttons
            ]
        body = {"recipient": {"id": reply_to}, "messaging_type": "RESPONSE", "message": content}
        headers = {"Authorization": f"Bearer {self.vendor['MESSENGER_TOKEN']}"}
        await self.calls.request("POST", f"{self.vendor.get('MESSENGER_API', GRAPH)}/me/messages", json=body, headers=headers)


def _of_postback(postback: Any, person: str, time: float) -> VendorMessage:
    """A press on a button of the page, whose payload is the operator's; choices of the assistant are quick replies."""
    link = postback.get("referral", {}).get("ref") or postback.get("payload")
    token = token_of_link(link)
    # Some postbacks have no id.
    return VendorMessage(person, str(postback.get("mid") or time), person, None if token else GREETING, token, time=time)

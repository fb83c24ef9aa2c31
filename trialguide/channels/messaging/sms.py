"""The channel for SMS, and for WhatsApp too, through Twilio.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/messaging/api/message-resource
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BasicAuth
from multidict import MultiDict
from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse
from twilio.request_validator import RequestValidator

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.rendering import PLAIN, WHATSAPP, Capabilities, RenderedMessage
from trialguide.channels.messaging.webhook_events import VendorMessage, constant_time_equal

API = "https://api.twilio.com"
# More fields than Twilio sends are nothing to look into.
MOST_FIELDS = 200


class Sms(MessagingChannel):
    """People who write to a number of Twilio's, at `/webhooks/sms/webhook`."""

    prefix = "sms"
    capabilities = Capabilities(PLAIN, text=1600, text_with_buttons=1600, buttons=0, pictures=False)

    @classmethod
    def name(cls) -> str:
        return "sms"

    async def is_authentic(self, request: Request) -> bool:
        """Twilio signs the address as it was entered in its console, with all fields."""
        address = f"{self.public_address}/webhooks/{self.name()}/webhook"
        if request.query_string:
            address += f"?{request.query_string}"
        signed = RequestValidator(self.vendor["TWILIO_TOKEN"]).compute_signature(address, _fields(request))
        # The validator's own comparison ends early where the lengths differ.
        return constant_time_equal(request.headers.get("x-twilio-signature", ""), signed)

    def events(self, request: Request) -> Iterable[Any]:
        yield _fields(request)

    def capabilities_for(self, reply_to: Any) -> Capabilities:
        """WhatsApp shows pictures and bold words; SMS has text alone."""
        return (
            replace(self.capabilities, markup=WHATSAPP, pictures=True)
            if reply_to[1].startswith("whatsapp:")
            else self.capabilities
        )

    def parse_event(self, event: Any) -> VendorMessage | None:
        # The state of a message of ours, or a number that is not for patients.
        if "MessageStatus" in event or event["To"] not in self.vendor["TWILIO_NUMBERS"].replace(",", " ").split():
            return None
        location = (float(event["Latitude"]), float(event["Longitude"])) if event.get("Latitude") else None
        text = None if int(event.get("NumMedia") or 0) else event.get("Body") or None
        return VendorMessage(event["From"], event["MessageSid"], (event["To"], event["From"]), text, location=location)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        sender, person = reply_to
        body = {"From": sender, "To": person, "Body": message.text}
        if message.picture:
            body["MediaUrl"] = message.picture
        account = self.vendor["TWILIO_ACCOUNT"]
        url = f"{self.vendor.get('TWILIO_API', API)}/2010-04-01/Accounts/{account}/Messages.json"
        await self.calls.request("POST", url, data=body, auth=BasicAuth(account, self.vendor["TWILIO_TOKEN"]))

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """An answer without a message: those come by calls of their own."""
        return response.text("<Response/>", content_type="text/xml")


def _fields(request: Request) -> "MultiDict[str]":
    try:
        return MultiDict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return MultiDict()

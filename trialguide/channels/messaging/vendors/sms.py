"""SMS channel through Twilio, which carries WhatsApp as well.

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

from trialguide.channels.messaging.automatic_messages import load_automatic_messages
from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.deep_links import GREETING
from trialguide.channels.messaging.rendering import PLAIN, WHATSAPP, Capabilities, RenderedMessage
from trialguide.channels.messaging.webhook_events import VendorMessage, words_in
from trialguide.runtime.constant_time import constant_time_equal
from trialguide.text.normalisation import normalised

API = "https://api.twilio.com"
# More fields than Twilio sends.
MAX_FIELDS = 200
MAX_MEDIA = 10
# Keywords of SMS law, each the whole message, as Twilio matches them. Twilio answers opt-outs and opt-ins itself, and refuses
# messages to a person who has opted out. "Yes" opts in as well, but is an answer here.
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP = frozenset("stop stopall unsubscribe cancel end quit revoke optout".split())
HELP = frozenset({"help", "info"})
START = frozenset({"start", "unstop"})


class Sms(MessagingChannel):
    """Messages to a Twilio number; webhook `/webhooks/sms/webhook`."""

    prefix = "sms"
    capabilities = Capabilities(PLAIN, text=1600, text_with_buttons=1600, buttons=0, pictures=False)

    @classmethod
    def name(cls) -> str:
        return "sms"

    async def is_authentic(self, request: Request) -> bool:
        """Whether Twilio signed the fields together with the webhook's address, as it is entered in the console."""
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
        # A delivery report, or a number that is not for patients.
        if "MessageStatus" in event or event["To"] not in self.vendor["TWILIO_NUMBERS"].replace(",", " ").split():
            return None
        location = (float(event["Latitude"]), float(event["Longitude"])) if event.get("Latitude") else None
        text, media = event.get("Body") or None, int(event.get("NumMedia") or 0)
        message = VendorMessage(
            event["From"],
            event["MessageSid"],
            (event["To"], event["From"]),
            words_in(text) if media else text,
            location=location,
            # A long SMS may come with a part of the type text, which repeats the body.
            has_attachment=any(event.get(f"MediaContentType{n}") != "text/plain" for n in range(min(media, MAX_MEDIA))),
        )
        return message if event["From"].startswith("whatsapp:") and not event.get("OptOutType") else _by_keyword(message, event)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        sender, person = reply_to
        body = {"From": sender, "To": person, "Body": message.text}
        if message.picture:
            body["MediaUrl"] = message.picture
        account = self.vendor["TWILIO_ACCOUNT"]
        url = f"{self.vendor.get('TWILIO_API', API)}/2010-04-01/Accounts/{account}/Messages.json"
        await self.calls.request("POST", url, data=body, auth=BasicAuth(account, self.vendor["TWILIO_TOKEN"]))

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """A response without a message; messages are sent by the API."""
        return response.text("<Response/>", content_type="text/xml")


def _by_keyword(message: VendorMessage, event: Any) -> VendorMessage | None:
    """What becomes of an SMS: silence for opt-outs and reactions, one line for HELP, the greeting for START."""
    # With Advanced Opt-Out, Twilio says which keyword of the operator's it has found, and has answered already.
    word, handled = normalised(message.text or ""), event.get("OptOutType")
    if word in STOP or handled in ("STOP", "HELP") or load_automatic_messages().is_reaction(message.text or ""):
        return None
    if word in HELP:
        return replace(message, text=None, fixed_text="sms_help")
    return replace(message, text=GREETING) if word in START or handled == "START" else message


def _fields(request: Request) -> "MultiDict[str]":
    try:
        return MultiDict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        return MultiDict()

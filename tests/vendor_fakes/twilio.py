"""Twilio's Messages resource.

https://www.twilio.com/docs/messaging/api/message-resource (bodies of 1600 characters, form fields, basic authentication),
https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/usage/security,
https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out (keywords; messages to who has opted out are refused, 21610)
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import BasicAuth, web
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from vendor_fakes.vendor import PUBLIC_ADDRESS, Heard, Refusal, Vendor, checked, closed, text_of

ACCOUNT, TOKEN = "AC" + "0" * 32, "twilio-token-of-the-test"
NUMBER = "+15017122661"
ADDRESS = {"type": "string", "pattern": r"^(whatsapp:)?\+\d{6,15}$"}
SCHEMA = closed(
    {"From": ADDRESS, "To": ADDRESS, "Body": text_of(1600)}, {"MediaUrl": {"type": "string", "pattern": "^https://.*[.]png$"}}
)

STOP = frozenset("stop stopall unsubscribe cancel end quit revoke optout".split())
START = frozenset({"start", "unstop", "yes"})


class Twilio(Vendor):
    """The API and the telephones of the people who write to the number."""

    name, prefix = "sms", "sms"
    pictures, locations = False, False
    number = NUMBER

    def __init__(self) -> None:
        super().__init__()
        self.opted_out: set[str] = set()

    def settings(self) -> dict[str, str]:
        numbers = f"{NUMBER}, whatsapp:{NUMBER}"
        return {"TWILIO_ACCOUNT": ACCOUNT, "TWILIO_TOKEN": TOKEN, "TWILIO_NUMBERS": numbers, "TWILIO_API": self.address}

    def new_person(self, number: int) -> str:
        return f"+4671{number:07}"

    def trouble_body(self, status: int) -> Any:
        return {"code": 20429 if status == 429 else 20500, "message": "it failed", "status": status}

    def refusal(self, message: str, status: int = 400, code: int = 21602) -> Refusal:
        return Refusal(
            status, {"code": code, "message": message, "more_info": "https://www.twilio.com/docs/errors", "status": status}
        )

    async def answer(self, request: web.Request) -> Any:
        if request.method != "POST" or request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            raise self.refusal("The requested resource was not found", 404, 20404)
        if BasicAuth.decode(request.headers.get("Authorization", "Basic Og==")) != BasicAuth(ACCOUNT, TOKEN):
            raise self.refusal("Authenticate", 401, 20003)
        body = checked(dict(await request.post()), SCHEMA, self.refusal)
        if body["From"].startswith("whatsapp:") != body["To"].startswith("whatsapp:"):
            raise self.refusal("From and To must be of one channel", 400, 63007)
        if body["To"] in self.opted_out:
            raise self.refusal("Attempt to send to unsubscribed recipient", 400, 21610)
        if "MediaUrl" in body and not body["To"].startswith("whatsapp:"):
            raise self.refusal("The number cannot send media", 400, 21612)
        self.heard.append((body["To"], Heard(body["Body"], picture=body.get("MediaUrl"))))
        return {"sid": f"SM{self.calls:032}", "status": "queued"}

    def signed(self, event: Any) -> tuple[bytes, dict[str, str]]:
        body = event if isinstance(event, bytes) else urlencode(event).encode()
        fields = MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_ADDRESS}{self.path}", fields)
        return body, {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}

    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        named, plain = "X-Twilio-Signature", {"Content-Type": headers["Content-Type"]}
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        elsewhere = RequestValidator(TOKEN).compute_signature(f"https://evil.example{self.path}", fields)
        return [
            (body, plain),
            (body + b"&Body=other", headers),
            (body + b"&More=1", headers),
            (body, plain | {named: ""}),
            (body, plain | {named: headers[named][:-1]}),
            (body, plain | {named: elsewhere}),
            (body, plain | {named: "\u00e9"}),
        ]

    def event(self, person: str, id: str, **more: str) -> Any:
        fields = {
            "MessageSid": f"SM{id}",
            "AccountSid": ACCOUNT,
            "From": person,
            "To": self.number,
            "Body": "",
            "NumMedia": "0",
            "NumSegments": "1",
        }
        return fields | more

    def text(self, person: str, id: str, text: str) -> Any:
        # Twilio knows keywords by SMS alone, as the whole of a message.
        word = "" if person.startswith("whatsapp:") else text.strip().lower()
        if word in STOP:
            self.opted_out.add(person)
        if word in START:
            self.opted_out.discard(person)
        return self.event(person, id, Body=text)

    def press(self, person: str, id: str, token: str) -> Any:
        return self.text(person, id, token)

    def location(self, person: str, id: str, latitude: float, longitude: float) -> Any:
        return self.event(person, id, Latitude=str(latitude), Longitude=str(longitude), Label="Home")

    def odd(self, person: str) -> dict[str, Any]:
        status = {"MessageSid": "SMx", "MessageStatus": "delivered", "From": self.number, "To": person}
        return {
            "status": status,
            "another number": self.event(person, "o1", Body="what is a placebo") | {"To": "+1999"},
            "no sender": {"MessageSid": "SMy", "To": self.number, "Body": "what is a placebo"},
            "nothing": {"AccountSid": ACCOUNT},
        }

    def media(self, person: str, id: str, kind: str, text: str = "") -> Any:
        media = {"MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": kind}
        return self.event(person, id, NumMedia="1", Body=text, **media)

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        return {kind: self.media(person, id, kind, text) for kind in ("image/jpeg", "text/x-vcard", "application/pdf")}

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        return {"text/plain": self.media(person, id, "text/plain", text)}

    def unreadable(self, person: str) -> dict[str, Any]:
        return {
            "media": self.media(person, f"u1{person}", "image/jpeg"),
            "media with blanks": self.media(person, f"u2{person}", "image/jpeg", " \n"),
            "empty": self.event(person, f"u3{person}"),
        }


class TwilioWhatsApp(Twilio):
    """The same, for people who write by WhatsApp."""

    pictures, locations = True, True
    number = f"whatsapp:{NUMBER}"

    def new_person(self, number: int) -> str:
        return f"whatsapp:+4672{number:07}"

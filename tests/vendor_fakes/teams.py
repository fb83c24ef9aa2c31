"""The Bot Framework's login and connector services, as Teams uses them.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication,
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference,
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages (40 kB in UTF-16)
"""

import json
import time
from typing import Any
from urllib.parse import unquote

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from vendor_fakes.telegram import Html
from vendor_fakes.vendor import Heard, Refusal, Vendor, checked, closed, raw, text_of

APP, PASSWORD, TENANT = "00000000-0000-0000-0000-000000000001", "password-of-the-test", "11111111-1111-1111-1111-111111111111"
TOKEN = "token-for-the-connector"
BOT = "28:" + APP
LARGEST = 40 * 1024
ACCOUNT = {"type": "object", "required": ["id"], "properties": {"id": text_of(200)}}
BUTTON = closed({"type": {"const": "imBack"}, "title": text_of(200), "value": text_of(200)})
HERO = closed({
    "contentType": {"const": "application/vnd.microsoft.card.hero"},
    "content": closed({"buttons": {"type": "array", "items": BUTTON, "minItems": 1, "maxItems": 6}}),
})  # fmt: skip
PICTURE = closed(
    {"contentType": {"const": "image/png"}, "contentUrl": {"type": "string", "pattern": "^https://.*[.]png$"}},
    {"name": text_of(2000)},
)
SCHEMA = closed(
    {"type": {"const": "message"}, "from": ACCOUNT, "recipient": ACCOUNT, "conversation": closed({"id": text_of(200)})},
    {
        "text": text_of(20000),
        "textFormat": {"const": "xml"},
        "attachments": {"type": "array", "items": {"oneOf": [HERO, PICTURE]}},
    },
)


def new_key(id: str) -> tuple[rsa.RSAPrivateKey, dict[str, Any]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return key, public | {"kid": id, "use": "sig", "endorsements": ["msteams"]}


class Teams(Vendor):
    """The login service, signing keys and connector, and the clients of the people who write to the app."""

    name, prefix = "teams", "teams"
    locations = False

    def __init__(self) -> None:
        super().__init__()
        self._key, self._public = new_key("known")
        # None for a bot of several tenants.
        self.tenant: str | None = TENANT
        self._other = new_key("known")[0]

    def settings(self) -> dict[str, str]:
        tenant = {"TEAMS_TENANT": self.tenant} if self.tenant else {}
        return {"TEAMS_APP_ID": APP, "TEAMS_PASSWORD": PASSWORD, "TEAMS_API": self.address} | tenant

    def new_person(self, number: int) -> str:
        return f"a:{number:010}"

    def trouble_body(self, status: int) -> Any:
        return {"error": {"code": "TooManyRequests" if status == 429 else "ServiceError", "message": "it failed"}}

    def refusal(self, message: str, status: int = 400, code: str = "BadSyntax") -> Refusal:
        return Refusal(status, {"error": {"code": code, "message": message}})

    async def answer(self, request: web.Request) -> Any:
        path = unquote(request.path)
        if path == "/v1/.well-known/openidconfiguration":
            return {"issuer": "https://api.botframework.com", "jwks_uri": f"{self.address}/v1/.well-known/keys"}
        if path == "/v1/.well-known/keys":
            return {"keys": [self._public]}
        if path == f"/{self.tenant or 'botframework.com'}/oauth2/v2.0/token":
            wanted = {
                "grant_type": "client_credentials",
                "client_id": APP,
                "client_secret": PASSWORD,
                "scope": "https://api.botframework.com/.default",
            }
            if dict(await request.post()) != wanted:
                raise Refusal(400, {"error": "invalid_client"})
            return {"token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN}
        start, _, end = path.removeprefix("/amer/v3/conversations/").partition("/")
        if not path.startswith("/amer/v3/conversations/") or end != "activities":
            raise self.refusal("no such path", 404)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise self.refusal("unauthorized", 401, "Unauthorized")
        body = checked(await request.json(), SCHEMA, self.refusal)
        if body["conversation"]["id"] != start or body["from"]["id"] != BOT:
            raise self.refusal("not this conversation")
        if len(json.dumps(body, ensure_ascii=False).encode("utf-16-le")) > LARGEST:
            raise self.refusal("too big", 413, "MessageSizeTooBig")
        text = body.get("text", "")
        if Html(text.replace("<br/>", "")).wrong:
            raise self.refusal("not well-formed")
        attached = {part["contentType"]: part for part in body.get("attachments", ())}
        card = attached.get("application/vnd.microsoft.card.hero", {"content": {"buttons": []}})["content"]
        buttons = tuple((row["title"], row["value"]) for row in card["buttons"])
        picture = attached.get("image/png", {}).get("contentUrl")
        self.heard.append((start, Heard(text.replace("<br/>", "\n"), buttons, picture)))
        return {"id": str(self.calls)}

    def token(self, key: rsa.RSAPrivateKey | None = None, kid: str = "known", algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        usual = {
            "iss": "https://api.botframework.com",
            "aud": APP,
            "nbf": now - 60,
            "exp": now + 3600,
            "serviceurl": f"{self.address}/amer/",
        }
        payload = {name: value for name, value in (usual | claims).items() if value is not None}
        secret: Any = "x" * 32 if algorithm == "HS256" else None if algorithm == "none" else key or self._key
        return jwt.encode(payload, secret, algorithm=algorithm, headers={"kid": kid})

    def signed(self, event: Any) -> tuple[bytes, dict[str, str]]:
        return raw(event), self.headers(self.token())

    def headers(self, token: str) -> dict[str, str]:
        return {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        evil = "https://evil.example/amer/"
        tokens = [
            self.token(self._other),
            self.token(self._other, kid="unknown"),
            self.token(iss="https://evil.example"),
            self.token(iss=None),
            self.token(aud="another-app"),
            self.token(aud=None),
            self.token(exp=int(time.time()) - 3600),
            self.token(exp=None),
            self.token(nbf=int(time.time()) + 3600),
            self.token(serviceurl=evil),
            self.token(serviceurl=None),
            self.token(algorithm="HS256"),
            self.token(algorithm="none"),
            headers["Authorization"][7:-5],
            "",
            "a.b.c",
        ]
        event = json.loads(body)
        return [
            (body, {"Content-Type": "application/json"}),
            (body, {"Authorization": headers["Authorization"].removeprefix("Bearer ")}),
            *((body, self.headers(token)) for token in tokens),
            # A token that is good, with an activity that wants the answer elsewhere or comes from another channel.
            (json.dumps(event | {"serviceUrl": evil}).encode(), headers),
            (json.dumps(event | {"serviceUrl": evil}).encode(), self.headers(self.token(serviceurl=evil))),
            (json.dumps(event | {"channelId": "webchat"}).encode(), headers),
            (json.dumps([event]).encode(), headers),
            (b"{", headers),
        ]

    def activity(self, person: str, id: str, content: Any, conversation: str = "personal", kind: str = "message") -> Any:
        return {
            "type": kind,
            "id": id,
            "timestamp": "2026-11-26T01:00:00.000Z",
            "serviceUrl": f"{self.address}/amer/",
            "channelId": "msteams",
            "from": {"id": f"29:{person}", "name": "A", "aadObjectId": person},
            "conversation": {"conversationType": conversation, "tenantId": TENANT, "id": person},
            "recipient": {"id": BOT, "name": "TrialGuide"},
            **content,
        }

    def text(self, person: str, id: str, text: str) -> Any:
        # What is typed comes once more as HTML.
        again = {"contentType": "text/html", "content": f"<p>{text}</p>"}
        return self.activity(person, id, {"text": text, "textFormat": "plain", "attachments": [again]})

    def quoting(self, person: str, id: str, quoted: str, text: str) -> dict[str, Any]:
        """Events of a text below a message that it quotes, in the forms of older and newer clients."""
        quote = (
            '<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" itemid="1600457867820">'
            f'<strong itemprop="mri" itemid="{BOT}">TrialGuide</strong><span itemprop="time" itemid="1600457867820"></span>'
            f'<p itemprop="preview">{quoted}</p></blockquote>'
        )
        html = {"contentType": "text/html", "content": f"<div>{quote}<p>{text}</p></div>"}
        reference = {"contentType": "messageReference", "content": json.dumps({"messageId": "1", "messagePreview": quoted})}
        entity = {"type": "quotedReply", "quotedReply": {"messageId": "1", "preview": quoted}}
        return {
            "blockquote": self.activity(person, f"{id}1", {"text": f"TrialGuide{quoted}{text}", "attachments": [html]}),
            "reference": self.activity(
                person, f"{id}2", {"text": f'<attachment id="1"></attachment>{text}', "attachments": [reference]}
            ),
            "entity": self.activity(person, f"{id}3", {"text": f'<quoted messageId="1"/>{text}', "entities": [entity]}),
        }

    def press(self, person: str, id: str, token: str) -> Any:
        return self.activity(person, id, {"text": token})

    def odd(self, person: str) -> dict[str, Any]:
        text = {"text": "what is a placebo"}
        return {
            "reaction": self.activity(person, "o1", {"reactionsAdded": [{"type": "like"}]}, kind="messageReaction"),
            "edited": self.activity(person, "o2", text, kind="messageUpdate"),
            "deleted": self.activity(person, "o3", {}, kind="messageDelete"),
            "joined": self.activity(person, "o4", {"membersAdded": [{"id": BOT}]}, kind="conversationUpdate"),
            "typing": self.activity(person, "o5", {}, kind="typing"),
            "installed": self.activity(person, "o6", {"action": "add"}, kind="installationUpdate"),
            **{f"only a quotation: {form}": event for form, event in self.quoting(person, "o0", "A placebo is", "").items()},
            "channel": self.activity(person, "o7", text, "channel"),
            "group": self.activity(person, "o8", text, "groupChat"),
            "no sender": {name: value for name, value in self.activity(person, "o9", text).items() if name != "from"},
        }

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        file = {"contentType": "application/vnd.microsoft.teams.file.download.info", "content": {"fileType": "pdf"}}
        picture = {"contentType": "image/*", "contentUrl": "https://smba.trafficmanager.net/x"}
        again = {"contentType": "text/html", "content": f'<p>{text}</p><img src="x">'}
        return {
            "file": self.activity(person, f"{id}1", {"text": text, "attachments": [file]}),
            "picture": self.activity(person, f"{id}2", {"text": text, "attachments": [picture, again]}),
        }

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        card = {"contentType": "application/vnd.microsoft.card.thumbnail", "content": {"title": "A page"}}
        return {"link": self.activity(person, id, {"text": text, "attachments": [card]})}

    def unreadable(self, person: str) -> dict[str, Any]:
        file = {"contentType": "application/vnd.microsoft.teams.file.download.info", "content": {"fileType": "pdf"}}
        picture = {"contentType": "image/*", "contentUrl": "https://smba.trafficmanager.net/x"}
        return {
            "file": self.activity(person, f"u1{person}", {"attachments": [file]}),
            "picture": self.activity(person, f"u2{person}", {"attachments": [picture]}),
            "empty": self.activity(person, f"u3{person}", {}),
        }

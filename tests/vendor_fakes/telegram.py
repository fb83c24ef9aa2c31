"""Telegram's Bot API: https://core.telegram.org/bots/api (texts of 4096 characters, captions of 1024, callback data of 64 bytes)."""

import html.parser
import itertools
from typing import Any

from aiohttp import web

from vendor_fakes.vendor import PUBLIC_ADDRESS, Heard, Refusal, Vendor, checked, closed, raw, text_of

TOKEN, SECRET = "123456:ABC-DEF1234ghIkl", "secret_of-the-test"
TAGS = frozenset({"b", "i", "u", "s", "a", "code", "pre"})
BUTTON = closed({"text": text_of(200), "callback_data": text_of(64)})
KEYBOARD = closed(
    {
        "inline_keyboard": {
            "type": "array",
            "items": {"type": "array", "items": BUTTON, "minItems": 1, "maxItems": 8},
            "maxItems": 100,
        }
    }
)
SCHEMAS = {
    "sendMessage": closed(
        {"chat_id": {"type": "integer"}, "text": text_of(4096)},
        {"parse_mode": {"const": "HTML"}, "reply_markup": KEYBOARD, "link_preview_options": closed({"is_disabled": {"type": "boolean"}})},
    ),
    "sendPhoto": closed({"chat_id": {"type": "integer"}, "photo": {"type": "string", "pattern": "^https://.*[.](png|jpg)$"}}, {"caption": text_of(1024)}),
    "answerCallbackQuery": closed({"callback_query_id": text_of(100)}),
    "setWebhook": closed({
        "url": {"type": "string", "pattern": "^https://"},
        "secret_token": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,256}$"},
        "allowed_updates": {"type": "array", "items": {"type": "string"}},
    }),
}  # fmt: skip


class Html(html.parser.HTMLParser):
    """HTML parser that rejects what Telegram rejects: unknown tags, and tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag not in TAGS:
            self.wrong.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Telegram(Vendor):
    """The API and the phones of the people who write to the bot."""

    name, prefix = "telegram", "tg"

    def __init__(self) -> None:
        super().__init__()
        self.webhook: Any = None
        self.answered: list[str] = []
        self._updates = itertools.count(1)
        self._ids: dict[str, int] = {}

    def settings(self) -> dict[str, str]:
        return {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_SECRET": SECRET, "TELEGRAM_API": self.address}

    def new_person(self, number: int) -> str:
        return str(7_000_000_000 + number)

    def trouble_body(self, status: int) -> Any:
        more = {"parameters": {"retry_after": 1}} if status == 429 else {}
        return {"ok": False, "error_code": status, "description": "it failed", **more}

    def refusal(self, description: str, status: int = 400) -> Refusal:
        return Refusal(status, {"ok": False, "error_code": status, "description": f"Bad Request: {description}"})

    async def answer(self, request: web.Request) -> Any:
        start, _, method = request.path.rpartition("/")
        if start != f"/bot{TOKEN}":
            raise self.refusal("Unauthorized", 401)
        if method not in SCHEMAS:
            raise self.refusal("Not Found: method not found", 404)
        body = checked(await request.json(), SCHEMAS[method], self.refusal)
        if method == "setWebhook":
            self.webhook = body
        elif method == "answerCallbackQuery":
            self.answered.append(body["callback_query_id"])
        else:
            await self.show(body)
        return {"ok": True, "result": True}

    async def show(self, body: Any) -> None:
        for row in body.get("reply_markup", {}).get("inline_keyboard", ()):
            if any(len(button["callback_data"].encode()) > 64 for button in row):
                raise self.refusal("BUTTON_DATA_INVALID")
        text = body.get("text") or body.get("caption", "")
        if body.get("parse_mode") and Html(text).wrong:
            raise self.refusal("can't parse entities")
        rows = body.get("reply_markup", {}).get("inline_keyboard", ())
        buttons = tuple((button["text"], button["callback_data"]) for row in rows for button in row)
        self.heard.append((str(body["chat_id"]), Heard(text, buttons, body.get("photo"))))

    def signed(self, event: Any) -> tuple[bytes, dict[str, str]]:
        return raw(event), {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}

    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        named, plain = "X-Telegram-Bot-Api-Secret-Token", {"Content-Type": "application/json"}
        return [(body, plain)] + [(body, plain | {named: wrong}) for wrong in ("", SECRET[:-1], SECRET + "x", "\u00e9")]

    def update(self, id: str, content: Any) -> Any:
        return {"update_id": self._ids.setdefault(id, next(self._updates)), **content}

    def message(self, person: str, content: Any, kind: str = "private") -> Any:
        user = {"id": int(person), "is_bot": False, "first_name": "A"}
        return {"message_id": 1, "from": user, "chat": {"id": int(person), "type": kind}, "date": 1_790_000_000, **content}

    def text(self, person: str, id: str, text: str) -> Any:
        return self.update(id, {"message": self.message(person, {"text": text})})

    def press(self, person: str, id: str, token: str) -> Any:
        message = self.message(person, {"text": "An answer"})
        pressed = {"id": f"q{id}", "from": message["from"], "message": message, "chat_instance": "1", "data": token}
        return self.update(id, {"callback_query": pressed})

    def location(self, person: str, id: str, latitude: float, longitude: float) -> Any:
        return self.update(id, {"message": self.message(person, {"location": {"latitude": latitude, "longitude": longitude}})})

    def odd(self, person: str) -> dict[str, Any]:
        text = {"text": "what is a placebo"}
        return {
            "edited": self.update("o1", {"edited_message": self.message(person, text)}),
            "channel post": self.update("o2", {"channel_post": self.message(person, text, "channel")}),
            "group": self.update("o3", {"message": self.message(person, text, "supergroup")}),
            "reaction": self.update(
                "o4", {"message_reaction": {"chat": {"id": int(person), "type": "private"}, "new_reaction": []}}
            ),
            "member": self.update("o5", {"my_chat_member": {"chat": {"id": int(person), "type": "private"}}}),
            "pinned": self.update("o6", {"message": self.message(person, {"pinned_message": self.message(person, text)})}),
            "old button": self.update(
                "o7", {"callback_query": {"id": "1", "from": {"id": int(person)}, "chat_instance": "1", "data": "x"}}
            ),
            "unknown": self.update("o8", {}),
        }

    def beside(self, person: str, id: str, text: str) -> dict[str, Any]:
        file = {"file_id": "1"}
        contents = {"photo": {"photo": [file]}} | {kind: {kind: file} for kind in ("document", "video", "animation", "voice")}
        return {
            kind: self.update(f"{id}{kind}", {"message": self.message(person, content | {"caption": text})})
            for kind, content in contents.items()
        }

    def previews(self, person: str, id: str, text: str) -> dict[str, Any]:
        preview = {"text": text, "link_preview_options": {"url": "https://example.org"}}
        return {"link": self.update(f"{id}link", {"message": self.message(person, preview)})}

    def unreadable(self, person: str) -> dict[str, Any]:
        kinds = ("sticker", "voice", "document", "video", "contact", "poll", "animation")
        contents = {kind: {kind: {"file_id": "1"}} for kind in kinds} | {"photo": {"photo": [{"file_id": "1"}]}}
        return {
            kind: self.update(f"u{kind}{person}", {"message": self.message(person, content)})
            for kind, content in contents.items()
        }

    def is_set(self) -> bool:
        """Whether the assistant has said where it is."""
        return bool(
            self.webhook and self.webhook["url"] == f"{PUBLIC_ADDRESS}{self.path}" and self.webhook["secret_token"] == SECRET
        )

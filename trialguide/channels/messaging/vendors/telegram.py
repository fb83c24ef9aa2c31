"""Telegram channel. Source: https://core.telegram.org/bots/api"""

import asyncio
import logging
import re
from collections.abc import Iterable
from typing import Any

from sanic import Blueprint, Sanic
from sanic.request import Request

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.deep_links import GREETING, token_of_link
from trialguide.channels.messaging.http_client import ApiError
from trialguide.channels.messaging.rendering import HTML, Capabilities, RenderedMessage
from trialguide.channels.messaging.webhook_events import VendorMessage, parse_json, words_in
from trialguide.runtime.constant_time import constant_time_equal

logger = logging.getLogger(__name__)

API = "https://api.telegram.org"
# Sent when a person opens the chat for the first time; a deep link adds its payload.
# https://core.telegram.org/bots/features#deep-linking
START = re.compile(r"/start(?:@\w+)?(?:\s+(\S{1,64}))?\s*", re.IGNORECASE)
RETRY_SECONDS = 60


class Telegram(MessagingChannel):
    """Private chats with a Telegram bot; webhook `/webhooks/telegram/webhook`."""

    prefix = "tg"
    capabilities = Capabilities(HTML, text=4096, text_with_buttons=4096, buttons=20)

    @classmethod
    def name(cls) -> str:
        return "telegram"

    def add_routes(self, blueprint: Blueprint) -> None:
        @blueprint.listener("after_server_start")
        async def begin(app: Sanic, _: Any) -> None:
            app.add_task(self._set_webhook(), name="telegram_webhook")

    async def is_authentic(self, request: Request) -> bool:
        return constant_time_equal(request.headers.get("x-telegram-bot-api-secret-token", ""), self.vendor["TELEGRAM_SECRET"])

    def events(self, request: Request) -> Iterable[Any]:
        update = parse_json(request.body)
        yield update if isinstance(update, dict) else {}

    def parse_event(self, event: Any) -> VendorMessage | None:
        pressed = event.get("callback_query")
        message = pressed["message"] if pressed else event.get("message")
        # Edits, posts in channels, polls and groups are no conversation with the assistant alone.
        if not message or message["chat"]["type"] != "private":
            return None
        chat, id = message["chat"]["id"], str(event["update_id"])
        if pressed:
            reply_to = {"chat_id": chat, "callback": str(pressed["id"])}
            return VendorMessage(str(chat), id, reply_to, token=str(pressed["data"]))
        if "pinned_message" in message or "message_auto_delete_timer_changed" in message:
            return None
        where = message.get("location")
        location = (float(where["latitude"]), float(where["longitude"])) if where else None
        text, caption, token = message.get("text"), words_in(message.get("caption")), None
        start = START.fullmatch(text) if text else None
        if start:
            token = token_of_link(start[1])
            text = None if token else GREETING
        time, has_attachment = float(message["date"]), caption is not None
        return VendorMessage(str(chat), id, {"chat_id": chat}, text or caption, token, location, time, has_attachment)

    async def confirm_receipt(self, message: VendorMessage) -> None:
        """Ends the progress indicator on a pressed button."""
        if message.reply_to.get("callback"):
            await self._call("answerCallbackQuery", {"callback_query_id": message.reply_to["callback"]})

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        to = {"chat_id": reply_to["chat_id"]}
        if message.picture:
            await self._call("sendPhoto", to | {"photo": message.picture, "caption": message.text})
            return
        body = to | {"text": message.text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        if message.buttons:
            rows = [[{"text": choice.title, "callback_data": choice.token}] for choice in message.buttons]
            body["reply_markup"] = {"inline_keyboard": rows}
        await self._call("sendMessage", body)

    async def _call(self, method: str, body: dict[str, Any]) -> None:
        # The token is part of the URL, so URLs are never logged.
        base = f"{self.vendor.get('TELEGRAM_API', API)}/bot{self.vendor['TELEGRAM_TOKEN']}"
        await self.calls.request("POST", f"{base}/{method}", json=body)

    async def _set_webhook(self) -> None:
        """Registers the webhook at Telegram, in the background, and retries until it succeeds."""
        body = {
            "url": f"{self.public_address}/webhooks/{self.name()}/webhook",
            "secret_token": self.vendor["TELEGRAM_SECRET"],
            "allowed_updates": ["message", "callback_query"],
        }
        while True:
            try:
                await self._call("setWebhook", body)
                return
            except ApiError as refusal:
                logger.error("Telegram could not be told the address of the webhook, and will be again: %s", refusal)
            await asyncio.sleep(RETRY_SECONDS)

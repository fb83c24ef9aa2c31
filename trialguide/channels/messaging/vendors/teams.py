"""Microsoft Teams channel through the Bot Framework, for bots of one tenant or of several.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication,
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from sanic import Blueprint, Sanic
from sanic.request import Request

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.rendering import HTML, Capabilities, RenderedMessage
from trialguide.channels.messaging.vendors.bot_framework_auth import BotFrameworkKeys
from trialguide.channels.messaging.vendors.teams_html import without_placeholders, without_quote
from trialguide.channels.messaging.webhook_events import VendorMessage, parse_json, words_in
from trialguide.runtime.settings import Settings

LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://api.botframework.com/.default"
# The tenant for bots of several tenants.
ANY_TENANT = "botframework.com"
# Seconds before its expiry at which a token is renewed.
EARLY_SECONDS = 300
# Well below Microsoft's limit of 40 kB in UTF-16, as long messages are hard to read.
TEXT = 4000
MAX_BUTTONS = 6
HTML_TYPE = "text/html"
QUOTE_TYPE = "messageReference"
# The preview of a link is a card.
CARDS = "application/vnd.microsoft.card."


class Teams(MessagingChannel):
    """Personal chats with a Teams app; webhook `/webhooks/teams/webhook`."""

    prefix = "teams"
    capabilities = Capabilities(HTML, text=TEXT, text_with_buttons=TEXT, buttons=MAX_BUTTONS)

    def __init__(self, settings: Settings, vendor: Mapping[str, str]) -> None:
        super().__init__(settings, vendor)
        self._keys = BotFrameworkKeys(self.calls, vendor["TEAMS_APP_ID"], vendor.get("TEAMS_API"))
        self._token, self._token_ends = "", 0.0

    @classmethod
    def name(cls) -> str:
        return "teams"

    def add_routes(self, blueprint: Blueprint) -> None:
        @blueprint.listener("after_server_start")
        async def begin(app: Sanic, _: Any) -> None:
            app.add_task(self._keys.fetch(), name="teams_keys")

    async def is_authentic(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        activity = parse_json(request.body)
        return scheme == "Bearer" and isinstance(activity, dict) and await self._keys.verifies(token, activity)

    def events(self, request: Request) -> Iterable[Any]:
        yield parse_json(request.body)

    def parse_event(self, event: Any) -> VendorMessage | None:
        conversation = event.get("conversation") or {}
        # Reactions, edits and joins; teams and group chats.
        if event.get("type") != "message" or conversation.get("conversationType") != "personal":
            return None
        attachments = event.get("attachments") or ()
        text, has_attachment = _own_words(event.get("text"), attachments), any(_is_file(part) for part in attachments)
        if text == "" and not has_attachment:
            # Nothing but a quotation.
            return None
        # Of the accounts only what a reply needs.
        sender, person = ({"id": str(event[account]["id"])} for account in ("recipient", "from"))
        reply_to = (event["serviceUrl"].rstrip("/"), str(conversation["id"]), sender, person)
        return VendorMessage(person["id"], str(event["id"]), reply_to, text or None, has_attachment=has_attachment)

    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        service, conversation, sender, person = reply_to
        body = {
            "type": "message",
            "from": sender,
            "recipient": person,
            "conversation": {"id": conversation},
            **_content(message),
        }
        url = f"{service}/v3/conversations/{quote(conversation, safe='')}/activities"
        await self.calls.request("POST", url, json=body, headers={"Authorization": f"Bearer {await self._bearer()}"})

    async def _bearer(self) -> str:
        if time.monotonic() >= self._token_ends:
            base, tenant = self.vendor.get("TEAMS_API", LOGIN), self.vendor.get("TEAMS_TENANT", ANY_TENANT)
            form = {
                "grant_type": "client_credentials",
                "client_id": self.vendor["TEAMS_APP_ID"],
                "client_secret": self.vendor["TEAMS_PASSWORD"],
                "scope": SCOPE,
            }
            answer = await self.calls.request("POST", f"{base}/{tenant}/oauth2/v2.0/token", data=form)
            self._token = str(answer["access_token"])
            self._token_ends = time.monotonic() + float(answer["expires_in"]) - EARLY_SECONDS
        return self._token


def _own_words(text: Any, attachments: Any) -> str | None:
    """The typed text without the message that it quotes: empty when only that is there, None without any text."""
    for part in attachments:
        # What is typed comes once more as HTML; only there can a quotation be told from it.
        if part["contentType"] == HTML_TYPE and isinstance(part.get("content"), str):
            own = without_quote(part["content"])
            if own is not None:
                return words_in(own) or ""
    if not words_in(text):
        return None
    return words_in(without_placeholders(text)) or ""


def _is_file(part: Any) -> bool:
    """Whether an attachment cannot be read; the HTML of the text, quotations and previews of links can be done without."""
    kind = part["contentType"]
    return kind not in (HTML_TYPE, QUOTE_TYPE) and not kind.startswith(CARDS)


def _content(message: RenderedMessage) -> dict[str, Any]:
    if message.picture:
        picture = {"contentType": "image/png", "contentUrl": message.picture, "name": message.text}
        return {"attachments": [picture]}
    content: dict[str, Any] = {"text": message.text.replace("\n", "<br/>"), "textFormat": "xml"}
    if message.buttons:
        # An imBack posts its value as the person's message, visibly: so it is the title, which is understood as well.
        buttons = [{"type": "imBack", "title": choice.title, "value": choice.title} for choice in message.buttons]
        content["attachments"] = [{"contentType": "application/vnd.microsoft.card.hero", "content": {"buttons": buttons}}]
    return content

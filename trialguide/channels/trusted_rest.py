"""Rasa's `rest` channel for programs that are trusted: it is open only under the token of Rasa's HTTP API."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.content.wording import load_words
from trialguide.dialogue.message_processor import ActionFailed
from trialguide.runtime.logs import log_failure
from trialguide.runtime.settings import process_settings


class TrustedRest(RestInput):
    """The stock channel, which lets the caller choose the sender and send commands, behind the token."""

    def __init__(self) -> None:
        self._token = process_settings().auth_token
        self._words = load_words()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The stock routes; without a token in the environment there are none."""
        if self._token is None:
            return Blueprint("rest")

        async def on_message(message: UserMessage) -> None:
            try:
                await on_new_message(message)
            except Exception as error:
                # The stock channel would write into the log what was typed.
                log_failure("A turn failed", error)
                problem = "no_actions" if isinstance(error, ActionFailed) else "trouble"
                await message.output_channel.send_text_message(message.sender_id, self._words[problem]["text"])

        blueprint = super().blueprint(on_message)

        @blueprint.middleware("request")
        async def let_in(request: Request) -> HTTPResponse | None:
            if self._knows(request.args.get("token")) or self._knows(request.token):
                return None
            return response.json({"status": "failure", "reason": "NotAuthenticated"}, status=401)

        return blueprint

    def _knows(self, token: str | None) -> bool:
        return token is not None and hmac.compare_digest(token.encode(errors="replace"), (self._token or "").encode())

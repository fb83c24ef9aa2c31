"""Rasa's `rest` channel for trusted programs, protected by the token of Rasa's HTTP API."""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.content.wording import load_words
from trialguide.dialogue.message_processor import ActionFailed
from trialguide.runtime.constant_time import constant_time_equal
from trialguide.runtime.logs import log_failure
from trialguide.runtime.settings import process_settings
from trialguide.text.normalisation import compatible


class TrustedRest(RestInput):
    """The stock channel, which lets callers choose the sender and send commands, behind token authentication."""

    def __init__(self) -> None:
        self._token = process_settings().auth_token
        self._words = load_words()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Creates the stock routes; none unless the environment sets a token."""
        if self._token is None:
            return Blueprint("rest")

        async def on_message(message: UserMessage) -> None:
            message.text = compatible(message.text) if message.text else message.text
            try:
                await on_new_message(message)
            except Exception as error:
                # The stock channel would log the message text.
                log_failure("A turn failed", error)
                problem = "no_actions" if isinstance(error, ActionFailed) else "trouble"
                await message.output_channel.send_text_message(message.sender_id, self._words[problem]["text"])

        blueprint = super().blueprint(on_message)

        @blueprint.middleware("request")
        async def authenticate(request: Request) -> HTTPResponse | None:
            if self._is_valid(request.args.get("token")) or self._is_valid(request.token):
                return None
            return response.json({"status": "failure", "reason": "NotAuthenticated"}, status=401)

        return blueprint

    def _is_valid(self, token: str | None) -> bool:
        return token is not None and constant_time_equal(token, self._token or "")

"""The Rasa server that a channel runs in."""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from sanic import Blueprint, Sanic

from trialguide.storage.inbox import Inbox
from trialguide.storage.tracker_store import ConversationStore


class ServerContext:
    """Access to the message handler, known from the registration on, and to agent and stores, known once the server starts."""

    def __init__(self) -> None:
        self._app: Sanic | None = None
        self._on_new_message: Callable[[UserMessage], Awaitable[Any]] | None = None

    def attach(self, blueprint: Blueprint, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> None:
        """Takes Rasa's message handler, and the app when the server starts."""
        self._on_new_message = on_new_message

        @blueprint.listener("before_server_start")
        async def store_app(app: Sanic, _: Any) -> None:
            self._app = app

    async def handle(self, message: UserMessage) -> None:
        """Hands a message to Rasa. Raises whatever the turn raises."""
        if self._on_new_message is None:
            raise RuntimeError("The channel is not registered.")
        await self._on_new_message(message)

    @property
    def agent(self) -> Agent:
        """The current agent; Rasa replaces it when it loads another model."""
        if self._app is None:
            raise RuntimeError("The server has not started.")
        return self._app.ctx.agent

    @property
    def conversations(self) -> ConversationStore:
        """The tracker store."""
        store: ConversationStore = self.agent.tracker_store
        return store

    @property
    def inbox(self) -> Inbox:
        """The messages that have no answer yet."""
        return Inbox(self.conversations)

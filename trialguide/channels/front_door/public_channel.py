"""Public channel: the intake of messages that every public channel shares. Nothing a patient sends reaches Rasa another way."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request

from trialguide.channels.front_door.history import ConversationHistory
from trialguide.channels.front_door.identity import Identities
from trialguide.channels.front_door.inbox_recovery import InboxRecovery
from trialguide.channels.front_door.incoming import IncomingMessage, Rejected, valid_message_id
from trialguide.channels.front_door.message_resolver import MessageResolver
from trialguide.channels.front_door.rate_limits import RateLimits, network
from trialguide.channels.front_door.server_context import ServerContext
from trialguide.channels.front_door.transcript import Entry
from trialguide.channels.front_door.turn_queue import Turn
from trialguide.channels.front_door.turn_runner import TurnRunner
from trialguide.content.wording import load_words
from trialguide.runtime.metrics import MESSAGES
from trialguide.runtime.settings import Settings, process_settings
from trialguide.storage.data_copy import DataCopy, copy_of
from trialguide.storage.inbox import Inbox, Message
from trialguide.text.normalisation import MAX_CHARACTERS


class PublicChannel(InputChannel, ABC):
    """Base class of the public channels. A subclass authenticates senders and shows entries; the front door does the rest."""

    # Prefix of the channel's sender ids, unique among channels.
    prefix: str
    # Maximum size of a request body, in bytes.
    largest_body = 16 * 1024
    # Whether choices are shown with a number before them.
    numbers_choices = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.identities = Identities(settings.key, self.prefix)
        self._words = load_words()
        self._rate_limits = RateLimits(settings.sender_rate, settings.address_rate, settings.redis)
        self._server = ServerContext()
        self._history = ConversationHistory(self._server)
        self._resolver = MessageResolver(self.numbers_choices, self._history)
        self._runner = TurnRunner(self, self._server, self._history, settings)
        self._recovery = InboxRecovery(self, self._server)

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "PublicChannel":
        """Creates the channel with the settings of the environment."""
        return cls(process_settings())

    @abstractmethod
    async def show(self, sender: str, entry: Entry) -> None:
        """Shows an entry to a patient. Exceptions are logged and do not end the turn."""

    async def show_typing(self, sender: str, on: bool) -> None:
        """Shows or hides the typing indicator, where the channel has one."""

    async def resume(self, message: Message) -> None:
        """Starts the turn of an orphaned message. Raises Unavailable and Rejected."""
        await self._runner.submit(IncomingMessage.from_stored(message), stored=True)

    def in_progress(self) -> list[Message]:
        """Stored messages that this server still works on, however long that takes: they are no orphans."""
        return []

    def on_turn_finished(self, message: Message) -> None:
        """Called when a turn has ended and its entries have been shown."""

    def register(self, blueprint: Blueprint, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> None:
        """Attaches the channel to the server. To be called from `blueprint()`."""
        self._server.attach(blueprint, on_new_message)
        path = urljoin("/webhooks/", self.url_prefix()) + "/"

        @blueprint.signal("http.routing.after")
        async def limit_body(request: Request, **_: Any) -> None:
            if request.stream and request.path.startswith(path):
                request.stream.request_max_size = self.largest_body

        @blueprint.listener("after_server_start")
        async def start_recovery(_: Sanic, __: Any) -> None:
            self._recovery.start()

        @blueprint.listener("before_server_stop")
        async def finish_turns(_: Sanic, __: Any) -> None:
            self._recovery.stop()
            await self._runner.finish()

    def fixed_text(self, name: str) -> str:
        """A sentence of data/words/front_door.yml."""
        return str(self._words[name]["text"])

    def is_busy(self, sender: str) -> bool:
        """Whether a turn of this sender waits or runs."""
        return self._runner.is_busy(sender)

    async def check_rate(self, address: str) -> None:
        """Counts a new conversation from an address. Raises Rejected over the rate limit."""
        if not await self._rate_limits.allow_address(address):
            raise Rejected("too_fast")

    async def accept(
        self,
        sender: str,
        address: str,
        id: object,
        text: object = None,
        token: object = None,
        reply_address: str | None = None,
    ) -> Turn | None:
        """Accepts a message of an authenticated sender: typed, or the token of a choice. One with a reply address is stored.

        Returns the turn once it is queued, or None if it was processed before: its entries are in the history. Raises
        Rejected, and the caller then shows `fixed_text("refused_" + reason)`.
        """
        try:
            return await self._accept(sender, address, valid_message_id(id), text, token, reply_address)
        except Rejected as rejection:
            MESSAGES.labels(self.name(), f"refused_{rejection.reason}").inc()
            raise

    async def history(self, sender: str, after: int = 0) -> list[Entry]:
        """The latest entries of a conversation, limited to those after a number if one is given."""
        return await self._history.entries(sender, after)

    async def data_copy(self, sender: str) -> DataCopy:
        """A copy of all that is stored of an authenticated sender. Raises Unavailable, and Rejected over the rate limit."""
        if not await self._rate_limits.allow_sender(sender):
            raise Rejected("too_fast")
        return await self._server.conversations.run(lambda connection: copy_of(connection, sender))

    async def _accept(
        self, sender: str, address: str, id: str, text: object, token: object, reply_address: str | None
    ) -> Turn | None:
        pending = await self._runner.join(sender, id)
        if pending is not None:
            return pending
        if await self._inbox.is_processed(sender, id):
            return None
        length = len(text) if isinstance(text, str) else 0
        # Searching an overlong text costs as much as several messages.
        if not await self._rate_limits.allow_sender(sender) or not await self._rate_limits.allow_address(
            address, 1 + length // MAX_CHARACTERS
        ):
            raise Rejected("too_fast")
        message = await self._resolver.resolve(sender, id, text, token)
        daily_address = self.identities.daily_address(network(address)) if reply_address is None else None
        message = replace(message, reply_address=reply_address, daily_address=daily_address)
        return await self._runner.submit(message, stored=reply_address is not None)

    @property
    def _inbox(self) -> Inbox:
        return self._server.inbox

"""The front door: what every public channel shares. Nothing that a person sends reaches Rasa but through here."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial
from time import time
from typing import Any
from urllib.parse import urljoin

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.events import BotUttered
from sanic import Blueprint, Sanic
from sanic.request import Request

from trialguide.channels.front_door.failed_turns import store_failed_turn
from trialguide.channels.front_door.identity import Identities
from trialguide.channels.front_door.incoming import IncomingMessage, Rejected, message_id
from trialguide.channels.front_door.message_resolver import MessageResolver
from trialguide.channels.front_door.rate_limits import RateLimits
from trialguide.channels.front_door.transcript import (
    ABOUT,
    ENTRY,
    KIND,
    SAID,
    SHOWN,
    Entry,
    assistant_entries,
    conversation_entries,
    entries_of_turn,
    microseconds,
    patient_entry,
)
from trialguide.channels.front_door.turns import PendingTurn, TurnQueue
from trialguide.content.wording import load_words
from trialguide.dialogue.message_processor import ActionFailed
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure
from trialguide.runtime.metrics import MESSAGES, stage
from trialguide.runtime.request_id import begin_request
from trialguide.runtime.settings import Settings, process_settings
from trialguide.storage.inbox import Inbox, Message
from trialguide.storage.lock_store import LockLost
from trialguide.storage.tracker_store import ConversationStore
from trialguide.text.normalisation import MAX_CHARACTERS

logger = logging.getLogger(__name__)

# Turns of one sender, the running one included.
MOST_TURNS = 5
MOST_ENTRIES = 200
# More than a turn has.
LATEST = 20
REMEMBER_SECONDS = 5
# Showing is not worth waiting for: what is saved is there after a reload.
SHOW_SECONDS = 2.5
# A message whose turn was not saved after so long is taken up again: its server has ended, or the database was away.
LEFT_SECONDS = 15
LOOK_SECONDS = 5
# Microseconds around an entry within which the replies of its turn may lie.
NEAR = 1_000

Turn = asyncio.Future[list[Entry]]


class PublicChannel(InputChannel, ABC):
    """A public channel. It proves who sends and shows entries; everything between is done here."""

    # Begins the sender ids of the channel; no two channels have the same.
    prefix: str
    # Bytes of a request.
    largest_body = 16 * 1024
    # Whether choices are shown with a number before them.
    numbers_choices = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.identities = Identities(settings.key, self.prefix)
        self._rates = RateLimits(settings.sender_rate, settings.address_rate, settings.redis)
        self._turns: TurnQueue[list[Entry]] = TurnQueue(MOST_TURNS)
        # What the running turns answer: it is in the history when they have ended.
        self._being_answered: dict[str, Entry] = {}
        self._words = load_words()
        self._sayings = MessageResolver(self.numbers_choices)
        self._app: Sanic | None = None
        self._on_new_message: Callable[[UserMessage], Awaitable[Any]] | None = None

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "PublicChannel":
        """The channel with the settings of the environment."""
        return cls(process_settings())

    @abstractmethod
    async def show(self, sender: str, entry: Entry) -> None:
        """Shows an entry to a person. What it raises is logged, and does not end the turn."""

    async def show_typing(self, sender: str, on: bool) -> None:
        """Tells a person that a turn has begun or ended, where the channel has a way to do so."""

    async def resume(self, message: Message) -> None:
        """Starts the turn of a message that was left behind. Raises Unavailable and Rejected."""
        await self._start(message, kept=True)

    def in_progress(self) -> list[Message]:
        """Kept messages that no other server is to take up, though they may wait here for long."""
        return []

    def on_turn_finished(self, message: Message) -> None:
        """Called when a turn has ended and its entries have been shown."""

    def register(self, blueprint: Blueprint, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> None:
        """Ties the channel to the running server; to be called from `blueprint()`."""
        self._on_new_message = on_new_message

        path = urljoin("/webhooks/", self.url_prefix()) + "/"

        @blueprint.signal("http.routing.after")
        async def bound_the_body(request: Request, **_: Any) -> None:
            if request.stream and request.path.startswith(path):
                request.stream.request_max_size = self.largest_body

        @blueprint.listener("before_server_start")
        async def remember_app(app: Sanic, _: Any) -> None:
            self._app = app

        @blueprint.listener("after_server_start")
        async def look_for_left_messages(_: Sanic, __: Any) -> None:
            self._looking = asyncio.create_task(self._take_up_left_messages())

        @blueprint.listener("before_server_stop")
        async def finish_turns(_: Sanic, __: Any) -> None:
            self._looking.cancel()
            await self._turns.finish(self.settings.turn_seconds)

    def fixed_text(self, name: str) -> str:
        """A sentence of data/words/front_door.yml."""
        return str(self._words[name]["text"])

    def is_busy(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return self._turns.running(sender)

    async def check_rate(self, address: str) -> None:
        """Counts a new conversation from an address. Raises Rejected when there are too many."""
        if not await self._rates.allow_address(address):
            raise Rejected("too_fast")

    async def accept(
        self, sender: str, address: str, id: object, text: object = None, token: object = None, way_back: str | None = None
    ) -> Turn | None:
        """Takes a message, typed or a choice's token, of a sender who is proven; one with a way back is in the inbox already.

        Gives the turn, whose result are its entries, or None when it was taken before and its turn has ended. Raises Rejected
        when it is not taken; whoever calls it then says `sentence("refused_...")`.
        """
        try:
            return await self._accepted(sender, address, message_id(id), text, token, way_back)
        except Rejected as refusal:
            MESSAGES.labels(self.name(), f"refused_{refusal.reason}").inc()
            raise

    async def history(self, sender: str, after: int = 0) -> list[Entry]:
        """The latest entries of a conversation, those after a number alone when one is given."""
        running = self._being_answered.get(sender)
        # Not chosen by their times: the clocks of servers may differ.
        entries = conversation_entries(await self._store.messages(sender, MOST_ENTRIES))
        if running and running.number not in (entry.number for entry in entries):
            entries.append(running)
        return [entry for entry in entries if entry.number > after]

    async def _accepted(
        self, sender: str, address: str, known: str, text: object, token: object, way_back: str | None
    ) -> Turn | None:
        started = self._turns.started(sender, known)
        if started:
            return await started.enqueued()
        if await self._inbox.is_processed(sender, known):
            # Whoever sends the message again later reads its entries in the history.
            return None
        length = len(text) if isinstance(text, str) else 0
        # Looking into a text that is too long costs as much as several messages.
        if not await self._rates.allow_sender(sender) or not await self._rates.allow_address(
            address, 1 + length // MAX_CHARACTERS
        ):
            raise Rejected("too_fast")
        saying = await self._sayings.resolve(known, text, token, partial(self._offering, sender), partial(self.history, sender))
        data = {"text": saying.text, "shown": saying.shown, "about": saying.about}
        return await self._start(Message(sender, saying.id, data, way_back), kept=way_back is not None)

    async def _start(self, message: Message, kept: bool) -> Turn:
        # It may have been delivered again meanwhile.
        started = self._turns.started(message.sender_id, message.message_id) or self._turns.submit(
            message.sender_id, message.message_id, lambda started: self._turn_in_line(message, started, kept)
        )
        return await started.enqueued()

    async def _take_up_left_messages(self) -> None:
        """Answers what was taken in and has no turn, here or at a server that has ended, as long as this server runs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._inbox.renew(self.in_progress())
                for message in await self._inbox.claim_orphans(LEFT_SECONDS, f"{self.prefix}:"):
                    logger.warning("A message that was left on %s is taken up.", self.name())
                    await self.resume(message)
            except (Unavailable, Rejected):
                continue
            except Exception as error:
                log_failure("Messages that were left could not be taken up", error)

    async def _offering(self, sender: str, number: int) -> list[Entry]:
        """The entries around a number, one of which offered a choice."""
        near = await self._store.messages(sender, MOST_ENTRIES, (number - NEAR) / 1_000_000, (number + NEAR) / 1_000_000)
        return conversation_entries(near) or await self.history(sender)

    async def _turn_in_line(self, message: Message, started: PendingTurn[list[Entry]], kept: bool) -> list[Entry]:
        """A turn when those before it have ended. The message is kept first, and refused when it has no place in the line.

        One that is `kept` already has been acknowledged.
        """
        request = begin_request()
        if not kept:
            await self._inbox.receive(request, message)
        try:
            async with self._agent.lock_store.lock(message.sender_id, entered=started.queued):
                if not await self._inbox.is_processed(message.sender_id, message.message_id):
                    if kept:
                        await self._inbox.count_try(message)
                    return await self._turn(
                        message.sender_id, IncomingMessage(message.message_id, **message.data), started.answer
                    )
            # Another server has answered it meanwhile, or this one after another delivery.
            if message.reply_address is None:
                await self._inbox.discard(message)
            return entries_of_turn(await self.history(message.sender_id), message.message_id)
        except (Unavailable, LockLost) as error:
            log_failure("A turn lost its place", error)
            if not started.queued.done():
                if not kept:
                    await self._inbox.withdraw(message, request)
                raise
            trouble = BotUttered(self.fixed_text("trouble"), metadata={KIND: "trouble"})
            return await self._show_trouble(message.sender_id, trouble)
        finally:
            self.on_turn_finished(message)

    async def _turn(self, sender: str, saying: IncomingMessage, answer: Turn) -> list[Entry]:
        """One turn: shows what the person said, hands it on, and shows the replies once they are saved, or a fixed sentence."""
        begun = await self._now(sender)
        metadata = {ENTRY: microseconds(begun), SAID: saying.id, SHOWN: saying.shown}
        if saying.about:
            metadata[ABOUT] = saying.about
        replies = _Replies(microseconds(begun))
        message = UserMessage(saying.text, replies, sender, input_channel=self.name(), message_id=saying.id, metadata=metadata)
        said = patient_entry(saying.text, begun, metadata)
        self._being_answered[sender] = said
        await self._show(sender, said)
        await self._tell(sender, on=True)
        try:
            with stage("turn"):
                problem = await self._answered(message)
            if problem and replies.entries and await self._is_saved(message):
                problem = None
            MESSAGES.labels(self.name(), problem or "answered").inc()
            if problem is None:
                for entry in replies.entries:
                    await self._show(sender, entry)
                return [said, *replies.entries]
            trouble = BotUttered(self.fixed_text(problem), metadata={KIND: "trouble"})
            answer.set_result([said, *await self._show_trouble(sender, trouble, said.number)])
            await self._remember(message, trouble)
            return answer.result()
        finally:
            del self._being_answered[sender]
            await self._tell(sender, on=False)

    async def _now(self, sender: str) -> float:
        """The time, but after the latest entry: the clock of the server that made it may be ahead of this one's."""
        now = time()
        if self.settings.redis:
            latest = conversation_entries(await self._store.messages(sender, LATEST))
            now = max([now, *((entry.number + 1) / 1_000_000 for entry in latest)])
        return now

    async def _show_trouble(self, sender: str, trouble: BotUttered, last: int = 0) -> list[Entry]:
        entries = assistant_entries(trouble.message(), last)
        for entry in entries:
            await self._show(sender, entry)
        return entries

    async def _answered(self, message: UserMessage) -> str | None:
        """Hands a message to Rasa; the name of the sentence to say when that comes to nothing."""
        if self._on_new_message is None:
            raise RuntimeError("The channel was not opened.")
        try:
            await asyncio.wait_for(self._on_new_message(message), self.settings.turn_seconds)
        except asyncio.TimeoutError:
            logger.error("A turn on %s took longer than %s seconds.", self.name(), self.settings.turn_seconds)
            return "slow"
        except ActionFailed as error:
            log_failure("A look-up failed", error)
            return "no_actions"
        except Exception as error:
            log_failure("A turn failed", error)
            return "trouble"
        if not message.output_channel.entries:
            logger.error("A turn on %s came to nothing.", self.name())
            return "trouble"
        return None

    async def _is_saved(self, message: UserMessage) -> bool:
        """Whether the database has taken a turn although its answer came too late."""
        try:
            return await self._inbox.is_processed(message.sender_id, message.message_id)
        except Unavailable:
            return False

    async def _remember(self, message: UserMessage, trouble: BotUttered) -> None:
        """Keeps the sentence, and the message itself if its turn was lost, so that both are there after a reload."""
        try:
            await asyncio.wait_for(store_failed_turn(self._agent, message, trouble), REMEMBER_SECONDS)
        except Exception as error:
            log_failure("A failed turn could not be stored", error)

    async def _show(self, sender: str, entry: Entry) -> None:
        try:
            await asyncio.wait_for(self.show(sender, entry), SHOW_SECONDS)
        except Exception as error:
            log_failure("An entry could not be shown", error)

    async def _tell(self, sender: str, on: bool) -> None:
        try:
            await asyncio.wait_for(self.show_typing(sender, on), SHOW_SECONDS)
        except Exception as error:
            log_failure("A person could not be told that a turn runs", error)

    @property
    def _agent(self) -> Agent:
        if self._app is None:
            raise RuntimeError("The server has not started.")
        return self._app.ctx.agent

    @property
    def _store(self) -> ConversationStore:
        store: ConversationStore = self._agent.tracker_store
        return store

    @property
    def _inbox(self) -> Inbox:
        return Inbox(self._store)


class _Replies(OutputChannel):
    """Keeps the replies of one turn until it is saved: nobody reads an answer that is lost afterwards."""

    def __init__(self, last: int) -> None:
        """`last` is the number of the entry before."""
        self._last = last
        self.entries: list[Entry] = []

    @classmethod
    def name(cls) -> str:
        return "front_door"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Takes a reply."""
        self.entries += assistant_entries(message, self.entries[-1].number if self.entries else self._last)

"""Turn runner: takes an accepted message through its turn.

Stages, in order:

1. queue      The turn becomes a task in the sender's queue (`TurnQueue`), or is rejected as busy.
2. store      A new message is written to the inbox; a resumed one or a messaging service's is there already.
3. lock       The turn takes its ticket at the lock store. From then on it is `queued`, and `submit` returns.
4. check      A message that another delivery has processed gets the stored entries, and nothing runs.
5. show       The patient's own entry and the typing indicator are shown.
6. handle     Rasa handles the message within TURN_SECONDS; its replies are collected, not shown.
7. answer     Once the turn is saved, its replies are shown; after a failure, a fixed sentence, which is then stored.
8. release    The typing indicator and the lock go, and the channel is told (`on_turn_finished`).

States of a turn (`PendingTurn`): waiting for a place (`queued` and `answer` are open), queued or running (`queued` is
done), answered (`answer` is done; a failed turn is still being stored then), finished (the queue has dropped it). Losing the
lock store before the turn is queued withdraws the message and raises; after that it ends in the failure sentence, and the
stored message is an orphan that `InboxRecovery` resumes.

Callers: `PublicChannel.accept` submits new messages, `PublicChannel.resume` orphans. The runner calls the lock store, the
inbox, Rasa and the history through `ServerContext` and `ConversationHistory`, and the channel for what is shown.
"""

import asyncio
import logging
from time import time
from typing import Any, Literal, Protocol

from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.shared.core.events import BotUttered

from trialguide.channels.front_door.failed_turns import store_failed_turn
from trialguide.channels.front_door.history import ConversationHistory
from trialguide.channels.front_door.incoming import IncomingMessage
from trialguide.channels.front_door.server_context import ServerContext
from trialguide.channels.front_door.transcript import (
    ABOUT,
    ENTRY,
    KIND,
    SAID,
    SHOWN,
    Entry,
    assistant_entries,
    entries_of_turn,
    microseconds,
    patient_entry,
)
from trialguide.channels.front_door.turn_queue import PendingTurn, Turn, TurnQueue
from trialguide.dialogue.message_processor import ActionFailed
from trialguide.runtime.circuit_breaker import Unavailable
from trialguide.runtime.logs import log_failure, log_turn
from trialguide.runtime.metrics import MESSAGES, stage
from trialguide.runtime.request_id import begin_request
from trialguide.runtime.settings import Settings
from trialguide.storage.inbox import Message
from trialguide.storage.lock_store import LockLost

logger = logging.getLogger(__name__)

# Per sender, the running turn included.
MAX_TURNS = 5
STORE_FAILURE_SECONDS = 5
# A reload shows what is saved, so showing is not worth a longer wait.
SHOW_SECONDS = 2.5

# Names of fixed sentences, and values of the metric's label `outcome`.
Failure = Literal["slow", "no_actions", "trouble"]


class TurnChannel(Protocol):
    """The part of a channel that a turn uses."""

    def name(self) -> str:
        """The name of the channel."""

    def fixed_text(self, name: str) -> str:
        """A sentence of data/words/front_door.yml."""

    async def show(self, sender: str, entry: Entry) -> None:
        """Shows an entry to a patient."""

    async def show_typing(self, sender: str, on: bool) -> None:
        """Shows or hides the typing indicator."""

    def on_turn_finished(self, message: Message) -> None:
        """Called when a turn has ended and its entries have been shown."""


class TurnRunner:
    """Runs the turns of one channel; see above for the stages."""

    def __init__(self, channel: TurnChannel, server: ServerContext, history: ConversationHistory, settings: Settings) -> None:
        self._channel, self._server, self._history, self._settings = channel, server, history, settings
        self._queue = TurnQueue(MAX_TURNS)

    async def join(self, sender: str, message_id: str) -> Turn | None:
        """The pending turn of a message, once it is queued; None if there is none. Raises the error of one that failed."""
        pending = self._queue.find(sender, message_id)
        return await pending.enqueued() if pending else None

    async def submit(self, message: IncomingMessage, stored: bool) -> Turn:
        """Starts the turn of a message, or joins it if it is pending, and returns it once it is queued.

        `stored` says that the message is in the inbox already, and so acknowledged. Raises Rejected if the sender has too
        many pending turns, and Unavailable and LockLost if this one gets no place.
        """
        sender, id = message.sender_id, message.message_id
        pending = self._queue.find(sender, id) or self._queue.submit(
            sender, id, lambda pending: self._run(message, pending, stored)
        )
        return await pending.enqueued()

    def is_busy(self, sender: str) -> bool:
        """Whether a turn of this sender waits or runs."""
        return self._queue.is_busy(sender)

    async def finish(self) -> None:
        """Waits for all turns to end, no longer than a single one may take."""
        await self._queue.finish(self._settings.turn_seconds)

    async def _run(self, message: IncomingMessage, pending: PendingTurn, stored: bool) -> list[Entry]:
        """Stages 2 to 8: stores the message, waits for the lock and runs the turn unless another delivery did."""
        sender, row, inbox = message.sender_id, message.to_stored(), self._server.inbox
        request = begin_request()
        if not stored:
            await inbox.receive(request, row, daily_address=message.daily_address)
        try:
            async with self._server.agent.lock_store.lock(sender, queued=pending.queued):
                if not await inbox.is_processed(sender, message.message_id):
                    if stored:
                        await inbox.count_try(row)
                    return await self._process(message, pending)
            # A message with a reply address is deleted when its answer has been sent.
            if message.reply_address is None:
                await inbox.discard(row)
            return entries_of_turn(await self._history.entries(sender), message.message_id)
        except (Unavailable, LockLost) as error:
            log_failure("A turn lost its place", error)
            if not pending.queued.done():
                if not stored:
                    await inbox.withdraw(row, request)
                raise
            return await self._show_failure(sender, self._failure_event("trouble"))
        finally:
            self._channel.on_turn_finished(row)

    async def _process(self, message: IncomingMessage, pending: PendingTurn) -> list[Entry]:
        """Stages 5 to 7, under the lock. Returns the entries of the turn."""
        sender = message.sender_id
        started = await self._start_time(sender)
        number = microseconds(started)
        metadata = {ENTRY: number, SAID: message.message_id, SHOWN: message.shown}
        if message.about:
            metadata[ABOUT] = message.about
        own = patient_entry(message.text, started, metadata)
        user_message = UserMessage(
            message.text,
            ReplyCollector(number),
            sender,
            input_channel=self._channel.name(),
            message_id=message.message_id,
            metadata=metadata,
        )
        try:
            with self._history.unanswered(sender, own):
                await self._show(sender, own)
                await self._show_typing(sender, on=True)
                return await self._answer(user_message, own, pending)
        finally:
            await self._show_typing(sender, on=False)

    async def _answer(self, message: UserMessage, own: Entry, pending: PendingTurn) -> list[Entry]:
        """Stages 6 and 7. A failure is the answer before it is stored, so that nobody waits for a database that is away."""
        sender, replies = message.sender_id, message.output_channel
        with stage("turn"):
            failure = await self._handle(message)
        if failure and replies.entries and await self._is_saved(message):
            failure = None
        MESSAGES.labels(self._channel.name(), failure or "answered").inc()
        log_turn(self._channel.name(), failure or "answered", pending.age)
        if failure is None:
            for entry in replies.entries:
                await self._show(sender, entry)
            return [own, *replies.entries]
        event = self._failure_event(failure)
        pending.answer.set_result([own, *await self._show_failure(sender, event, own.number)])
        await self._store_failure(message, event)
        return pending.answer.result()

    async def _start_time(self, sender: str) -> float:
        """The current time in seconds, but later than the latest entry: the clock of another server may be ahead."""
        if not self._settings.redis:
            return time()
        return max(time(), (await self._history.latest_number(sender) + 1) / 1_000_000)

    async def _handle(self, message: UserMessage) -> Failure | None:
        """Hands a message to Rasa and classifies what goes wrong."""
        name, seconds = self._channel.name(), self._settings.turn_seconds
        try:
            await asyncio.wait_for(self._server.handle(message), seconds)
        except asyncio.TimeoutError:
            logger.error("A turn on %s took longer than %s seconds.", name, seconds)
            return "slow"
        except ActionFailed as error:
            log_failure("A look-up failed", error)
            return "no_actions"
        except Exception as error:
            log_failure("A turn failed", error)
            return "trouble"
        if not message.output_channel.entries:
            logger.error("A turn on %s came to nothing.", name)
            return "trouble"
        return None

    async def _is_saved(self, message: UserMessage) -> bool:
        """Whether a turn that failed was committed all the same, for example just after the timeout."""
        try:
            return await self._server.inbox.is_processed(message.sender_id, message.message_id)
        except Unavailable:
            return False

    def _failure_event(self, failure: Failure) -> BotUttered:
        return BotUttered(self._channel.fixed_text(failure), metadata={KIND: "trouble"})

    async def _show_failure(self, sender: str, event: BotUttered, last: int = 0) -> list[Entry]:
        """Shows a failure sentence; `last` is the number of the entry before."""
        entries = assistant_entries(event.message(), last)
        for entry in entries:
            await self._show(sender, entry)
        return entries

    async def _store_failure(self, message: UserMessage, event: BotUttered) -> None:
        """Stores a failure sentence, and the message if its turn was lost, so that a reload shows both."""
        try:
            await asyncio.wait_for(store_failed_turn(self._server.agent, message, event), STORE_FAILURE_SECONDS)
        except Exception as error:
            log_failure("A failed turn could not be stored", error)

    async def _show(self, sender: str, entry: Entry) -> None:
        try:
            await asyncio.wait_for(self._channel.show(sender, entry), SHOW_SECONDS)
        except Exception as error:
            log_failure("An entry could not be shown", error)

    async def _show_typing(self, sender: str, on: bool) -> None:
        try:
            await asyncio.wait_for(self._channel.show_typing(sender, on), SHOW_SECONDS)
        except Exception as error:
            log_failure("A person could not be told that a turn runs", error)


class ReplyCollector(OutputChannel):
    """Output channel that collects the replies of a turn until it is saved: no patient sees an answer that is lost later."""

    def __init__(self, last: int) -> None:
        """`last` is the number of the entry before."""
        self._last = last
        self.entries: list[Entry] = []

    @classmethod
    def name(cls) -> str:
        return "front_door"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Collects a reply."""
        self.entries += assistant_entries(message, self.entries[-1].number if self.entries else self._last)

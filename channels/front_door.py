"""The front door: what every public channel shares. Nothing that a person sends reaches Rasa but through here."""

import asyncio
import logging
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from sanic import Blueprint, Sanic

from channels.entries import (
    ENTRY,
    KIND,
    SAID,
    SHOWN,
    Entry,
    assistant_entries,
    conversation_entries,
    microseconds,
    patient_entry,
)
from channels.identity import Identities
from channels.incoming import Refused, Saying, excerpts, message_id, typed
from channels.rates import Rates
from channels.settings import Settings, settings_from
from channels.tokens import choice_of, topic_of
from channels.turns import Turns
from components.catalogue import load_catalogue
from components.message_kind import MAX_CHARACTERS
from components.safety_phrases import SafetyPhrases
from components.wording import load_words
from stores.tracker_store import ConversationStore

logger = logging.getLogger(__name__)

SAFETY_PHRASES = Path(__file__).resolve().parents[1] / "data" / "safety_phrases.yml"
DANGERS = frozenset({"emergency", "self_harm"})
# Turns of one sender, the running one included.
MOST_TURNS = 5
# Senders whose latest messages are at hand, to know a second delivery.
RECENT_SENDERS = 5_000
RECENT_MESSAGES = 50
MOST_ENTRIES = 200
REMEMBER_SECONDS = 5
# Microseconds around an entry within which the replies of its turn may lie.
NEAR = 1_000

Turn = asyncio.Task[list[Entry]]
# By message id; None stands for a turn that has ended.
Delivered = OrderedDict[str, Turn | None]


class FrontDoor(InputChannel):
    """A public channel. It proves who sends and shows entries; everything between is done here."""

    # Begins the sender ids of the channel; no two channels have the same.
    prefix: str

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.identities = Identities(settings.key, self.prefix)
        self._rates = Rates(settings.sender_rate, settings.address_rate, settings.redis)
        self._turns = Turns(MOST_TURNS)
        self._words = load_words()
        self._phrases = SafetyPhrases(yaml.safe_load(SAFETY_PHRASES.read_text(encoding="utf-8")))
        self._delivered: OrderedDict[str, Delivered] = OrderedDict()
        self._app: Sanic | None = None
        self._on_new_message: Callable[[UserMessage], Awaitable[Any]] | None = None

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "FrontDoor":
        """The channel with the settings of the environment."""
        return cls(settings_from())

    async def show(self, sender: str, entry: Entry) -> None:
        """Shows an entry to a person. What it raises is logged, and does not end the turn."""
        raise NotImplementedError

    async def working(self, sender: str, on: bool) -> None:
        """Tells a person that a turn has begun or ended, where the channel has a way to do so."""

    def open(self, blueprint: Blueprint, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> None:
        """Ties the channel to the running server; to be called from `blueprint()`."""
        self._on_new_message = on_new_message

        @blueprint.listener("before_server_start")
        async def remember_app(app: Sanic, _: Any) -> None:
            self._app = app

        @blueprint.listener("before_server_stop")
        async def finish_turns(_: Sanic, __: Any) -> None:
            await self._turns.finish(self.settings.turn_seconds)

    def sentence(self, name: str) -> str:
        """A sentence of data/words/front_door.yml."""
        return str(self._words[name]["text"])

    def is_working(self, sender: str) -> bool:
        """Whether a turn of this sender runs or waits."""
        return self._turns.running(sender)

    async def admit(self, address: str) -> None:
        """Counts a new conversation from an address. Raises Refused when there are too many."""
        if not await self._rates.address_may(address):
            raise Refused("too_fast")

    async def accept(self, sender: str, address: str, id: object, text: object = None, token: object = None) -> Turn | None:
        """Takes a message, typed or a choice's token, of a sender who is proven.

        Gives the turn, whose result are its entries, or None when it was taken before and its turn has ended. Raises Refused
        when it is not taken; whoever calls it then says `sentence("refused_...")`.
        """
        known = message_id(id)
        delivered = await self._delivered_of(sender)
        if known in delivered:
            return delivered[known]
        length = len(text) if isinstance(text, str) else 0
        # Looking into a text that is too long costs as much as several messages.
        if not await self._rates.sender_may(sender) or not await self._rates.address_may(address, 1 + length // MAX_CHARACTERS):
            raise Refused("too_fast")
        saying = await self._chosen(sender, known, token) if token is not None else await self._short(typed(known, text))
        if known not in delivered:
            turn = self._turns.start(sender, lambda: self._turn(sender, saying))
            delivered[known] = turn
            # Whoever sends the message again later reads its entries in the history.
            turn.add_done_callback(lambda _: delivered.update({known: None}))
            if len(delivered) > RECENT_MESSAGES:
                delivered.popitem(last=False)
        return delivered[known]

    async def history(self, sender: str, after: int = 0) -> list[Entry]:
        """The latest entries of a conversation, those after a number alone when one is given."""
        events = await self._store.said(sender, MOST_ENTRIES, after / 1_000_000)
        return [entry for entry in conversation_entries(events) if entry.number > after]

    async def _delivered_of(self, sender: str) -> Delivered:
        """The messages of a sender that were taken, by id, with their turns."""
        if sender not in self._delivered:
            # A message may come again after this server has been restarted.
            stored: Delivered = OrderedDict((entry.said, None) for entry in await self.history(sender) if entry.said)
            self._delivered.setdefault(sender, stored)
            if len(self._delivered) > RECENT_SENDERS:
                self._delivered.popitem(last=False)
        self._delivered.move_to_end(sender)
        return self._delivered[sender]

    async def _chosen(self, sender: str, id: str, token: object) -> Saying:
        titles = load_catalogue().titles
        topic = topic_of(token, titles)
        if topic:
            return Saying(id, titles[topic], titles[topic])
        chosen = choice_of(token)
        if chosen is None:
            raise Refused("invalid")
        number, place = chosen
        events = await self._store.said(sender, MOST_ENTRIES, (number - NEAR) / 1_000_000, (number + NEAR) / 1_000_000)
        for entry in conversation_entries(events):
            if entry.number == number and place < len(entry.choices):
                return Saying(id, entry.choices[place].payload, entry.choices[place].title)
        raise Refused("expired")

    async def _short(self, saying: Saying) -> Saying:
        """The saying if it is not too long, or the piece of it in which somebody seems to be in danger."""
        if len(saying.shown) <= MAX_CHARACTERS:
            return saying
        for piece in excerpts(saying.text):
            if self._phrases.label(piece) in DANGERS:
                return replace(saying, text=piece)
            # Others go on between the pieces.
            await asyncio.sleep(0)
        raise Refused("too_long")

    async def _turn(self, sender: str, saying: Saying) -> list[Entry]:
        """One turn: shows what the person said, hands it on, and shows every reply, or a fixed sentence if none comes."""
        begun = time()
        metadata = {ENTRY: microseconds(begun), SAID: saying.id, SHOWN: saying.shown}
        message = UserMessage(
            saying.text, _Replies(self, sender), sender, input_channel=self.name(), message_id=saying.id, metadata=metadata
        )
        shown = [patient_entry(saying.text, begun, metadata)]
        await self._show(sender, shown[0])
        await self._tell(sender, on=True)
        try:
            problem = await self._answered(message)
            shown += message.output_channel.entries
            if problem:
                trouble = BotUttered(self.sentence(problem), metadata={KIND: "trouble"})
                for entry in assistant_entries(trouble.message()):
                    await self._show(sender, entry)
                    shown.append(entry)
                await self._remember(message, trouble)
        finally:
            await self._tell(sender, on=False)
        return shown

    async def _answered(self, message: UserMessage) -> str | None:
        """Hands a message to Rasa; the name of the sentence to say when that comes to nothing."""
        if self._on_new_message is None:
            raise RuntimeError("The channel was not opened.")
        try:
            await asyncio.wait_for(self._on_new_message(message), self.settings.turn_seconds)
        except asyncio.TimeoutError:
            logger.error("A turn on %s took longer than %s seconds.", self.name(), self.settings.turn_seconds)
            return "slow"
        except Exception as error:
            log_failure("A turn failed", error)
            return "trouble"
        if not message.output_channel.entries:
            logger.error("A turn on %s came to nothing.", self.name())
            return "trouble"
        return None

    async def _remember(self, message: UserMessage, trouble: BotUttered) -> None:
        """Keeps the sentence, and the message itself if its turn was lost, so that both are there after a reload."""
        try:
            await asyncio.wait_for(self._store_trouble(message, trouble), REMEMBER_SECONDS)
        except Exception as error:
            log_failure("A failed turn could not be stored", error)

    async def _store_trouble(self, message: UserMessage, trouble: BotUttered) -> None:
        processor = self._agent.processor
        if processor is None:
            return
        async with self._agent.lock_store.lock(message.sender_id):
            tracker = await processor.fetch_tracker_and_update_session(message.sender_id, message.output_channel)
            latest = tracker.latest_message
            if latest is None or latest.message_id != message.message_id:
                said = UserUttered(
                    message.text,
                    input_channel=message.input_channel,
                    message_id=message.message_id,
                    metadata=message.metadata,
                )
                events = [said, trouble, ActionExecuted("action_listen")]
                # The sentence keeps the time by which it has been shown.
                tracker.update_with_events(events, processor.domain, override_timestamp=False)
            else:
                tracker.update(trouble, processor.domain)
            await processor.save_tracker(tracker)

    async def _show(self, sender: str, entry: Entry) -> None:
        try:
            await self.show(sender, entry)
        except Exception as error:
            log_failure("An entry could not be shown", error)

    async def _tell(self, sender: str, on: bool) -> None:
        try:
            await self.working(sender, on)
        except Exception as error:
            log_failure("A person could not be told that a turn runs", error)

    @property
    def _agent(self) -> Agent:
        if self._app is None:
            raise RuntimeError("The server has not started.")
        return self._app.ctx.agent

    @property
    def _store(self) -> ConversationStore:
        # Rasa wraps every store into one that falls back to memory, and knows nothing beyond its own methods.
        store: ConversationStore = self._agent.tracker_store._tracker_store
        return store


class _Replies(OutputChannel):
    """Takes the replies of one turn and shows each at once."""

    def __init__(self, door: FrontDoor, sender: str) -> None:
        self._door = door
        self._sender = sender
        self.entries: list[Entry] = []

    @classmethod
    def name(cls) -> str:
        return "front_door"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Shows a reply."""
        for entry in assistant_entries(message, self.entries[-1].number if self.entries else 0):
            self.entries.append(entry)
            await self._door._show(self._sender, entry)


def log_failure(what: str, error: BaseException) -> None:
    """Logs what failed and where, without the error's own words: they may quote what a person typed."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s in %s:%s", what, type(error).__name__, Path(where.filename).name, where.lineno)

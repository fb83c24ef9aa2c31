"""Tells those who follow a topic that its answer has changed: each once, whatever is interrupted."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import TypeVar

from cryptography.fernet import InvalidToken
from rasa.shared.core.events import ActionExecuted, BotUttered
from sqlalchemy.engine import Connection, Engine

from trialguide.channels.front_door.transcript import conversation_entries
from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.messaging.http_client import ApiClient, ApiError
from trialguide.channels.messaging.messenger import Messenger
from trialguide.channels.messaging.slack import Slack
from trialguide.channels.messaging.sms import Sms
from trialguide.channels.messaging.teams import Teams
from trialguide.channels.messaging.telegram import Telegram
from trialguide.channels.messaging.whatsapp import WhatsApp
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import buttons, fill, load_words
from trialguide.runtime.settings import Settings
from trialguide.storage.follows import Follow, claim, last_message_times, mark_notified, pending, release
from trialguide.storage.group_commit import event_row
from trialguide.storage.schema import EVENTS

SERVICES: tuple[type[MessagingChannel], ...] = (WhatsApp, Messenger, Telegram, Slack, Teams, Sms)
TOO_MANY = 429
# What became of a follower, as operators read it.
TOLD, TO_BE_TOLD = "told", "to be told"
IN_CONVERSATION = "will read it in their conversation"
PERHAPS = "perhaps told: the vendor was silent, or an earlier run was interrupted just then. It stands in their conversation"
CLOSED = "kept until they write again: their service lets nobody write to them now"
LATER = "kept for another run: the vendor did not take it"
UNREADABLE = "cannot be reached: their address was encrypted under another FRONT_DOOR_KEY"
OFF = "cannot be reached: their channel is not set up here"
TAKEN = "left to another run"

Result = TypeVar("Result")


@dataclass
class Notifier:
    """One run: the channels by the prefix of their sender ids, the versions of the answers as they are now.

    Raises what the database raises.
    """

    engine: Engine
    channels: Mapping[str, MessagingChannel]
    versions: Mapping[str, str]
    # Seconds between two messages to vendors.
    pause: float
    _full: set[str] = field(default_factory=set)

    async def run(self, send: bool) -> Counter[tuple[str, str, str]]:
        """Goes through the followers who have not been told, a batch at a time; how many came to what, by topic and channel."""
        counted: Counter[tuple[str, str, str]] = Counter()
        last = 0
        try:
            while batch := self._do(partial(pending, versions=self.versions, after=last)):
                wrote = self._do(partial(last_message_times, sender_ids=[follow.sender_id for follow in batch]))
                for follow in batch:
                    prefix = follow.sender_id.partition(":")[0]
                    outcome = self._unreached(follow, wrote.get(follow.sender_id, 0.0))
                    if outcome is None:
                        outcome = await self._tell(follow, self.channels.get(prefix)) if send else TO_BE_TOLD
                    counted[follow.topic, prefix, outcome] += 1
                last = batch[-1].number
        finally:
            for channel in self.channels.values():
                await channel.calls.close()
        return counted

    def _unreached(self, follow: Follow, wrote: float) -> str | None:
        """Why somebody cannot be told now, or None when they can."""
        prefix = follow.sender_id.partition(":")[0]
        channel = self.channels.get(prefix)
        if channel is None:
            return OFF if follow.way_back else None
        if prefix in self._full:
            return LATER
        is_open = channel.window_seconds is None or time() < wrote + channel.window_seconds
        return None if is_open or follow.interrupted else CLOSED

    async def _tell(self, follow: Follow, channel: MessagingChannel | None) -> str:
        news = notification_for(follow.topic)
        if follow.interrupted:
            self._do(lambda connection: _note(connection, follow, news))
            return PERHAPS
        if channel is None or follow.way_back is None:
            return IN_CONVERSATION if self._do(lambda connection: self._note_alone(connection, follow, news)) else TAKEN
        # Noted before it is sent: whatever happens, nobody is told twice.
        if not self._do(lambda connection: claim(connection, follow, self.versions[follow.topic])):
            return TAKEN
        await asyncio.sleep(self.pause)
        try:
            await channel.write(follow.way_back, conversation_entries([news.as_dict()])[0])
        except ApiError as refusal:
            if refusal.may_have_arrived:
                self._do(lambda connection: _note(connection, follow, news))
                return PERHAPS
            if refusal.status == TOO_MANY:
                self._full.add(channel.prefix)
            self._do(lambda connection: release(connection, follow))
            return LATER
        except InvalidToken:
            self._do(lambda connection: release(connection, follow))
            return UNREADABLE
        self._do(lambda connection: _note(connection, follow, news))
        return TOLD

    def _note_alone(self, connection: Connection, follow: Follow, news: BotUttered) -> bool:
        begun = claim(connection, follow, self.versions[follow.topic])
        return begun and _note(connection, follow, news)

    def _do(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.begin() as connection:
            return work(connection)


def notification_for(topic: str) -> BotUttered:
    """What the followers of a topic are told, with buttons for the new answer and for an end of it."""
    words, title = load_words(), load_catalogue().titles[topic]
    end = fill(words["unfollow_named_choice"]["text"], {"title": title})
    choices = buttons([title, end])
    return BotUttered(fill(words["news"]["text"], {"title": title}), {"buttons": choices}, {"utter_action": "news"}, time())


def channels_of(settings: Settings) -> dict[str, MessagingChannel]:
    """The channels that are set up, by the prefix of their sender ids. Raises ValueError for a key that cannot be used."""
    vendors = [(service, settings.services.get(service.name())) for service in SERVICES]
    channels = [service(settings, vendor) for service, vendor in vendors if vendor]
    for channel in channels:
        # A second try could come to a second message.
        channel.calls = ApiClient(tries=1)
    return {channel.prefix: channel for channel in channels}


def _note(connection: Connection, follow: Follow, news: BotUttered) -> bool:
    """Notes that somebody was told, and adds what they were told to their conversation; whether that was not done before."""
    noted = mark_notified(connection, follow)
    if noted:
        # With what waits for the next message, as after every turn.
        rows = [event_row(follow.sender_id, event) for event in (news, ActionExecuted("action_listen"))]
        connection.execute(EVENTS.insert(), rows)
    return noted

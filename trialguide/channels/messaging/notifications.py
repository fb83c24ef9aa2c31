"""Notifies followers of a topic when its answer changes: each at most once, also across interrupted runs."""

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
from trialguide.channels.messaging.vendors.messenger import Messenger
from trialguide.channels.messaging.vendors.slack import Slack
from trialguide.channels.messaging.vendors.sms import Sms
from trialguide.channels.messaging.vendors.teams import Teams
from trialguide.channels.messaging.vendors.telegram import Telegram
from trialguide.channels.messaging.vendors.whatsapp import WhatsApp
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import buttons, fill, load_words
from trialguide.runtime.settings import Settings
from trialguide.storage.follows import Follow, claim, last_message_times, mark_notified, pending, release
from trialguide.storage.group_commit import event_row
from trialguide.storage.schema import EVENTS

SERVICES: tuple[type[MessagingChannel], ...] = (WhatsApp, Messenger, Telegram, Slack, Teams, Sms)
TOO_MANY = 429
# Outcomes, as operators read them.
NOTIFIED, PENDING = "told", "to be told"
IN_CONVERSATION = "will read it in their conversation"
UNCERTAIN = "perhaps told: the vendor was silent, or an earlier run was interrupted just then. It stands in their conversation"
WINDOW_CLOSED = "kept until they write again: their service lets nobody write to them now"
RETRY_LATER = "kept for another run: the vendor did not take it"
UNREADABLE = "cannot be reached: their address was encrypted under another FRONT_DOOR_KEY"
CHANNEL_OFF = "cannot be reached: their channel is not set up here"
CLAIMED_ELSEWHERE = "left to another run"

Result = TypeVar("Result")


@dataclass
class Notifier:
    """One run over all followers. `channels` by prefix of their sender ids, `versions` of the answers by topic.

    Raises what the database raises.
    """

    engine: Engine
    channels: Mapping[str, MessagingChannel]
    versions: Mapping[str, str]
    # Seconds between two calls.
    pause: float
    # Prefixes of channels whose vendor limits the rate.
    _rate_limited: set[str] = field(default_factory=set)

    async def run(self, send: bool) -> Counter[tuple[str, str, str]]:
        """Notifies pending followers in batches; counts them by topic, channel and outcome."""
        counts: Counter[tuple[str, str, str]] = Counter()
        last = 0
        try:
            while batch := self._transaction(partial(pending, versions=self.versions, after=last)):
                last_messages = self._transaction(
                    partial(last_message_times, sender_ids=[follow.sender_id for follow in batch])
                )
                for follow in batch:
                    prefix = follow.sender_id.partition(":")[0]
                    outcome = self._obstacle(follow, last_messages.get(follow.sender_id, 0.0))
                    if outcome is None:
                        outcome = await self._notify(follow, self.channels.get(prefix)) if send else PENDING
                    counts[follow.topic, prefix, outcome] += 1
                last = batch[-1].number
        finally:
            for channel in self.channels.values():
                await channel.calls.close()
        return counts

    def _obstacle(self, follow: Follow, last_message: float) -> str | None:
        """The outcome for a follower who cannot be notified now, or None. `last_message` is the time of their latest one."""
        prefix = follow.sender_id.partition(":")[0]
        channel = self.channels.get(prefix)
        if channel is None:
            return CHANNEL_OFF if follow.reply_address else None
        if prefix in self._rate_limited:
            return RETRY_LATER
        is_open = channel.window_seconds is None or time() < last_message + channel.window_seconds
        return None if is_open or follow.interrupted else WINDOW_CLOSED

    async def _notify(self, follow: Follow, channel: MessagingChannel | None) -> str:
        news = notification_for(follow.topic)
        if follow.interrupted:
            self._transaction(lambda connection: _record(connection, follow, news))
            return UNCERTAIN
        if channel is None or follow.reply_address is None:
            is_new = self._transaction(lambda connection: self._claim_and_record(connection, follow, news))
            return IN_CONVERSATION if is_new else CLAIMED_ELSEWHERE
        # Claimed before the call, so that nobody is notified twice.
        if not self._transaction(lambda connection: claim(connection, follow, self.versions[follow.topic])):
            return CLAIMED_ELSEWHERE
        await asyncio.sleep(self.pause)
        try:
            await channel.write(follow.reply_address, conversation_entries([news.as_dict()])[0])
        except ApiError as error:
            if error.may_have_arrived:
                self._transaction(lambda connection: _record(connection, follow, news))
                return UNCERTAIN
            if error.status == TOO_MANY:
                self._rate_limited.add(channel.prefix)
            self._transaction(lambda connection: release(connection, follow))
            return RETRY_LATER
        except InvalidToken:
            self._transaction(lambda connection: release(connection, follow))
            return UNREADABLE
        self._transaction(lambda connection: _record(connection, follow, news))
        return NOTIFIED

    def _claim_and_record(self, connection: Connection, follow: Follow, news: BotUttered) -> bool:
        is_claimed = claim(connection, follow, self.versions[follow.topic])
        return is_claimed and _record(connection, follow, news)

    def _transaction(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.begin() as connection:
            return work(connection)


def notification_for(topic: str) -> BotUttered:
    """The message to followers of a topic, with buttons for the new answer and for unfollowing."""
    words, title = load_words(), load_catalogue().titles[topic]
    end = fill(words["unfollow_named_choice"]["text"], {"title": title})
    choices = buttons([title, end])
    return BotUttered(fill(words["news"]["text"], {"title": title}), {"buttons": choices}, {"utter_action": "news"}, time())


def channels_of(settings: Settings) -> dict[str, MessagingChannel]:
    """The channels that are set up, by prefix of their sender ids. Raises ValueError for a key that cannot be used."""
    vendors = [(service, settings.services.get(service.name())) for service in SERVICES]
    channels = [service(settings, vendor) for service, vendor in vendors if vendor]
    for channel in channels:
        # A retry could send a second message.
        channel.calls = ApiClient(tries=1)
    return {channel.prefix: channel for channel in channels}


def _record(connection: Connection, follow: Follow, news: BotUttered) -> bool:
    """Marks a follower as notified and adds the message to their conversation; False when that was done before."""
    is_new = mark_notified(connection, follow)
    if is_new:
        # With the action that waits for the next message, as after every turn.
        rows = [event_row(follow.sender_id, event) for event in (news, ActionExecuted("action_listen"))]
        connection.execute(EVENTS.insert(), rows)
    return is_new

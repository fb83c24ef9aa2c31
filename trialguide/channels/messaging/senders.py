"""State that one server keeps of the people who write on a channel: in memory, bounded, without plain addresses at rest."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from trialguide.storage.inbox import Message


@dataclass
class Sender:
    """State of one sender. `reply_to` is the plain address, and is set during a turn only."""

    reply_to: Any = None
    # Choices that the running turn has offered so far; the next ones are numbered from there.
    choices_offered: int = 0
    # By message id: received by this server, neither answered nor refused yet.
    in_progress: dict[str, Message] = field(default_factory=dict)
    # Fixed texts sent since the last message that was accepted.
    notified: set[str] = field(default_factory=set)

    @property
    def is_idle(self) -> bool:
        """Whether the state may be evicted."""
        return self.reply_to is None and not self.in_progress

    def end_turn(self) -> None:
        """Clears what belongs to a turn."""
        self.reply_to, self.choices_offered = None, 0


class SenderRegistry:
    """LRU cache of senders by id. Those with work in progress are never evicted."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._senders: OrderedDict[str, Sender] = OrderedDict()

    def __len__(self) -> int:
        return len(self._senders)

    def get(self, sender_id: str) -> Sender:
        """The sender's state, created when it is not known."""
        sender = self._senders.setdefault(sender_id, Sender())
        self._senders.move_to_end(sender_id)
        if len(self._senders) > self._capacity:
            self._evict(sender_id)
        return sender

    def in_progress(self) -> list[Message]:
        """All messages in progress."""
        return [message for sender in self._senders.values() for message in sender.in_progress.values()]

    def _evict(self, newest: str) -> None:
        idle = (id for id, sender in self._senders.items() if sender.is_idle and id != newest)
        oldest = next(idle, None)
        if oldest is not None:
            del self._senders[oldest]

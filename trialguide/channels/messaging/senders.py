"""Per-sender state of a channel on one server: in memory, bounded, with plain addresses during turns only."""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from trialguide.storage.inbox import Message
from trialguide.text.normalisation import normalised

# People repeat short words, such as "more", much more often than sentences.
SENTENCE_WORDS = 4
MAX_SENTENCES, MAX_SHORT_TEXTS = 2, 5
LOOP_SECONDS = 600.0


class RecentTexts:
    """Hashes of a sender's latest texts, with which loops of two machines are detected."""

    def __init__(self) -> None:
        self._texts: deque[tuple[float, int]] = deque(maxlen=2 * MAX_SHORT_TEXTS + 1)

    def add(self, text: str, now: float) -> bool:
        """Adds a text; whether it is one too many of the same text in a row, or of two texts that alternate."""
        while self._texts and self._texts[0][0] < now - LOOP_SECONDS:
            self._texts.popleft()
        words = normalised(text)
        self._texts.append((now, hash(words)))
        allowed = MAX_SENTENCES if len(words.split()) >= SENTENCE_WORDS else MAX_SHORT_TEXTS
        hashes = [text_hash for _, text_hash in self._texts]
        tails = ((period, hashes[-(period * allowed + 1) :]) for period in (1, 2))
        return any(len(set(tail)) <= period and tail.count(hashes[-1]) > allowed for period, tail in tails)

    def clear(self) -> None:
        """Forgets all texts."""
        self._texts.clear()


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
    recent_texts: RecentTexts = field(default_factory=RecentTexts)
    # Hashes of the choices that the latest turn with choices offered.
    _offered: set[int] = field(default_factory=set)

    @property
    def is_idle(self) -> bool:
        """Whether the state may be evicted."""
        return self.reply_to is None and not self.in_progress

    def offer(self, titles: Iterable[str]) -> None:
        """Counts choices that are shown below those of the same turn, and remembers their titles."""
        hashes = [hash(normalised(title)) for title in titles]
        if hashes and not self.choices_offered:
            self._offered.clear()
        self.choices_offered += len(hashes)
        self._offered.update(hashes)

    def was_offered(self, text: str | None) -> bool:
        """Whether a text is the title of a choice; some services send that when a button is pressed."""
        return text is not None and hash(normalised(text)) in self._offered

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

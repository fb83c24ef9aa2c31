"""History of a conversation: the entries of its stored events, and the message that is being answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from trialguide.channels.front_door.server_context import ServerContext
from trialguide.channels.front_door.transcript import Entry, conversation_entries

MAX_EVENTS = 200
# More than a turn has.
LATEST_EVENTS = 20
# Microseconds around an entry within which the replies of its turn may lie.
NEARBY = 1_000


class ConversationHistory:
    """Reads entries from the tracker store. All methods that read raise Unavailable."""

    def __init__(self, server: ServerContext) -> None:
        self._server = server
        # By sender. A running turn is stored when it ends.
        self._unanswered: dict[str, Entry] = {}

    async def entries(self, sender: str, after: int = 0) -> list[Entry]:
        """The latest entries of a conversation, limited to those after a number if one is given."""
        unanswered = self._unanswered.get(sender)
        # Matched by number and not by time: the clocks of servers may differ.
        entries = conversation_entries(await self._server.conversations.messages(sender, MAX_EVENTS))
        if unanswered and unanswered.number not in (entry.number for entry in entries):
            entries.append(unanswered)
        return [entry for entry in entries if entry.number > after]

    async def entries_near(self, sender: str, number: int) -> list[Entry]:
        """The entries around a number, however old; the latest ones if there are none."""
        since, until = (number - NEARBY) / 1_000_000, (number + NEARBY) / 1_000_000
        nearby = await self._server.conversations.messages(sender, MAX_EVENTS, since, until)
        return conversation_entries(nearby) or await self.entries(sender)

    async def latest_number(self, sender: str) -> int:
        """The highest number of an entry, 0 in a new conversation."""
        latest = conversation_entries(await self._server.conversations.messages(sender, LATEST_EVENTS))
        return max((entry.number for entry in latest), default=0)

    @contextmanager
    def unanswered(self, sender: str, entry: Entry) -> Iterator[None]:
        """Includes a patient's entry in the history while its turn runs."""
        self._unanswered[sender] = entry
        try:
            yield
        finally:
            del self._unanswered[sender]

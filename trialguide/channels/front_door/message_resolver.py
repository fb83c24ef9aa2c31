"""Message resolver: maps a typed text or a choice to the text that the assistant reads."""

import asyncio
from dataclasses import replace

from trialguide.channels.front_door.history import ConversationHistory
from trialguide.channels.front_door.incoming import IncomingMessage, Rejected, from_text, head_and_tail
from trialguide.channels.front_door.ordinals import choice_for, load_ordinal_parser
from trialguide.channels.front_door.tokens import choice_of, topic_of
from trialguide.channels.front_door.transcript import Entry
from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.decision import DANGERS
from trialguide.nlu.safety_phrases import load_safety_phrases
from trialguide.text.normalisation import MAX_CHARACTERS, printable


class MessageResolver:
    """Resolves choices, by token or by ordinal, to their payloads, and limits the length of typed texts."""

    def __init__(self, numbered: bool, history: ConversationHistory) -> None:
        """`numbered` says whether the channel shows choices with a number before them."""
        self._numbered = numbered
        self._history = history
        self._safety_phrases = load_safety_phrases()
        self._ordinals = load_ordinal_parser()

    async def resolve(self, sender: str, id: str, text: object, token: object) -> IncomingMessage:
        """The message of a token, of an ordinal such as “the second one”, or of a text. Raises Rejected."""
        if token is not None:
            return await self._from_token(sender, id, token, comment=text)
        ordinal = self._ordinals.parse(text, self._numbered)
        choice = choice_for(ordinal, await self._history.entries(sender)) if ordinal else None
        typed = from_text(sender, id, text)
        if choice:
            return replace(await self._from_token(sender, id, choice.token, comment=None), shown=typed.shown)
        return await self._limit_length(typed)

    async def _from_token(self, sender: str, id: str, token: object, comment: object) -> IncomingMessage:
        """The message of a choice; `comment` is the text that comes with a rating. Raises Rejected for an unknown token."""
        titles = load_catalogue().titles
        topic = topic_of(token, titles)
        if topic:
            return IncomingMessage(sender, id, titles[topic], titles[topic])
        chosen = choice_of(token)
        if chosen is None:
            raise Rejected("invalid")
        number, place, is_feedback = chosen
        for entry in await self._history.entries_near(sender, number):
            choices = entry.feedback if is_feedback else entry.choices
            if entry.number == number and place < len(choices):
                choice = choices[place]
                message = IncomingMessage(sender, id, choice.payload, choice.shown or choice.title)
                return await self._as_rating(message, entry, comment) if choice.stars else message
        raise Rejected("expired")

    async def _limit_length(self, message: IncomingMessage) -> IncomingMessage:
        """The message, its text cut to the piece that signals danger if it is overlong. Raises Rejected if none does."""
        if len(message.shown) <= MAX_CHARACTERS:
            return message
        for piece in head_and_tail(message.text):
            if self._safety_phrases.label(piece) in DANGERS:
                return replace(message, text=piece)
            # The search of a piece takes long enough for other turns to go on in between.
            await asyncio.sleep(0)
        raise Rejected("too_long")

    async def _as_rating(self, message: IncomingMessage, entry: Entry, comment: object) -> IncomingMessage:
        """The message of a rating, with its comment if there is one. Raises Rejected."""
        rating = replace(message, about={"topic": entry.topic or "", "version": entry.version or ""})
        if not isinstance(comment, str) or not printable(comment):
            return rating
        added = from_text(message.sender_id, message.message_id, comment)
        return await self._limit_length(
            replace(rating, text=f"{rating.text}: {added.text}", shown=f"{rating.shown}\n{added.shown}")
        )

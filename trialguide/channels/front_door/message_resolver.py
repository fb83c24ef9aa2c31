"""What the assistant is to read when somebody has typed something or made a choice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from trialguide.channels.front_door.incoming import IncomingMessage, Rejected, from_text, head_and_tail
from trialguide.channels.front_door.ordinals import choice_for, load_ordinal_parser
from trialguide.channels.front_door.tokens import choice_of, topic_of
from trialguide.channels.front_door.transcript import Entry
from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.decision import DANGERS
from trialguide.nlu.safety_phrases import load_safety_phrases
from trialguide.text.normalisation import MAX_CHARACTERS, printable

# Gives the entries around a number, one of which may have offered a choice.
Offering = Callable[[int], Awaitable[Sequence[Entry]]]
# Gives the latest entries.
History = Callable[[], Awaitable[Sequence[Entry]]]


class MessageResolver:
    """Maps choices back to what they stand for, and bounds what is typed."""

    def __init__(self, numbered: bool) -> None:
        """`numbered` says whether choices are shown with a number before them."""
        self._numbered = numbered
        self._phrases = load_safety_phrases()
        self._picks = load_ordinal_parser()

    async def resolve(self, id: str, text: object, token: object, offering: Offering, history: History) -> IncomingMessage:
        """The saying of a text that was typed, or of a choice by its token, or by its place in words. Raises Rejected."""
        if token is not None:
            return await self._chosen(id, token, text, offering)
        pick = self._picks.parse(text, self._numbered)
        choice = choice_for(pick, await history()) if pick else None
        if choice:
            return replace(await self._chosen(id, choice.token, None, offering), shown=from_text(id, text).shown)
        return await self._short(from_text(id, text))

    async def _chosen(self, id: str, token: object, comment: object, offering: Offering) -> IncomingMessage:
        """The saying of a choice by its token. Raises Rejected when it stands for nothing, or for nothing any more."""
        titles = load_catalogue().titles
        topic = topic_of(token, titles)
        if topic:
            return IncomingMessage(id, titles[topic], titles[topic])
        chosen = choice_of(token)
        if chosen is None:
            raise Rejected("invalid")
        number, place, is_feedback = chosen
        for entry in await offering(number):
            offered = entry.feedback if is_feedback else entry.choices
            if entry.number == number and place < len(offered):
                choice = offered[place]
                saying = IncomingMessage(id, choice.payload, choice.shown or choice.title)
                return await self._rated(saying, entry, comment) if choice.stars else saying
        raise Rejected("expired")

    async def _short(self, saying: IncomingMessage) -> IncomingMessage:
        """The saying if it is not too long, or the piece of it in which somebody seems to be in danger. Raises Rejected."""
        if len(saying.shown) <= MAX_CHARACTERS:
            return saying
        for piece in head_and_tail(saying.text):
            if self._phrases.label(piece) in DANGERS:
                return replace(saying, text=piece)
            # Others go on between the pieces.
            await asyncio.sleep(0)
        raise Rejected("too_long")

    async def _rated(self, saying: IncomingMessage, entry: Entry, comment: object) -> IncomingMessage:
        """The saying of a rating with its comment, if there is one."""
        rated = replace(saying, about={"topic": entry.topic or "", "version": entry.version or ""})
        if not isinstance(comment, str) or not printable(comment):
            return rated
        added = from_text(saying.id, comment)
        return await self._short(replace(rated, text=f"{rated.text}: {added.text}", shown=f"{rated.shown}\n{added.shown}"))

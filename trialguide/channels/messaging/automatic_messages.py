"""Automatic messages: reactions sent as text, notices, and loops of two machines that answer each other.

They get silence. A message with a danger phrase is never taken for one, whatever else it looks like; only in a notice the usual
advice for emergencies does not count as danger. The patterns are those of `data/vocabulary/automatic_messages.yml`.
"""

import re
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from trialguide.channels.front_door.incoming import head_and_tail
from trialguide.channels.front_door.ordinals import OrdinalParser, load_ordinal_parser
from trialguide.channels.messaging.senders import Sender
from trialguide.channels.messaging.webhook_events import VendorMessage
from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.nlu.decision import DANGERS
from trialguide.nlu.safety_phrases import SafetyPhrases, load_safety_phrases
from trialguide.text.normalisation import printable

AUTOMATIC_MESSAGES = VOCABULARY / "automatic_messages.yml"
# A reaction may quote one of our longest messages.
MAX_CHARACTERS = 3000
EMOJI = r"[^\w\s“”„\"'‘’«»]+(?:\s[^\w\s“”„\"'‘’«»]+)*"
QUOTE = r"[“„\"'‘«‹「『].*[”“\"'’»›」』]"
# Dutch and Chinese put the verb behind the quotation.
VERB_LAST = rf"vond {QUOTE} (?:niet )?leuk|对\s*{QUOTE}\s*表示了?.+"


class AutomaticMessages:
    """Recognises reactions and notices by their words."""

    def __init__(self, patterns: Mapping[str, Any], safety: SafetyPhrases) -> None:
        """Compiles the patterns. Raises re.error when one of them is broken."""
        verbs = "|".join(_any_of(rows) for rows in patterns["reactions"].values())
        verbs = verbs.replace("{emoji}", EMOJI).replace("{quote}", QUOTE)
        things = _any_of(patterns["things"])
        self._reaction = re.compile(rf"(?:(?:{verbs})\s*(?:{QUOTE}|(?:{things}))|{VERB_LAST})[.!]?", re.IGNORECASE)
        self._notice = re.compile(_any_of(patterns["notices"]), re.IGNORECASE)
        self._advice = re.compile(_any_of(patterns["advice"]), re.IGNORECASE)
        self._safety = safety

    def is_reaction(self, text: str) -> bool:
        """Whether a text is a reaction to another message, and nothing else."""
        return len(text) <= MAX_CHARACTERS and self._reaction.fullmatch(_plain(text)) is not None

    def is_notice(self, text: str) -> bool:
        """Whether a text is an automatic notice without danger in it."""
        plain = _plain(text[: MAX_CHARACTERS + 1])
        if "?" in plain or len(plain) > MAX_CHARACTERS or not self._notice.search(plain):
            return False
        return not self.is_danger(self._advice.sub(" ", plain))

    def is_danger(self, text: str) -> bool:
        """Whether a danger phrase stands in a text, or at the beginning or the end of a long one."""
        return any(self._safety.label(piece) in DANGERS for piece in head_and_tail(text))


class AutomaticFilter:
    """Decides which messages of a channel get silence."""

    def __init__(self, numbers_choices: bool) -> None:
        self._numbers_choices = numbers_choices
        self._ordinals: OrdinalParser = load_ordinal_parser()

    def is_automatic(self, event: VendorMessage, sender: Sender) -> bool:
        """Whether a new message is a notice, or one text of a loop. Counts it."""
        if event.token or self._ordinals.parse(event.text, self._numbers_choices) or sender.was_offered(event.text):
            # No machine makes a choice.
            sender.recent_texts.clear()
            return False
        if not event.text:
            return False
        is_loop = sender.recent_texts.add(event.text, time.monotonic())
        automatic = load_automatic_messages()
        return automatic.is_notice(event.text) or (is_loop and not automatic.is_danger(event.text))


@cache
def load_automatic_messages() -> AutomaticMessages:
    """The patterns of the vocabulary. Raises re.error when one of them is broken."""
    return AutomaticMessages(load_yaml(AUTOMATIC_MESSAGES), load_safety_phrases())


def _plain(text: str) -> str:
    return printable(text).replace("’", "'")


def _any_of(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)

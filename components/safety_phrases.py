"""Phrases that mean danger or a personal medical matter whatever the classifier thinks of the rest of the message."""

import re
from collections.abc import Mapping, Sequence

from components.message_kind import visible_text


class SafetyPhrases:
    """The phrases of `data/safety_phrases.yml`, label by label, the gravest first."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Compiles the phrases, which are regular expressions. Raises re.error when one of them is broken."""
        self._patterns = {
            label: re.compile("|".join(rf"\b(?:{phrase})\b" for phrase in expressions), re.IGNORECASE)
            for label, expressions in phrases.items()
        }

    def label(self, text: str) -> str | None:
        """The first label one of whose phrases stands in the text, or None."""
        plain = visible_text(text).replace("’", "'")
        return next((label for label, pattern in self._patterns.items() if pattern.search(plain)), None)

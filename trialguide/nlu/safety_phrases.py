"""Phrases that mean danger or a personal medical matter whatever the rest of the message says."""

import re
from collections.abc import Iterable, Mapping, Sequence

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.normalisation import printable

SAFETY_PHRASES = VOCABULARY / "safety_phrases.yml"
# Outside escapes such as \S, which mean something else in small letters.
UNESCAPED = re.compile(r"(?<!\\)[^\\]+")
GROUP = re.compile(r"(?<!\\)\((?!\?)")


class SafetyPhrases:
    """The phrases of `data/vocabulary/safety_phrases.yml`, label by label, the gravest first."""

    def __init__(self, labels: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Compiles the phrases, which are regular expressions. Raises re.error if one of them is broken."""
        self._phrases = {label: _any_of(row["phrases"]) for label, row in labels.items()}
        self._harmless = {label: _any_of(row.get("unless") or ()) for label, row in labels.items()}

    def label(self, text: str) -> str | None:
        """The gravest label with a phrase in the text, its harmless look-alikes left out, or None."""
        plain = _plain(text)
        for label, phrases in self._phrases.items():
            # Few messages hold any phrase, so most are searched only once.
            if phrases.search(plain) and phrases.search(self._harmless[label].sub(" ", plain)):
                return label
        return None

    def without_harmless(self, text: str, labels: Iterable[str]) -> str:
        """The text without the harmless look-alikes of the labels; the text itself where there are none."""
        plain = rest = _plain(text)
        for label in labels:
            rest = self._harmless[label].sub(" ", rest)
        return text if rest == plain else rest


def load_safety_phrases() -> SafetyPhrases:
    """The phrases of `data/vocabulary/safety_phrases.yml`. Raises re.error if one of them is broken."""
    return SafetyPhrases(load_yaml(SAFETY_PHRASES))


def _plain(text: str) -> str:
    return printable(text).replace("’", "'").lower()


def _any_of(expressions: Sequence[str]) -> re.Pattern[str]:
    # One boundary for all, small letters alone and groups that remember nothing: a tenth of the time, as most words end the
    # search at their first letter. The last alternative never matches: an empty list finds nothing.
    small = (UNESCAPED.sub(lambda found: found[0].lower(), expression) for expression in expressions)
    plain = (GROUP.sub("(?:", expression) for expression in small)
    return re.compile(rf"\b(?:{'|'.join([*(f'(?:{expression})' for expression in plain), '(?!)'])})\b")

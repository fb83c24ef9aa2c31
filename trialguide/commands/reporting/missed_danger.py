"""Messages of the inbox that may have been about danger: they are offered for the examples of safety alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from trialguide.nlu.decision import DANGERS
from trialguide.nlu.safety_phrases import SafetyPhrases
from trialguide.storage.unanswered import Unanswered
from trialguide.text.normalisation import normalised

# Of emergency and self-harm together. A quarter of the threshold at which the assistant answers, so that misses are seen.
NEAR_DANGER = 0.05
MARKED = "marked as danger"
PHRASE = "has a phrase of data/vocabulary/safety_phrases.yml"
NEAR = "was near emergency or self-harm"


@dataclass(frozen=True)
class MissedDanger:
    """A message that was not understood and may have been about danger, and the reason to think so."""

    message: Unanswered
    why: str


def split_danger(
    unanswered: Sequence[Unanswered], phrases: SafetyPhrases
) -> tuple[Sequence[MissedDanger], Sequence[Unanswered]]:
    """The messages that may have been about danger, newest first and each text once, and all other messages."""
    marked = {normalised(message.text) for message in unanswered if message.was_danger}
    missed: dict[str, MissedDanger] = {}
    others = []
    for message in unanswered:
        text = normalised(message.text)
        why = MARKED if text in marked else _reason(message, phrases)
        if why is None:
            others.append(message)
        else:
            missed[text] = MissedDanger(message, why)
    # A text that was near once stays with its kind, however it was understood on other days.
    return list(missed.values())[::-1], [message for message in others if normalised(message.text) not in missed]


def _reason(message: Unanswered, phrases: SafetyPhrases) -> str | None:
    if phrases.label(message.text) in DANGERS:
        return PHRASE
    return f"{NEAR} ({message.danger:.0%})" if message.danger >= NEAR_DANGER else None

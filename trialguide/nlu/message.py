"""A message on its way through the stages of the interpreter, and its interpretation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trialguide.nlu.decision import Decision
from trialguide.nlu.passages import Passage
from trialguide.places.entities import Entity
from trialguide.text.terms import NamedTerm

Probabilities = Mapping[str, float]
# Words of a text that is too much for one vector.
LONG = 25


@dataclass(frozen=True)
class Context:
    """The state of the conversation that a message is read in.

    `alarm` is the alarm that goes on or the question about danger that waits (the slot `alarm`), `topic` the topic or look-up
    that came last, `no_trial` whether somebody has said that they do not ask about a trial.
    """

    alarm: str | None = None
    topic: str | None = None
    no_trial: bool = False


NO_CONTEXT = Context()


@dataclass(frozen=True)
class Scores:
    """The classifier's probabilities for a text: `whole` for its cleaned form, `as_written`, and for each of its sentences.

    `behind_topic` are those of a short text behind the title of the topic before it, none where nothing comes before.
    """

    whole: Probabilities = field(default_factory=dict)
    as_written: Probabilities = field(default_factory=dict)
    sentences: Sequence[tuple[str, Probabilities]] = ()
    behind_topic: Probabilities = field(default_factory=dict)


@dataclass
class Message:
    """A text with what the analysis stages add to it.

    `unreadable` is the reason why it cannot be read, `corrected` the text with its abbreviations and misspelt words written
    out, `cleaned` that without courtesies, `example` the label of the training example that it repeats, `danger_phrase` the
    label of the safety phrase in it. `scores` stay empty for a text that is unreadable or repeats an example.
    """

    text: str
    context: Context = NO_CONTEXT
    unreadable: str | None = None
    corrected: str = ""
    cleaned: str = ""
    example: str | None = None
    places: Sequence[Entity] = ()
    danger_phrase: str | None = None
    scores: Scores = Scores()


@dataclass(frozen=True)
class Interpretation:
    """The decision about a message, with the classifier's probabilities and the entities in the message.

    `topics` are to be answered, followed or no longer followed; `everything` means all followed topics at once. `left_over`
    are questions of the message without an answer, `passage` is the paragraph of the last answer that a follow-up asks for,
    `term` the word that is to be explained.
    """

    decision: Decision
    probabilities: Probabilities = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    everything: bool = False
    places: Sequence[Entity] = ()
    passage: Passage | None = None
    term: NamedTerm | None = None


def certain(label: str, probabilities: Probabilities | None = None) -> Interpretation:
    """An interpretation of confidence 1; `probabilities` are those of the classifier if it ran."""
    return Interpretation(Decision(label, 1.0), probabilities or {label: 1.0})

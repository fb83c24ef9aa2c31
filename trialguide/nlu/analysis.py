"""The analysis stages of the interpreter: each adds to a message what the decision stages read; none decides."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from trialguide.nlu.alarm import borne_out, in_context
from trialguide.nlu.follow_up import behind_topic
from trialguide.nlu.message import Message, Probabilities, Scores
from trialguide.nlu.no_trial import load_no_trial
from trialguide.nlu.resources import Resources
from trialguide.text.normalisation import normalised, unreadable_reason
from trialguide.text.sentences import is_question, parts


def check_readability(message: Message, nlu: Resources) -> None:
    """Sets `unreadable`."""
    message.unreadable = unreadable_reason(message.text)


def correct_words(message: Message, nlu: Resources) -> None:
    """Sets `corrected`: abbreviations expanded, misspelt words corrected."""
    text = message.text
    message.corrected = text if message.unreadable else nlu.speller.correct(nlu.abbreviations.expand(text))


def match_example(message: Message, nlu: Resources) -> None:
    """Sets `example`, by the text as it was written or corrected, or by the topic or look-up in it beside courtesies."""
    if message.unreadable:
        return
    examples = nlu.examples
    found = examples.get(normalised(message.text)) or examples.get(normalised(message.corrected))
    if not found:
        beside = examples.get(normalised(nlu.courtesies.strip(message.corrected, fewest=1)))
        found = beside if beside in nlu.catalogue.titles else None
    # "Why not?" is no yes after an answer.
    asked_back = message.context.topic and is_question(message.text) and found not in nlu.catalogue.titles
    message.example = None if asked_back else found


def strip_courtesies(message: Message, nlu: Resources) -> None:
    """Sets `cleaned`."""
    if _needs_classifier(message):
        message.cleaned = nlu.courtesies.strip(message.corrected)


def classify_and_search(message: Message, nlu: Resources) -> None:
    """Sets `scores`, `places` and `danger_phrase`.

    The encoder runs outside Python's lock, so a second thread searches meanwhile; then both classify the remaining parts.
    """
    if not _needs_classifier(message):
        _search(message, nlu)
        return
    cleaned, sentences = message.cleaned, _sentences(message.cleaned)
    behind = behind_topic(message, nlu)
    # Each by itself: the encoder's 8-bit numbers depend a little on what else is encoded with them.
    others = (message.text, *sentences, *([behind] if behind else []))
    remaining = deque(part for part in dict.fromkeys(others) if part != cleaned)
    scored: dict[str, Probabilities] = {}

    no_trial = load_no_trial()
    means_none = no_trial.after(message.text, message.context.no_trial)

    def score(part: str, meanwhile: Callable[[], None] | None = None) -> None:
        found = in_context(nlu.probabilities(part, meanwhile), message.context)
        scored[part] = no_trial.without_trials(found, nlu.catalogue) if means_none else found

    def classify_remaining() -> None:
        with suppress(IndexError):
            while True:
                score(remaining.popleft())

    def search_then_classify() -> None:
        _search(message, nlu)
        classify_remaining()

    searching: list[Future[None]] = []
    score(cleaned, lambda: searching.append(nlu.executor.submit(search_then_classify)))
    classify_remaining()
    searching[0].result()
    in_sentences = [(part, scored[part]) for part in sentences]
    whole, as_written = (borne_out(scored[text], [scored[part] for part in sentences]) for text in (cleaned, message.text))
    message.scores = Scores(whole, as_written, in_sentences, scored[behind] if behind else {})


def _needs_classifier(message: Message) -> bool:
    return not (message.unreadable or message.example)


def _search(message: Message, nlu: Resources) -> None:
    """Looks for places in the text as written, for danger also in the corrected one: a correction may hide a word."""
    text, corrected = message.text, message.corrected
    message.places = nlu.places.of(text)
    candidates = dict.fromkeys((text, *_sentences(text), corrected, *_sentences(corrected)))
    message.danger_phrase = next(filter(None, map(nlu.phrases.label, candidates)), None)


def _sentences(text: str) -> list[str]:
    """The parts of a message that has several."""
    found = parts(text)
    return found if len(found) > 1 else []

"""Decides what a message is about: the safety phrases first, then what the classifier sees, held against the thresholds."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from trialguide.content.catalogue import Catalogue
from trialguide.nlu.decision import (
    DANGERS,
    PERSONAL,
    UNSURE,
    Decision,
    Thresholds,
    decide,
    pick_if_sum_reaches,
    pick_look_up,
    two_topics,
)
from trialguide.nlu.preprocessing import load_abbreviations, load_courtesies
from trialguide.nlu.safety_phrases import SafetyPhrases
from trialguide.nlu.spelling import Speller
from trialguide.nlu.topic_model import TopicModel
from trialguide.places.entities import Entity, PlaceEntities
from trialguide.text.feedback import FOLLOWING, load_following_reader, load_rating_reader
from trialguide.text.normalisation import normalised, unreadable_reason
from trialguide.text.sentences import is_question, parts

UNREADABLE = "unreadable"
INFORM_PLACE = "inform_place"
TWO_TOPICS = "two_topics"
RATE_ANSWER, RATE_AND_ASK = "rate_answer", "rate_and_ask"
# Decided by rules alone; their examples are there because Rasa wants one.
NOT_LEARNED = (UNREADABLE, TWO_TOPICS, RATE_AND_ASK)
# Letters beside the places in a message that says nothing else: "in Oslo", "Paris or Lyon".
BESIDE_PLACES = 4

Probabilities = Mapping[str, float]
# The places and the danger that the words alone name.
Named = tuple[list[Entity], str | None]


@dataclass(frozen=True)
class Interpretation:
    """What a message is taken for, how likely the classifier finds each label (empty where it was not asked), and the topics
    that are to be answered or followed; `everything` says that all topics are to be followed no more. `places` are the
    entities in it.
    """

    decision: Decision
    probabilities: Probabilities = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    everything: bool = False
    places: Sequence[Entity] = ()


@dataclass(frozen=True)
class _Scores:
    """How likely the classifier finds each label for a text, as it was written, for its sentences; nothing if not asked."""

    plain: str = ""
    whole: Probabilities = field(default_factory=dict)
    as_written: Probabilities = field(default_factory=dict)
    sentences: Sequence[str] = ()
    single: Sequence[Probabilities] = ()


class Interpreter:
    """Understands messages by what was learned: the model, the examples with their labels, their spelling, ordinary words."""

    def __init__(
        self,
        model: TopicModel,
        known: Mapping[str, str],
        spelling: Speller,
        phrases: SafetyPhrases,
        places: PlaceEntities,
        thresholds: Thresholds,
        catalogue: Catalogue,
    ) -> None:
        self._model = model
        self._known = known
        self._spelling = spelling
        self._phrases = phrases
        self._places = places
        self._thresholds = thresholds
        self._catalogue = catalogue
        self._courtesies = load_courtesies()
        self._short_forms = load_abbreviations()
        self._ratings = load_rating_reader()
        self._following = load_following_reader()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside-the-encoder")

    def interpret(self, text: str) -> Interpretation:
        """What a text is about."""
        kind = unreadable_reason(text)
        # Mended words could hide what was written, so danger is looked for in both.
        mended = text if kind else self._spelling.correct(self._short_forms.expand(text))
        known = None if kind else self._known.get(normalised(text)) or self._known.get(normalised(mended))
        search = partial(self._search, text, mended)
        if kind or known:
            read, (places, danger) = _Scores(), search()
        else:
            read, (places, danger) = self._read(text, self._courtesies.strip(mended), search)
        if danger:
            found = _certain(danger)
        elif kind:
            found = self._unread(kind, text, places)
        elif places and len(normalised(text)) <= sum(place["end"] - place["start"] for place in places) + BESIDE_PLACES:
            found = _certain(INFORM_PLACE)
        else:
            found = _certain(known) if known else self._classified(text, read, bool(places))
            found = self._followed(found, text) if found.decision.label in FOLLOWING else found
        return replace(found, places=places)

    def _search(self, text: str, mended: str) -> Named:
        written = dict.fromkeys((text, *_sentences(text), mended, *_sentences(mended)))
        return self._places.of(text), next(filter(None, map(self._phrases.label, written)), None)

    def _unread(self, kind: str, text: str, places: Sequence[Entity]) -> Interpretation:
        """What a text that holds no question is about."""
        if kind == "no_words" and self._ratings.read(text):
            return _certain(RATE_ANSWER)
        if kind in ("other_script", "no_words") and places:
            # The place is all that can be read.
            return _certain(INFORM_PLACE)
        return Interpretation(Decision(f"{UNREADABLE}/{kind}", 1.0))

    def _read(self, text: str, plain: str, search: Callable[[], Named]) -> tuple[_Scores, Named]:
        """What the classifier sees in a text whose `plain` form is mended and without courtesies, and what a search finds.

        The encoder runs outside Python's lock; a second thread searches meanwhile, and then both take what is still to be read.
        """
        sentences = _sentences(plain)
        # Each by itself: the encoder's 8-bit numbers depend a little on what else is encoded with them.
        waiting = deque(part for part in dict.fromkeys((text, *sentences)) if part != plain)
        seen: dict[str, Probabilities] = {}

        def see() -> None:
            with suppress(IndexError):
                while True:
                    part = waiting.popleft()
                    seen[part] = self._probabilities(part)

        def search_and_see() -> Named:
            named = search()
            see()
            return named

        beside: list[Future[Named]] = []
        whole = seen[plain] = self._probabilities(plain, lambda: beside.append(self._beside.submit(search_and_see)))
        see()
        named = beside[0].result()
        return _Scores(plain, whole, seen[text], sentences, [seen[sentence] for sentence in sentences]), named

    def _classified(self, text: str, read: _Scores, names_place: bool) -> Interpretation:
        whole, single, sentences = read.whole, read.single, read.sentences
        in_parts = (self._danger(*part, self._thresholds.danger_in_part) for part in zip(sentences, single, strict=True))
        grave = (
            self._danger(read.plain, whole, self._thresholds.danger)
            or self._danger(text, read.as_written, self._thresholds.danger_as_written)
            or next(filter(None, in_parts), None)
            or pick_if_sum_reaches(whole, self._thresholds.personal, PERSONAL)
        )
        if grave:
            return Interpretation(grave, whole)
        rating = self._ratings.read(text)
        if rating and rating.clear:
            return self._rated(rating.comment, whole)
        command = self._following.command(text)
        if command and self._topic_of(command[1], self._thresholds.answer):
            return Interpretation(Decision(command[0], 1.0), whole)
        look_up = pick_look_up(whole, self._thresholds.look_up, self._catalogue.lookups) if names_place else None
        decision = look_up or decide(whole, self._thresholds.answer, self._catalogue.titles)
        if decision.label == UNSURE:
            # What was left out may be all that is meant: "hello, it's Marta".
            left_out = decide(read.as_written, self._thresholds.answer, self._catalogue.titles)
            decision = left_out if left_out.label in self._catalogue.conversation else decision
        if decision.label == UNSURE:
            decision = self._cut_short(read.plain) or decision
        asked = [part for part, sentence in zip(single, sentences, strict=True) if is_question(sentence)]
        topics = two_topics(asked, self._thresholds.part, self._catalogue.topics)
        if topics and decision.label not in self._catalogue.safety:
            return Interpretation(Decision(TWO_TOPICS, decision.confidence), whole, topics)
        return Interpretation(decision, whole)

    def _cut_short(self, plain: str) -> Decision | None:
        """The decision for the few words beside courtesies, where they surely name a topic or look-up: "no wait, clinics"."""
        short = self._courtesies.strip(plain, fewest=1)
        if short == plain:
            return None
        decision = decide(self._probabilities(short), self._thresholds.answer, self._catalogue.titles)
        return decision if decision.label in self._catalogue.titles else None

    def _rated(self, comment: str, whole: Probabilities) -> Interpretation:
        """A rating: that alone, or also the topic that is asked about behind it."""
        asked = (self._topic_of(part, self._thresholds.part) for part in parts(comment) if is_question(part))
        topic = next(filter(None, asked), None)
        return Interpretation(Decision(RATE_AND_ASK, 1.0), whole, (topic,)) if topic else _certain(RATE_ANSWER, whole)

    def _followed(self, understanding: Interpretation, text: str) -> Interpretation:
        """Adds which topic somebody wants to follow or stop following, or that all are meant."""
        command = self._following.command(text)
        named = filter(None, (command[1] if command else None, self._following.topic_words(text)))
        topic = next(filter(None, (self._topic_of(words, self._thresholds.answer) for words in named)), None)
        everything = not topic and self._following.means_everything(text)
        return replace(understanding, topics=(topic,) if topic else (), everything=everything)

    def _topic_of(self, text: str, threshold: float) -> str | None:
        """The topic that a text is about, if that is as sure as the threshold asks for."""
        known = self._known.get(normalised(text))
        likely = {known: 1.0} if known else self._probabilities(self._courtesies.strip(text))
        best = max(likely, key=lambda label: likely[label])
        return best if best in self._catalogue.topics and likely[best] >= threshold else None

    def _danger(self, text: str, probabilities: Probabilities, threshold: float) -> Decision | None:
        """The danger that the classifier sees in a text, harmless look-alikes left out."""
        found = pick_if_sum_reaches(probabilities, threshold, DANGERS)
        rest = self._phrases.without_harmless(text, DANGERS) if found else text
        return found if rest is text else pick_if_sum_reaches(self._probabilities(rest), threshold, DANGERS)

    def _probabilities(self, text: str, meanwhile: Callable[[], None] | None = None) -> Probabilities:
        (probabilities,) = self._model.probabilities([text], meanwhile)
        return probabilities


def _certain(label: str, probabilities: Probabilities | None = None) -> Interpretation:
    return Interpretation(Decision(label, 1.0), probabilities or {label: 1.0})


def _sentences(text: str) -> list[str]:
    """The parts of a message that has several."""
    found = parts(text)
    return found if len(found) > 1 else []

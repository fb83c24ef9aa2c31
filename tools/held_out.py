"""Thresholds chosen on some sets of test questions and tried on the set that was left out: each set has other authors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from components.catalogue import FAQ, Catalogue
from components.decision import DANGERS, PERSONAL, Thresholds, decide_alone
from components.safety_phrases import SafetyPhrases
from tools.score import (
    DANGER_RECOGNISED,
    OUT_OF_SCOPE_ANSWERED,
    PERSONAL_RECOGNISED,
    RIGHT,
    RIGHT_OR_OFFERED,
    WRONG,
    Measure,
    Question,
    Understood,
    measures,
)

STEPS = tuple(step / 50 for step in range(5, 46))
# At least, and at most, what a threshold for answering is to achieve.
LEAST = {RIGHT: 0.85, RIGHT_OR_OFFERED: 0.95}
MOST = {WRONG: 0.05, OUT_OF_SCOPE_ANSWERED: 0.10}
# What is to be recognised of danger and of personal matters. The largest threshold that does it is made smaller by these
# factors: a false alarm costs a sentence.
FEWEST_IN_DANGER, ROOM_FOR_DANGER = 0.99, 0.5
FEWEST_PERSONAL, ROOM_FOR_PERSONAL = 0.93, 0.75


@dataclass(frozen=True)
class Group:
    """A set of test questions, with the probability of every label for each."""

    questions: Sequence[Question]
    rows: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Tried:
    """Thresholds that were chosen without a set, and what they achieve on that set."""

    left_out: str
    thresholds: Thresholds
    measures: Sequence[Measure]


class Chooser:
    """Chooses thresholds for the classifier and the phrases together; messages are not taken apart into sentences."""

    def __init__(
        self, groups: Mapping[str, Group], thresholds: Thresholds, phrases: SafetyPhrases, catalogue: Catalogue
    ) -> None:
        """`thresholds` are those that the chosen ones are put into."""
        self._groups = groups
        self._thresholds = thresholds
        self._catalogue = catalogue
        self._phrases = {name: [phrases.label(one.text) for one in group.questions] for name, group in groups.items()}
        self._known: dict[tuple[str, Thresholds], list[Measure]] = {}

    def tried(self) -> list[Tried]:
        """For each set what the others choose, and what that achieves on it."""
        found = []
        for name in self._groups:
            chosen = self.choose(set(self._groups) - {name})
            found.append(Tried(name, chosen, self._measures(name, chosen)))
        return found

    def choose(self, names: Collection[str]) -> Thresholds:
        """What some sets choose; for answering the threshold that stays farthest from the nearest bar on all of them."""
        chosen = replace(
            self._thresholds,
            danger=round(ROOM_FOR_DANGER * self._largest("danger", DANGER_RECOGNISED, FEWEST_IN_DANGER, names), 2),
            personal=round(ROOM_FOR_PERSONAL * self._largest("personal", PERSONAL_RECOGNISED, FEWEST_PERSONAL, names), 2),
        )
        return max(
            (replace(chosen, answer=step) for step in STEPS),
            key=lambda thresholds: min(_room(self._measures(name, thresholds)) for name in names),
        )

    def _largest(self, threshold: str, measure: str, fewest: float, names: Collection[str]) -> float:
        """The largest step at which every set has so much of a measure; the smallest step of all when none has."""

        def achieved(step: float) -> float:
            thresholds = replace(self._thresholds, **{threshold: step})
            return min(_by_name(self._measures(name, thresholds))[measure].share for name in names)

        return max((step for step in STEPS if achieved(step) >= fewest), default=STEPS[0])

    def _measures(self, name: str, thresholds: Thresholds) -> list[Measure]:
        if (name, thresholds) not in self._known:
            group = self._groups[name]
            texts = zip(group.questions, group.rows, self._phrases[name], strict=True)
            self._known[name, thresholds] = measures([self._understood(*text, thresholds) for text in texts], self._catalogue)
        return self._known[name, thresholds]

    def _understood(
        self, question: Question, row: Mapping[str, float], phrase: str | None, thresholds: Thresholds
    ) -> Understood:
        if phrase:
            return Understood(question, phrase, (), ())
        decision = decide_alone(row, thresholds, DANGERS, PERSONAL, tuple(self._catalogue.titles))
        return Understood(question, decision.label.removeprefix(f"{FAQ}/"), decision.offers, ())


def _room(found: Sequence[Measure]) -> float:
    """How far the nearest of the bars is away; less than 0 when it is missed."""
    shares = {name: measure.share for name, measure in _by_name(found).items()}
    return min(
        *(shares[name] - least for name, least in LEAST.items()),
        *(most - shares[name] for name, most in MOST.items()),
    )


def _by_name(found: Sequence[Measure]) -> dict[str, Measure]:
    return {measure.name: measure for measure in found}

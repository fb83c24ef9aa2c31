"""Thresholds chosen on some sets of test questions and tried on the set that was left out: each set has other authors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tools.evaluation.measures import (
    DANGER_RECOGNISED,
    OUT_OF_SCOPE_ANSWERED,
    PERSONAL_RECOGNISED,
    RIGHT,
    RIGHT_OR_OFFERED,
    WRONG,
    Measure,
    Understood,
    measures,
)
from tools.evaluation.questions import Question
from trialguide.content.catalogue import FAQ, Catalogue
from trialguide.nlu.decision import DANGERS, PERSONAL, Thresholds, decide_alone
from trialguide.nlu.safety_phrases import SafetyPhrases

STEPS = tuple(step / 50 for step in range(5, 36))
# At least, and at most, what thresholds are to achieve.
LEAST = {RIGHT: 0.85, RIGHT_OR_OFFERED: 0.95, PERSONAL_RECOGNISED: 0.93}
MOST = {WRONG: 0.05, OUT_OF_SCOPE_ANSWERED: 0.10}
# Of danger so much is to be recognised; the largest threshold that does it is made smaller by this factor, as a false alarm
# costs a sentence.
FEWEST_IN_DANGER, ROOM_FOR_DANGER = 0.99, 0.5
# Of thresholds as good as this, as a share of messages, the one is taken that recognises most personal matters.
AS_GOOD = 0.0025


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
        # The likeliest first, as every decision sorts them again.
        self._rows = {
            name: [dict(sorted(row.items(), key=lambda label: -label[1])) for row in group.rows]
            for name, group in groups.items()
        }
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
        """What some sets choose: the thresholds that stay farthest from the nearest bar on the set where that is least."""
        base = replace(self._thresholds, danger=round(ROOM_FOR_DANGER * self._largest_for_danger(names), 2))
        tried = [replace(base, answer=answer, personal=personal) for personal in STEPS for answer in STEPS]
        rooms = [min(_room(self._measures(name, thresholds)) for name in names) for thresholds in tried]
        return next(thresholds for thresholds, room in zip(tried, rooms, strict=True) if room >= max(rooms) - AS_GOOD)

    def _largest_for_danger(self, names: Collection[str]) -> float:
        """The largest step at which every set has enough of it recognised; the smallest step of all when there is none."""

        def recognised(step: float) -> float:
            thresholds = replace(self._thresholds, danger=step)
            return min(_by_name(self._measures(name, thresholds))[DANGER_RECOGNISED].share for name in names)

        return max((step for step in STEPS if recognised(step) >= FEWEST_IN_DANGER), default=STEPS[0])

    def _measures(self, name: str, thresholds: Thresholds) -> list[Measure]:
        if (name, thresholds) not in self._known:
            texts = zip(self._groups[name].questions, self._rows[name], self._phrases[name], strict=True)
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

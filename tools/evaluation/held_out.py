"""Searches thresholds on some sets of test questions and tries them on the set that was left out: each has other authors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from tools.evaluation.measures import (
    DANGER_RECOGNISED,
    OUT_OF_SCOPE_ANSWERED,
    PERSONAL_RECOGNISED,
    RIGHT,
    RIGHT_OR_OFFERED,
    WRONG,
    Measure,
    Outcome,
    measures,
)
from tools.evaluation.questions import Question
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.message import Message

STEPS = tuple(step / 50 for step in range(5, 36))
# The bars: shares that thresholds have to reach, or must not exceed.
LEAST = {RIGHT: 0.85, RIGHT_OR_OFFERED: 0.95, PERSONAL_RECOGNISED: 0.93}
MOST = {WRONG: 0.05, OUT_OF_SCOPE_ANSWERED: 0.10}
# The share of danger to recognise; the largest threshold that reaches it is multiplied by this factor, as a false alarm costs
# a sentence.
FEWEST_IN_DANGER, ROOM_FOR_DANGER = 0.99, 0.5
# Thresholds this close to the best, as a share of messages, count as equally good.
AS_GOOD = 0.0025

# Positions in STEPS of the thresholds for personal matters and for answering.
Cell = tuple[int, int]


@dataclass(frozen=True)
class HeldOutResult:
    """Thresholds that were chosen without a set, and the measures on that set."""

    left_out: str
    thresholds: Thresholds
    measures: Sequence[Measure]


class ThresholdSearch:
    """Grid search over thresholds, by the decisions of the interpreter's own stages about messages that are analysed once."""

    def __init__(self, sets: Mapping[str, Sequence[Question]], interpreter: Interpreter) -> None:
        """Analyses all questions; the interpreter's classifier should be cached, as stages may ask it again at each step.

        Thresholds that are not searched stay as the interpreter has them.
        """
        self._resources = interpreter.resources
        self._messages = {
            name: [(question, interpreter.analyse(question.text)) for question in questions] for name, questions in sets.items()
        }
        self._grids: dict[tuple[str, float], list[list[Measure]]] = {}

    def held_out_results(self) -> list[HeldOutResult]:
        """For each set the thresholds that the others choose, and their measures on it."""
        found = []
        for name in self._messages:
            chosen = self.choose(set(self._messages) - {name})
            found.append(HeldOutResult(name, chosen, self._measures(name, chosen)))
        return found

    def choose(self, names: Collection[str]) -> Thresholds:
        """The thresholds farthest from the nearest bar on the worst of some sets."""
        base = replace(self._resources.thresholds, danger=round(ROOM_FOR_DANGER * self._largest_for_danger(names), 2))
        grids = [self._grid(name, base) for name in names]
        rooms = [min(map(_room, cell)) for cell in zip(*grids, strict=True)]
        # The smallest threshold for personal matters comes first.
        best = next(cell for cell, room in zip(cells(), rooms, strict=True) if room >= max(rooms) - AS_GOOD)
        return thresholds_at(base, best)

    def _largest_for_danger(self, names: Collection[str]) -> float:
        """The largest step at which enough danger is recognised in every set, or the smallest step of all."""

        def recognised(step: float) -> float:
            thresholds = replace(self._resources.thresholds, danger=step)
            return min(_shares(self._measures(name, thresholds))[DANGER_RECOGNISED] for name in names)

        return next((step for step in reversed(STEPS) if recognised(step) >= FEWEST_IN_DANGER), STEPS[0])

    def _measures(self, name: str, thresholds: Thresholds) -> list[Measure]:
        interpreter = self._interpreter(thresholds)
        return measures(
            [outcome(interpreter, question, message) for question, message in self._messages[name]], self._resources.catalogue
        )

    def _grid(self, name: str, base: Thresholds) -> list[list[Measure]]:
        """The measures on a set at every cell of the grid, in the order of `cells`."""
        if (name, base.danger) not in self._grids:
            interpreters = {cell: self._interpreter(thresholds_at(base, cell)) for cell in cells()}
            outcomes = [outcomes_by_cell(interpreters, *asked) for asked in self._messages[name]]
            catalogue = self._resources.catalogue
            self._grids[name, base.danger] = [measures([row[cell] for row in outcomes], catalogue) for cell in cells()]
        return self._grids[name, base.danger]

    def _interpreter(self, thresholds: Thresholds) -> Interpreter:
        return Interpreter(replace(self._resources, thresholds=thresholds))


def outcomes_by_cell(interpreters: Mapping[Cell, Interpreter], question: Question, message: Message) -> dict[Cell, Outcome]:
    """The outcome of a question at every cell. Where the corners of a rectangle agree, so does all within.

    This holds as the stages compare each threshold by itself, and it spares most of the work: few outcomes ever change.
    """
    found: dict[Cell, Outcome] = {}

    def at(cell: Cell) -> Outcome:
        if cell not in found:
            found[cell] = outcome(interpreters[cell], question, message)
        return found[cell]

    last = len(STEPS) - 1
    rectangles = [((0, last), (0, last))]
    while rectangles:
        rows, columns = rectangles.pop()
        corners = {at(cell) for cell in product(rows, columns)}
        if len(corners) == 1:
            (same,) = corners
            inside = product(range(rows[0], rows[1] + 1), range(columns[0], columns[1] + 1))
            found.update(dict.fromkeys(inside, same))
        else:
            rectangles += product(_halves(rows), _halves(columns))
    return found


def _halves(ends: tuple[int, int]) -> list[tuple[int, int]]:
    middle = (ends[0] + ends[1]) // 2
    return [(ends[0], middle), (middle + 1, ends[1])] if ends[0] < ends[1] else [ends]


def outcome(interpreter: Interpreter, question: Question, message: Message) -> Outcome:
    """The outcome of a question by an interpreter's decision about its message."""
    found = interpreter.decide(message)
    return Outcome(question, found.decision.label, found.decision.offers, (), found.topics)


def cells() -> list[Cell]:
    """Every cell of the grid."""
    positions = range(len(STEPS))
    return list(product(positions, positions))


def thresholds_at(base: Thresholds, cell: Cell) -> Thresholds:
    """The thresholds of a cell; those that are not searched are taken from `base`."""
    personal, answer = cell
    return replace(base, personal=STEPS[personal], answer=STEPS[answer])


def _room(found: Sequence[Measure]) -> float:
    """The distance to the nearest bar; less than 0 if it is missed."""
    shares = _shares(found)
    return min(
        *(shares[name] - least for name, least in LEAST.items()),
        *(most - shares[name] for name, most in MOST.items()),
    )


def _shares(found: Sequence[Measure]) -> dict[str, float]:
    return {measure.name: measure.share for measure in found}

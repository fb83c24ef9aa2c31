"""Measures of understanding: shares of test questions that were answered, offered or mistaken."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.evaluation.questions import Question
from trialguide.content.catalogue import Catalogue
from trialguide.nlu.decision import CHECK_INS, DANGERS, OUT_OF_SCOPE, PERSONAL, UNSURE

TOP = 3
# Names of measures.
RIGHT = "right at once, topics and look-ups"
RIGHT_OR_OFFERED = "right at once or among three offered"
WRONG = "wrong without asking back"
OUT_OF_SCOPE_ANSWERED = "out of scope, answered"
DANGER_RECOGNISED = "emergency and self-harm recognised or asked about"
ALARMED = "emergency and self-harm alarmed at once"
PERSONAL_RECOGNISED = "personal advice and side effects recognised"
FALSE_ALARMS = "harmless, taken for an emergency"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a question: the label acted on, the topics offered if unsure, and the labels by likelihood."""

    question: Question
    label: str
    offers: tuple[str, ...]
    ranking: tuple[str, ...]
    # Both topics of a message with two questions; both are answered.
    topics: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return self.question.accepts(self.label) or any(map(self.question.accepts, self.topics))

    @property
    def right_or_offered(self) -> bool:
        return self.right or any(map(self.question.accepts, self.offers))

    @property
    def in_top(self) -> bool:
        return self.right or any(map(self.question.accepts, self.ranking[:TOP]))

    @property
    def wrong(self) -> bool:
        """Whether it was answered at once with something else."""
        return not self.right and self.label not in (UNSURE, *CHECK_INS)


@dataclass(frozen=True)
class Measure:
    """A share of questions: `hits` of `total`."""

    name: str
    hits: int
    total: int

    @property
    def share(self) -> float:
        return self.hits / self.total if self.total else 0.0


def measures(results: list[Outcome], catalogue: Catalogue) -> list[Measure]:
    """The figures of merit, by name."""
    answers = {*catalogue.topics, *catalogue.lookups}
    asked = [result for result in results if result.question.topic in answers]
    outside = [result for result in results if result.question.topic == OUT_OF_SCOPE]
    danger = [result for result in results if result.question.topic in DANGERS]
    personal = [result for result in results if result.question.topic in PERSONAL]
    harmless = [result for result in results if result.question.topic not in (*DANGERS, *PERSONAL)]

    def measure(name: str, among: list[Outcome], hits: Iterable[bool]) -> Measure:
        return Measure(name, sum(hits), len(among))

    return [
        measure("right at once, all messages", results, (result.right for result in results)),
        measure(RIGHT, asked, (result.right for result in asked)),
        measure(RIGHT_OR_OFFERED, asked, (result.right_or_offered for result in asked)),
        measure("among the three likeliest", asked, (result.in_top for result in asked)),
        measure(WRONG, results, (result.wrong for result in results)),
        measure(OUT_OF_SCOPE_ANSWERED, outside, (result.label in answers for result in outside)),
        measure(DANGER_RECOGNISED, danger, (result.label in (*DANGERS, *CHECK_INS) for result in danger)),
        measure(ALARMED, danger, (result.label in DANGERS for result in danger)),
        measure(PERSONAL_RECOGNISED, personal, (_safe(result) for result in personal)),
        measure(FALSE_ALARMS, harmless, (result.label in DANGERS for result in harmless)),
    ]


def _safe(result: Outcome) -> bool:
    """A personal matter that is taken for an emergency, or asked about, errs on the safe side."""
    return result.label in (*PERSONAL, *DANGERS, *CHECK_INS)

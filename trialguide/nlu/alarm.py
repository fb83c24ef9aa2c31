"""Decision stages about danger: an alarm that goes on, and a message that may raise one.

States of an alarm (the slot `alarm` in domain.yml): none; `emergency` or `self_harm` while it goes on; `check_emergency` or
`check_self_harm` while a question about it waits for a yes or no. data/vocabulary/alarm.yml says what other meanings come to
meanwhile.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from math import sqrt

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.nlu.decision import CHECK_INS, DANGERS, NO_ANSWER, PERSONAL, STATEMENT, Decision, likeliest, pick_if_sum_reaches
from trialguide.nlu.message import LONG, Context, Interpretation, Message, Probabilities, Scores, certain
from trialguide.nlu.resources import Resources

ALARM = VOCABULARY / "alarm.yml"
OVER = ("emergency_over", "self_harm_over", "alarm_help_here")
# Mean something only while an alarm goes on.
ALARM_ONLY = frozenset({*OVER, "alarm_number", "alarm_what_to_do", "alarm_still_call", "alarm_who_are_they", "alarm_no_call"})
WAITING = "check_"
# Words of the stretches in which a long text is looked through.
STRETCH = 14
# A question about danger counts as danger here.
DANGEROUS = frozenset({*DANGERS, *CHECK_INS})
# Words that end an alarm are believed at this probability of all of them together.
BELIEVED = 0.35


def in_context(probabilities: Probabilities, context: Context) -> Probabilities:
    """The probabilities of the labels that can be meant in a context, together 1."""
    impossible = (frozenset() if context.alarm else ALARM_ONLY) | (frozenset() if context.topic else {NO_ANSWER})
    possible = {label: value for label, value in probabilities.items() if label not in impossible}
    total = sum(possible.values()) or 1.0
    return {label: value / total for label, value in possible.items()}


def borne_out(probabilities: Probabilities, in_sentences: Iterable[Probabilities]) -> Probabilities:
    """The probabilities of a message, with danger weakened that none of its sentences bears out.

    The sum of its probabilities becomes the geometric mean of itself and of the sum in the most dangerous sentence: three
    harmless sentences about different things are together like nothing that the detector has learned.
    """
    share, in_sentence = _share(probabilities), max(map(_share, in_sentences), default=1.0)
    if in_sentence >= share:
        return probabilities
    weakened = sqrt(in_sentence * share)
    danger, others = weakened / share, (1 - weakened) / (1 - share)
    return {label: value * (danger if label in DANGEROUS else others) for label, value in probabilities.items()}


def alarm_state(message: Message, nlu: Resources) -> Interpretation | None:
    """What a message means while an alarm goes on or a question about danger waits."""
    alarm = message.context.alarm
    if not alarm:
        return None
    meanings = _meanings()[alarm]
    whole = message.scores.whole
    over = pick_if_sum_reaches(whole, BELIEVED, OVER) if whole else None
    label = message.example or (over.label if over else _likeliest_meaning(message))
    if label in OVER:
        return certain(meanings.get(label, label), whole)
    again = message.danger_phrase or _danger_label(message, nlu)
    if again:
        return certain(again, whole)
    if label in meanings or label in ALARM_ONLY:
        return certain(meanings.get(label, label), whole)
    return None if alarm.startswith(WAITING) else certain(f"check_again_{alarm}", whole)


def danger(message: Message, nlu: Resources) -> Interpretation | None:
    """An alarm or a question about danger, by the classifier: in the message, as it was written, or in one of its sentences."""
    scores, thresholds = message.scores, nlu.thresholds
    in_sentences = (_danger_in(*sentence, thresholds.danger_in_part, nlu) for sentence in scores.sentences)
    found = (
        _danger_in(message.cleaned, scores.whole, thresholds.danger, nlu)
        or _danger_in(message.text, scores.as_written, thresholds.danger_as_written, nlu)
        or next(filter(None, in_sentences), None)
        or _check_in(message.cleaned, scores.whole, thresholds.check_in, nlu)
    )
    return Interpretation(found, scores.whole) if found else None


def greatest_danger(scores: Scores) -> float:
    """The probability of danger in the message, as it was written or in one of its sentences, whichever is greatest."""
    return max(map(_share, (scores.whole, scores.as_written, *(found for _, found in scores.sentences))))


def _share(probabilities: Probabilities) -> float:
    return sum(probabilities.get(label, 0.0) for label in DANGEROUS)


def _danger_in(text: str, probabilities: Probabilities, threshold: float, nlu: Resources) -> Decision | None:
    """Danger in a text by the classifier, harmless look-alikes left out."""
    found = pick_if_sum_reaches(probabilities, threshold, DANGERS)
    if found and len(text.split()) >= LONG and not _in_a_stretch(text, threshold, nlu):
        return None
    rest = nlu.phrases.without_harmless(text, DANGERS) if found else text
    return found if rest is text else pick_if_sum_reaches(nlu.probabilities(rest), threshold, DANGERS)


def _in_a_stretch(text: str, threshold: float, nlu: Resources) -> bool:
    """Whether danger stands in some stretch of a long text: the vector of a whole story of illness is near to danger anyway."""
    words = text.split()
    stretches = (" ".join(words[start : start + STRETCH]) for start in range(0, len(words), STRETCH // 2))
    return any(pick_if_sum_reaches(nlu.probabilities(stretch), threshold, DANGERS) for stretch in stretches)


def _check_in(text: str, probabilities: Probabilities, threshold: float, nlu: Resources) -> Decision | None:
    """A question about danger, where danger is likely enough, or together with doubt likelier than anything harmless."""
    found = pick_if_sum_reaches(probabilities, threshold, DANGEROUS)
    if found is None or nlu.phrases.without_harmless(text, DANGERS) is not text:
        return None
    harmless = max(
        sum(probabilities.get(label, 0.0) for label in PERSONAL),
        sum(value for label, value in probabilities.items() if label.startswith(STATEMENT)),
    )
    if found.confidence < harmless and pick_if_sum_reaches(probabilities, threshold, DANGERS) is None:
        return None
    return Decision(found.label if found.label in CHECK_INS else f"check_in_{found.label}", found.confidence)


def _danger_label(message: Message, nlu: Resources) -> str | None:
    found = danger(message, nlu) if message.scores.whole else None
    return found.decision.label if found and found.decision.label in DANGERS else None


def _likeliest_meaning(message: Message) -> str:
    if message.scores.whole:
        return likeliest(message.scores.whole)
    return "inform_place" if message.places else ""


@cache
def _meanings() -> Mapping[str, Mapping[str, str]]:
    meanings: Mapping[str, Mapping[str, str]] = load_yaml(ALARM)
    return meanings

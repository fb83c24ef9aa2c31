"""Decision stage about follow-ups: a short message that is read together with the topic before it.

"How many people?" after an answer is classified alone and behind the title of that answer's topic; the geometric mean of both
decides. Where it is the same topic again, the paragraph of the answer that is most alike to the message is the reply.
"""

from collections.abc import Mapping
from math import sqrt

from trialguide.nlu.decision import Decision, likeliest
from trialguide.nlu.message import Interpretation, Message, Probabilities
from trialguide.nlu.resources import Resources
from trialguide.text.words import WORD

FOLLOW_UP = "follow_up"
# A longer message says by itself what it is about.
MOST_WORDS = 12
# Above this a topic is named so clearly that the one before it does not matter.
CLEAR = 0.9
# A message of so few words names a topic only if it says little else.
FEW_WORDS = 3


def follow_up(message: Message, nlu: Resources) -> Interpretation | None:
    """The topic of a short message in the light of the one before it, or the paragraph of the last answer that it asks for."""
    topic, alone = message.context.topic, message.scores.whole
    length = len(WORD.findall(message.cleaned))
    if topic not in nlu.catalogue.topics or not 0 < length <= MOST_WORDS:
        return None
    best = likeliest(alone)
    if best not in nlu.catalogue.topics and alone[best] >= nlu.thresholds.answer:
        return None
    if best in nlu.catalogue.topics and alone[best] >= CLEAR and length > FEW_WORDS:
        return None
    combined = _combined(alone, nlu.probabilities(f"{nlu.catalogue.titles[topic]} {message.cleaned}"))
    best = likeliest(combined)
    if best not in nlu.catalogue.topics or combined[best] < nlu.thresholds.follow_up:
        return None
    if best != topic:
        return Interpretation(Decision(best, combined[best]), combined)
    passage = nlu.passages.nearest(topic, nlu.vector(message.cleaned))
    return Interpretation(Decision(FOLLOW_UP, combined[best]), combined, passage=passage)


def _combined(alone: Probabilities, behind_topic: Probabilities) -> Mapping[str, float]:
    """The geometric mean of two probabilities for each label, together 1."""
    means = {label: sqrt(value * behind_topic[label]) for label, value in alone.items() if label in behind_topic}
    total = sum(means.values()) or 1.0
    return {label: value / total for label, value in means.items()}

"""Follow-ups: a short message is classified behind the title of the topic that was answered before it.

"How many people?" says nothing by itself. The classifier has learned such messages behind the titles they depend on, and
ordinary ones behind any title (`follow_up_examples`). Where the last topic itself is asked about, the paragraph of its answer
that is most alike to the message is the reply.
"""

from dataclasses import replace

from trialguide.nlu.decision import NO_ANSWER, Decision, likeliest
from trialguide.nlu.follow_up_examples import behind_title
from trialguide.nlu.message import Interpretation, Message
from trialguide.nlu.resources import Resources
from trialguide.text.words import WORD

FOLLOW_UP = "follow_up"
# A longer message says by itself what it is about.
MOST_WORDS = 12


def depends_on_topic(message: Message, nlu: Resources) -> bool:
    """Whether a message is short and comes after an answer."""
    return message.context.topic in nlu.catalogue.topics and 0 < len(WORD.findall(message.cleaned)) <= MOST_WORDS


def in_its_place(message: Message, nlu: Resources) -> str:
    """The cleaned text as it is classified, behind a title where it depends on it."""
    topic = message.context.topic
    if topic is None or not depends_on_topic(message, nlu):
        return message.cleaned
    return behind_title(nlu.catalogue.titles[topic], message.cleaned)


def follow_up(message: Message, nlu: Resources) -> Interpretation | None:
    """What a short message after an answer asks for: that topic, another one or a look-up, or what no text says."""
    scores = message.scores.whole
    if not scores or not depends_on_topic(message, nlu):
        return None
    best = likeliest(scores)
    if scores[best] < nlu.thresholds.follow_up or best not in (*nlu.catalogue.titles, NO_ANSWER):
        return None
    return Interpretation(Decision(best, scores[best]), scores)


def asked_again(found: Interpretation, message: Message, nlu: Resources) -> Interpretation:
    """In place of an answer that was just read, the paragraph of it or of its longer form that is most alike to the message."""
    topic = message.context.topic
    if topic is None or found.decision.label != topic or message.example:
        return found
    passage = nlu.passages.nearest(topic, nlu.vector(message.cleaned))
    return replace(found, decision=Decision(FOLLOW_UP, found.decision.confidence), passage=passage)

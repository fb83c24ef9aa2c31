"""Follow-ups: a short message is classified behind the title of the topic or look-up that came before it.

"How many people?" says nothing by itself. The classifier has learned such messages behind the titles they depend on, and
ordinary ones behind any title (`follow_up_examples`). Where the last topic itself is asked about, the paragraph of its answer
that is most alike to the message is the reply.
"""

from dataclasses import replace

from trialguide.nlu.decision import NO_ANSWER, RATE_ANSWER, Decision, likeliest, pick_likeliest
from trialguide.nlu.follow_up_examples import behind_title
from trialguide.nlu.message import Interpretation, Message, Probabilities
from trialguide.nlu.resources import Resources
from trialguide.text.words import WORD

FOLLOW_UP = "follow_up"
# A longer message says by itself what it is about.
MOST_WORDS = 12
# A topic that is so likely, in more words than these few, is meant whatever came before.
CLEAR, FEW_WORDS = 0.95, 3
# So many times as likely as what the message means behind the topic before it, a topic is meant as well.
CLEARER = 1.2
# The likeness of a paragraph to a longer message that is about it.
ALIKE = 0.45


def behind_topic(message: Message, nlu: Resources) -> str | None:
    """A short message behind the title of the topic before it; None for a long one and where nothing comes before."""
    topic = message.context.topic
    if topic not in nlu.catalogue.titles or not 0 < len(WORD.findall(message.cleaned)) <= MOST_WORDS:
        return None
    return behind_title(nlu.catalogue.titles[str(topic)], message.cleaned)


def follow_up(message: Message, nlu: Resources) -> Interpretation | None:
    """What a short message after an answer asks for: that topic, another one or a look-up, or what no text says."""
    alone, scores = message.scores.whole, message.scores.behind_topic
    if not scores or _says_it_alone(message, alone, nlu):
        return None
    best = likeliest(scores)
    if scores[best] < nlu.thresholds.follow_up or best not in (*nlu.catalogue.titles, NO_ANSWER):
        return None
    return Interpretation(Decision(best, scores[best]), scores)


def _says_it_alone(message: Message, alone: Probabilities, nlu: Resources) -> bool:
    """Whether a message is clear without what came before: about no topic, or about one in more than a few words."""
    best, behind = likeliest(alone), message.scores.behind_topic
    # That no text answers it was learned behind other titles: here one may.
    if best == NO_ANSWER:
        return False
    # "And three?" is no rating: those that are clear have been taken before.
    if best not in nlu.catalogue.topics and best != RATE_ANSWER:
        return alone[best] >= nlu.thresholds.answer
    if best == RATE_ANSWER or len(WORD.findall(message.cleaned)) <= FEW_WORDS:
        return False
    clearer = alone[best] > CLEARER * behind[likeliest(behind)]
    return alone[best] >= CLEAR or (alone[best] >= nlu.thresholds.answer and clearer)


def asked_again(found: Interpretation, message: Message, nlu: Resources) -> Interpretation:
    """In place of an answer that was just read, its paragraph that is most alike to the message, or that no text says it.

    Who says that they were misread gets what is next likeliest, if it is likely.
    """
    topic, confidence = message.context.topic, found.decision.confidence
    if topic not in nlu.catalogue.topics or found.decision.label != topic or message.example:
        return found
    if nlu.courtesies.corrects(message.text):
        others = {label: found.probabilities.get(label, 0.0) for label in nlu.catalogue.titles if label != topic}
        if other := pick_likeliest(others, nlu.thresholds.follow_up):
            return replace(found, decision=other)
    # A short message is most alike to nothing; that it is about this topic was read behind its title.
    passage = nlu.passages.nearest(str(topic), nlu.vector(message.cleaned), -1.0 if message.scores.behind_topic else ALIKE)
    return replace(found, decision=Decision(FOLLOW_UP if passage else NO_ANSWER, confidence), passage=passage)

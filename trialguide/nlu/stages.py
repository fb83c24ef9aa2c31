"""The decision stages of the interpreter: each decides about an analysed message or, by None, passes it on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.nlu.alarm import greatest_danger
from trialguide.nlu.decision import (
    DANGERS,
    OUT_OF_SCOPE,
    PERSONAL,
    RATE_ANSWER,
    STATEMENT,
    UNSURE,
    Decision,
    likeliest,
    offer,
    pick_if_sum_reaches,
    pick_likeliest,
    pick_look_up,
    pick_out_of_scope,
    pick_topics,
)
from trialguide.nlu.follow_up import FEW_WORDS, MOST_WORDS
from trialguide.nlu.follow_up_examples import behind_title
from trialguide.nlu.message import LONG, Interpretation, Message, Probabilities, certain
from trialguide.nlu.resources import Resources
from trialguide.nlu.spelling import FEWEST_LETTERS
from trialguide.text.feedback import FOLLOWING
from trialguide.text.normalisation import normalised
from trialguide.text.sentences import asking_clauses, is_question, parts
from trialguide.text.words import WORD

Stage = Callable[[Message, Resources], Interpretation | None]

EMOJI = VOCABULARY / "emoji.yml"
UNREADABLE = "unreadable"
EXPLAIN_WORD = "explain_word"
# Begins those of questions about the assistant.
ABOUT_BOT = "about_bot/"
ABOUT_ME = f"{STATEMENT}about_me"
# So likely at least is it that a place is meant for a look-up.
NAMED = 0.2
INFORM_PLACE = "inform_place"
SEVERAL_TOPICS = "several_topics"
RATE_AND_ASK = "rate_and_ask"
# Decided by rules alone; their examples are there because Rasa wants one.
NOT_LEARNED = (
    *(UNREADABLE, SEVERAL_TOPICS, RATE_AND_ASK, EXPLAIN_WORD, "follow_up", "no_answer"),
    *("check_again_emergency", "check_again_self_harm", "check_in_over"),
)
# So likely at least is the general topic of a question about one's own case.
GENERAL = 0.06
# Letters beside the places in a message that says nothing else: "in Oslo", "Paris or Lyon".
BESIDE_PLACES = 4


def first_decision(stages: Sequence[Stage], message: Message, nlu: Resources) -> Interpretation:
    """The interpretation of the first stage that decides. Raises LookupError if none does."""
    for stage in stages:
        if found := stage(message, nlu):
            return found
    raise LookupError("no stage decided")


def safety_phrase(message: Message, nlu: Resources) -> Interpretation | None:
    """Danger by a phrase; a question about it where the detector sees none, such as in what happened to somebody long ago."""
    label, scores = message.danger_phrase, message.scores
    if label in DANGERS and scores.whole and greatest_danger(scores) < nlu.thresholds.phrase:
        return certain(f"check_in_{label}", scores.whole)
    return certain(label) if label else None


def unreadable(message: Message, nlu: Resources) -> Interpretation | None:
    """A fixed reply by reason, unless stars, an emoji or a place can be made out."""
    if not message.unreadable:
        return None
    if message.unreadable == "no_words" and nlu.ratings.read(message.text):
        return certain(RATE_ANSWER)
    if message.unreadable == "no_words" and (label := next(filter(None, map(_emoji_labels().get, message.text)), None)):
        return certain(label)
    if message.unreadable in ("other_script", "no_words") and message.places:
        return certain(INFORM_PLACE)
    return Interpretation(Decision(f"{UNREADABLE}/{message.unreadable}", 1.0))


def place_alone(message: Message, nlu: Resources) -> Interpretation | None:
    """A message that is nothing but a place."""
    letters = sum(place["end"] - place["start"] for place in message.places) + BESIDE_PLACES
    return certain(INFORM_PLACE) if message.places and len(normalised(message.text)) <= letters else None


def exact_example(message: Message, nlu: Resources) -> Interpretation | None:
    """A message that repeats a training example."""
    return certain(message.example) if message.example else None


def personal_matter(message: Message, nlu: Resources) -> Interpretation | None:
    """A question about one's own case, or a side effect, with the topic that holds what is generally known about it."""
    whole = message.scores.whole
    found = pick_if_sum_reaches(whole, nlu.thresholds.personal, PERSONAL)
    if not found:
        return None
    topic = max(nlu.catalogue.topics, key=lambda id: whole.get(id, 0.0))
    return Interpretation(found, whole, (topic,) if whole.get(topic, 0.0) >= GENERAL else ())


def rating(message: Message, nlu: Resources) -> Interpretation | None:
    """A rating, alone or with the topic that is asked about behind it."""
    found = nlu.ratings.read(message.text)
    if not (found and found.clear):
        return None
    whole = message.scores.whole
    asked = (nlu.topic_of(part, nlu.thresholds.part) for part in parts(found.comment) if is_question(part))
    topic = next(filter(None, asked), None)
    return Interpretation(Decision(RATE_AND_ASK, 1.0), whole, (topic,)) if topic else certain(RATE_ANSWER, whole)


def follow_command(message: Message, nlu: Resources) -> Interpretation | None:
    """A command such as "follow phase 2" that names a topic."""
    command = nlu.following.command(message.text)
    if not (command and nlu.topic_of(command[1], nlu.thresholds.answer)):
        return None
    return Interpretation(Decision(command[0], 1.0), message.scores.whole)


def title_in_it(message: Message, nlu: Resources) -> Interpretation | None:
    """A topic or look-up whose title stands in the message, as on its button: "ok thanks. Who is in a NET team?"."""
    text = f" {normalised(message.corrected)} "
    named = [label for title, label in nlu.titles.items() if f" {title} " in text]
    return certain(named[0], message.scores.whole) if len(named) == 1 else None


def word_meaning(message: Message, nlu: Resources) -> Interpretation | None:
    """A word of the glossary whose meaning is asked, unless the question is surely about the topic that has it in its title."""
    asking = [part for part in parts(message.text) if is_question(part)]
    texts = (message.text, message.corrected, message.cleaned, *(asking if len(asking) == 1 else ()))
    asked = (word for text in texts for word in nlu.meanings.asked_words(text))
    named = next(filter(None, map(nlu.terms.find, asked)), None)
    if named is None:
        return None
    whole, term = message.scores.whole, named.term
    sure = pick_likeliest(whole, nlu.thresholds.answer)
    if sure and sure.label in nlu.catalogue.titles:
        title = f" {normalised(nlu.catalogue.titles[sure.label])} "
        if any(f" {normalised(name)} " in title for name in term.names):
            return None
    return Interpretation(Decision(EXPLAIN_WORD, 1.0), whole, (term.topic,) if term.topic else (), term=named)


def only_question(message: Message, nlu: Resources) -> Interpretation | None:
    """The one question among sentences that ask nothing, where it is clearer by itself than the whole."""
    asked = [(sentence, scores) for sentence, scores in message.scores.sentences if is_question(sentence)]
    if len(asked) != 1 or (message.context.topic and len(WORD.findall(asked[0][0])) <= FEW_WORDS):
        return None
    whole = message.scores.whole
    found, best = pick_likeliest(asked[0][1], nlu.thresholds.part), likeliest(whole)
    if not found or found.label not in nlu.catalogue.titles or best == OUT_OF_SCOPE or whole[best] > found.confidence:
        return None
    return _scored(found, message)


def look_up(message: Message, nlu: Resources) -> Interpretation | None:
    """A look-up in a message that names a place."""
    if not message.places:
        return None
    return _scored(pick_look_up(message.scores.whole, nlu.thresholds.look_up, nlu.catalogue.lookups), message)


def place_told(message: Message, nlu: Resources) -> Interpretation | None:
    """A place as one's own, which may be told as a fact about oneself: "I live in Spain"."""
    whole = message.scores.whole
    told = whole.get(INFORM_PLACE, 0.0) + whole.get(ABOUT_ME, 0.0)
    if not message.places or told < nlu.thresholds.statement or whole.get(INFORM_PLACE, 0.0) < NAMED:
        return None
    return _scored(Decision(INFORM_PLACE, told), message)


def statement(message: Message, nlu: Resources) -> Interpretation | None:
    """Something that a person tells without asking: the likeliest kind, where all kinds together are likely enough."""
    whole = message.scores.whole
    kinds = [label for label in whole if label.startswith(STATEMENT)]
    return _scored(pick_if_sum_reaches(whole, nlu.thresholds.statement, kinds), message)


def unknown_word(message: Message, nlu: Resources) -> Interpretation | None:
    """A single word that nobody knows is no conversation, whatever its letters are like."""
    words = WORD.findall(message.cleaned)
    if len(words) != 1 or len(words[0]) < FEWEST_LETTERS or nlu.speller.knows(words[0]):
        return None
    return offers(message, nlu) if likeliest(message.scores.whole) in nlu.catalogue.conversation else None


def likeliest_label(message: Message, nlu: Resources) -> Interpretation | None:
    """The topic or other label that is likely enough to be answered."""
    return _scored(pick_likeliest(message.scores.whole, nlu.thresholds.answer), message)


def inner_question(message: Message, nlu: Resources) -> Interpretation | None:
    """The clearest question inside of a long message, where the whole is unclear."""
    if len(WORD.findall(message.cleaned)) < LONG:
        return None
    decided = (pick_likeliest(nlu.probabilities(clause), nlu.thresholds.answer) for clause in asking_clauses(message.cleaned))
    clear = [decision for decision in decided if decision and decision.label in nlu.catalogue.titles]
    return _scored(max(clear, key=lambda decision: decision.confidence, default=None), message)


def out_of_scope(message: Message, nlu: Resources) -> Interpretation | None:
    """A message that is likelier out of scope than about anything that could be offered."""
    return _scored(pick_out_of_scope(message.scores.whole, nlu.catalogue.titles), message)


def conversation_as_written(message: Message, nlu: Resources) -> Interpretation | None:
    """Conversation that was taken for a courtesy and stripped: "hello, it's Marta"."""
    found = pick_likeliest(message.scores.as_written, nlu.thresholds.answer)
    return _scored(found, message) if found and found.label in nlu.catalogue.conversation else None


def few_words(message: Message, nlu: Resources) -> Interpretation | None:
    """A topic or look-up in the few words beside courtesies: "no wait, clinics"."""
    short = nlu.courtesies.strip(message.cleaned, fewest=1)
    found = pick_likeliest(nlu.probabilities(short), nlu.thresholds.answer) if short != message.cleaned else None
    return _scored(found, message) if found and found.label in nlu.catalogue.titles else None


def offers(message: Message, nlu: Resources) -> Interpretation | None:
    """The likeliest topics and look-ups, to choose from."""
    return _scored(offer(message.scores.whole, nlu.catalogue.titles), message)


@dataclass(frozen=True)
class SeveralTopics:
    """Several questions of which some are clear, unless the message as a whole is out of scope or about a safety matter.

    `one_topic` are the stages that decide about the message as a whole. One clear question is enough where the whole is
    unsure: the others are named as left over.
    """

    one_topic: Sequence[Stage]

    def __call__(self, message: Message, nlu: Resources) -> Interpretation | None:
        asked = list(_questions(message, nlu))
        topics, left_over = pick_topics(asked, nlu.thresholds.part, nlu.catalogue.topics)
        if len(asked) < 2 or not topics:
            return None
        whole = first_decision(self.one_topic, message, nlu)
        if whole.decision.label in nlu.catalogue.safety:
            return whole
        if len(topics) == 1 and (whole.decision.label != UNSURE or not left_over):
            return None
        decision = Decision(SEVERAL_TOPICS, whole.decision.confidence)
        return replace(whole, decision=decision, topics=topics, left_over=left_over)


def _questions(message: Message, nlu: Resources) -> Iterator[tuple[str, Probabilities]]:
    """The questions of a message with their probabilities, those of an unclear short one behind the topic before it."""
    before = None
    for sentence, scores in message.scores.sentences:
        if not is_question(sentence):
            continue
        if before and not pick_likeliest(scores, nlu.thresholds.part) and len(WORD.findall(sentence)) <= MOST_WORDS:
            scores = nlu.probabilities(behind_title(nlu.catalogue.titles[before], sentence))
        clear = pick_likeliest(scores, nlu.thresholds.part)
        if clear and clear.label in nlu.catalogue.topics:
            before = clear.label
        yield sentence, scores


def add_followed_topic(found: Interpretation, message: Message, nlu: Resources) -> Interpretation:
    """Completes the decision to follow or unfollow by the topic that is meant, or by all topics."""
    if found.decision.label not in FOLLOWING:
        return found
    command = nlu.following.command(message.text)
    named = filter(None, (command[1] if command else None, nlu.following.topic_words(message.text)))
    topic = next(filter(None, (nlu.topic_of(words, nlu.thresholds.answer) for words in named)), None)
    everything = not topic and nlu.following.means_everything(message.text)
    return replace(found, topics=(topic,) if topic else (), everything=everything)


@cache
def _emoji_labels() -> dict[str, str]:
    return {emoji: label for label, row in load_yaml(EMOJI).items() for emoji in row}


def _scored(decision: Decision | None, message: Message) -> Interpretation | None:
    return Interpretation(decision, message.scores.whole) if decision else None

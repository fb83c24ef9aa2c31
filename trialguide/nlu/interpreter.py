"""Interprets messages: from a text to an intent, by the stages of `ANALYSIS` and `DECISION`, in order.

Analysis: each stage adds to the message, none decides.

1. `check_readability`: too long, empty, without words, in another script.
2. `correct_words`: abbreviations and misspelt words.
3. `match_example`: the training example that the message repeats, if any. Such a message skips 4 and the classifier.
4. `strip_courtesies`: politeness around a question.
5. `classify_and_search`: the encoder and the networks give every label a probability, for the message and for each of its
   sentences; places and safety phrases are searched for meanwhile.

Decision: the first stage that decides ends the list.

6. `alarm_state`: while an alarm goes on, everything is read as about it.
7. `safety_phrase`: a phrase that means danger.
8. `unreadable`: a fixed reply by reason.
9. `place_alone`: nothing but a place.
10. `exact_example`: the label of the repeated example. All stages behind it read the classifier's probabilities.
11. `danger`: emergency and self-harm together reach the threshold of an alarm, or the lower one of a question about it.
12. `personal_matter`: medical advice and side effects.
13. `rating`: stars, perhaps with a question behind them.
14. `follow_command`: a command that names a topic.
15. `title_in_it`: a topic or look-up by its title, as on its button.
16. `word_meaning`: a word of the glossary whose meaning is asked.
17. `only_question`: the one question among sentences that ask nothing.
18. `follow_up`: a short message in the light of the topic before it.
19. `SeveralTopics`: several questions of which some are clear.
20. `look_up`: a look-up beside a place.
21. `place_told`: a place as one's own.
22. `unknown_word`: a single word that nobody knows is no conversation.
23. `statement`: something told without a question.
24. `likeliest_label`: the likeliest topic, look-up or other label reaches the threshold for answering.
25. `inner_question`: the clearest question inside of a long message.
26. `out_of_scope`: likelier than all that could be offered.
27. `conversation_as_written`: a greeting or the like that was stripped as a courtesy.
28. `few_words`: the few words beside courtesies name a topic or look-up.
29. `offers`: three topics or look-ups to choose from.

A new stage is a function or class of the type `Stage`, at its place in the tuple and in this list.
"""

from dataclasses import replace

from trialguide.nlu.alarm import alarm_state, danger
from trialguide.nlu.analysis import check_readability, classify_and_search, correct_words, match_example, strip_courtesies
from trialguide.nlu.follow_up import asked_again, follow_up
from trialguide.nlu.message import NO_CONTEXT, Context, Interpretation, Message
from trialguide.nlu.resources import Resources
from trialguide.nlu.stages import (
    SeveralTopics,
    Stage,
    add_followed_topic,
    conversation_as_written,
    exact_example,
    few_words,
    first_decision,
    follow_command,
    inner_question,
    likeliest_label,
    look_up,
    offers,
    only_question,
    out_of_scope,
    personal_matter,
    place_alone,
    place_told,
    rating,
    safety_phrase,
    statement,
    title_in_it,
    unknown_word,
    unreadable,
    word_meaning,
)

ANALYSIS = (check_readability, correct_words, match_example, strip_courtesies, classify_and_search)
# For a message about one thing that is neither danger nor personal, a rating or a command.
ONE_TOPIC: tuple[Stage, ...] = (
    look_up,
    place_told,
    unknown_word,
    statement,
    likeliest_label,
    inner_question,
    out_of_scope,
    conversation_as_written,
    few_words,
    offers,
)
DECISION: tuple[Stage, ...] = (
    alarm_state,
    safety_phrase,
    unreadable,
    place_alone,
    exact_example,
    danger,
    personal_matter,
    rating,
    follow_command,
    title_in_it,
    word_meaning,
    only_question,
    follow_up,
    SeveralTopics(ONE_TOPIC),
    *ONE_TOPIC,
)


class Interpreter:
    """Interprets messages by a trained model and the word lists."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def interpret(self, text: str, context: Context = NO_CONTEXT) -> Interpretation:
        """The decision about a text in its context, with the topics and places in it."""
        return self.decide(self.analyse(text, context))

    def analyse(self, text: str, context: Context = NO_CONTEXT) -> Message:
        """The message after the analysis stages; no threshold has been read yet."""
        message = Message(text, context)
        for stage in ANALYSIS:
            stage(message, self.resources)
        return message

    def decide(self, message: Message) -> Interpretation:
        """The decision about an analysed message."""
        found = asked_again(first_decision(DECISION, message, self.resources), message, self.resources)
        found = add_followed_topic(found, message, self.resources)
        return replace(found, places=message.places)

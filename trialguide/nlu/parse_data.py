"""Serialises interpretations as Rasa's parse data.

Topics are written as a retrieval intent, as Rasa's own ResponseSelector does, so that the one action `utter_faq` answers them
all.
"""

from dataclasses import asdict
from typing import Any

from trialguide.content.catalogue import FAQ, Catalogue
from trialguide.nlu.decision import STATEMENT
from trialguide.nlu.message import Interpretation
from trialguide.nlu.stages import ABOUT_BOT, RATE_AND_ASK, SEVERAL_TOPICS, UNREADABLE

RANKING_LENGTH = 10

ParseData = dict[str, Any]


def parse_data(interpretation: Interpretation, catalogue: Catalogue) -> ParseData:
    """The parse data of an interpretation.

    `response_selector` is there for a topic only, `passage` for a follow-up, `term` for a word that is to be explained.
    """
    decision = interpretation.decision
    ranked = sorted(interpretation.probabilities.items(), key=lambda item: -item[1])[:RANKING_LENGTH]
    full_intent = catalogue.intent(decision.label)
    intent, _, key = full_intent.partition("/")
    found: ParseData = {
        "intent": {"name": intent, "confidence": decision.confidence},
        "intent_ranking": [{"name": catalogue.intent(label), "confidence": value} for label, value in ranked],
        "entities": list(interpretation.places),
        "offers": list(decision.offers),
        "topics": list(interpretation.topics),
        "left_over": list(interpretation.left_over),
        "everything": interpretation.everything,
    }
    if interpretation.passage:
        found["passage"] = asdict(interpretation.passage)
    if interpretation.term:
        found["term"] = {"id": interpretation.term.term.id, "name": interpretation.term.name}
    answered = full_intent if key else None
    if decision.label in (SEVERAL_TOPICS, RATE_AND_ASK):
        answered = catalogue.intent(interpretation.topics[0])
    if answered:
        answer = {"intent_response_key": answered, "utter_action": f"utter_{answered}", "confidence": decision.confidence}
        retrieval = answered.partition("/")[0]
        found["response_selector"] = {
            "all_retrieval_intents": [FAQ, STATEMENT.rstrip("/"), ABOUT_BOT.rstrip("/"), UNREADABLE],
            retrieval: {"response": answer, "ranking": []},
        }
    if key:
        found["intent"]["full_retrieval_intent_name"] = full_intent
    return found

"""NLU component: decides which topic, look-up or other intent a message is about, and finds the places in it.

A pretrained sentence encoder sees what is meant, character n-grams see the words themselves, misspelt or not; one small
network over flat topics weighs both. Topics are written as a retrieval intent, in the form that Rasa's own ResponseSelector
uses, so that the one action `utter_faq` answers them all.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.catalogue import CATALOGUE_FILE, FAQ, load_catalogue
from components.courtesies import COURTESIES, load_courtesies
from components.decision import Thresholds
from components.message_kind import normalised
from components.place_entities import ABOUT_PLACES, PlaceEntities
from components.place_words import ordinary_words
from components.safety_phrases import SAFETY_PHRASES, SafetyPhrases
from components.sentence_encoder import ALL_CORES, SentenceEncoder
from components.short_forms import SHORT_FORMS, load_short_forms
from components.spelling import Spelling, count_words
from components.topic_model import Settings, TopicModel
from components.understanding import RATE_AND_ASK, TWO_TOPICS, UNREADABLE, Reader, Understanding

# Decided by rules alone; their examples are there because Rasa wants one.
NOT_LEARNED = (UNREADABLE, TWO_TOPICS, RATE_AND_ASK)
RANKING_LENGTH = 10
LEARNED = "learned.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Sets the intent, its ranking, the entities and, for a topic, which answer belongs to it."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings, as explained in config.yml."""
        return {
            "model": {
                "networks": 3,
                "hidden": 384,
                "ngram_dimensions": 400,
                "ngram_share": 1.5,
                "ngram_fewest": 4,
                "temperature": 0.7,
            },
            "thresholds": {
                "answer": 0.6,
                "personal": 0.34,
                "danger": 0.19,
                "danger_in_part": 0.9,
                "danger_as_written": 0.5,
                "part": 0.7,
                "look_up": 0.3,
            },
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A hash of what training reads beside the training data, so that Rasa's cache notices when it changes."""
        read = [CATALOGUE_FILE, COURTESIES, SHORT_FORMS, SAFETY_PHRASES, *sorted(Path(__file__).parent.glob("*.py"))]
        return hashlib.sha256(b"".join(file.read_bytes() for file in read)).hexdigest()

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "TopicClassifier":
        return cls(config, model_storage, resource)

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._thresholds = Thresholds(**config["thresholds"])
        self._catalogue = load_catalogue()
        self._reader: Reader | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the examples of all intents and from the titles of the topics."""
        examples = [
            (message.get(TEXT), _topic_id(message.get("intent_response_key") or message.get(INTENT)))
            for message in training_data.intent_examples
            if message.get(INTENT) not in NOT_LEARNED
        ]
        examples += [(title, id) for id, title in self._catalogue.titles.items()]
        courtesies, short_forms = load_courtesies(), load_short_forms()
        plain = [courtesies.without(short_forms.written_out(sentence)) for sentence, _ in examples]
        labels = [label for _, label in examples]
        model = TopicModel.fit(SentenceEncoder(cores=ALL_CORES), plain, labels, Settings(**self._config["model"]))
        phrases = yaml.safe_load(SAFETY_PHRASES.read_text(encoding="utf-8"))
        known = {normalised(sentence): label for sentence, label in examples}
        # Nobody misspells a place with a word that is used about other things.
        about_others = (message for message in training_data.intent_examples if message.get(INTENT) not in ABOUT_PLACES)
        ordinary = sorted(ordinary_words(message.get(TEXT) for message in about_others))
        learned = {"known": known, "phrases": phrases, "words": count_words(plain), "ordinary": ordinary}
        with self._model_storage.write_to(self._resource) as folder:
            model.save(folder)
            (folder / LEARNED).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicClassifier":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            encoder = SentenceEncoder()
            learned = json.loads((folder / LEARNED).read_text(encoding="utf-8"))
            component._reader = Reader(
                TopicModel.load(encoder, folder),
                learned["known"],
                Spelling(learned["words"], encoder.words()),
                SafetyPhrases(learned["phrases"]),
                PlaceEntities(learned["ordinary"]),
                Thresholds(**config["thresholds"]),
                component._catalogue,
            )
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Writes `intent`, `intent_ranking`, `entities`, `offers` and `response_selector` into each message."""
        assert self._reader is not None, "process is called on a loaded component only"
        for message in messages:
            # The encoder takes no lone surrogates.
            text = (message.get(TEXT) or "").encode(errors="replace").decode()
            self._write(message, self._reader.understand(text))
        return messages

    def _write(self, message: Message, understanding: Understanding) -> None:
        decision = understanding.decision
        ranked = sorted(understanding.probabilities.items(), key=lambda item: -item[1])[:RANKING_LENGTH]
        full_intent = self._catalogue.intent(decision.label)
        intent, _, key = full_intent.partition("/")
        found = {
            "intent": {"name": intent, "confidence": decision.confidence},
            "intent_ranking": [{"name": self._catalogue.intent(label), "confidence": value} for label, value in ranked],
            "entities": list(understanding.places),
            "offers": list(decision.offers),
            "topics": list(understanding.topics),
            "everything": understanding.everything,
        }
        answered = full_intent if key else None
        if decision.label in (TWO_TOPICS, RATE_AND_ASK):
            answered = self._catalogue.intent(understanding.topics[0])
        if answered:
            answer = {"intent_response_key": answered, "utter_action": f"utter_{answered}", "confidence": decision.confidence}
            retrieval = answered.partition("/")[0]
            found["response_selector"] = {
                "all_retrieval_intents": [FAQ, UNREADABLE],
                retrieval: {"response": answer, "ranking": []},
            }
        for name, value in found.items():
            message.set(name, value, add_to_output=True)


def _topic_id(full_intent: str) -> str:
    return full_intent.removeprefix(f"{FAQ}/")

"""NLU component: classifies messages into topics, look-ups and other intents, and extracts places.

A pretrained sentence encoder captures the meaning, character n-grams the words themselves, misspelt or not; one small network
over flat topics weighs both.
"""

import hashlib
import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from trialguide.content.catalogue import CATALOGUE_FILE, FAQ, load_catalogue
from trialguide.content.files import ENCODER_RECORD, TRAINING_PACKAGES
from trialguide.nlu.follow_up_examples import FOLLOW_UPS
from trialguide.nlu.harmless_messages import HARMLESS
from trialguide.nlu.preprocessing import ABBREVIATIONS, COURTESIES
from trialguide.nlu.safety_phrases import SAFETY_PHRASES
from trialguide.nlu.worker import NluWorker


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Sets the intent, its ranking, the entities and, for a topic, its answer."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings, as explained in config.yml."""
        return {
            "model": {
                "networks": 3,
                "hidden": 384,
                "detector_networks": 2,
                "detector_hidden": 256,
                "ngram_dimensions": 400,
                "ngram_share": 1.5,
                "ngram_fewest": 4,
                "temperature": 0.7,
            },
            "thresholds": {
                "answer": 0.5,
                "personal": 0.2,
                "danger": 0.5,
                "check_in": 0.38,
                "danger_in_part": 0.8,
                "danger_as_written": 0.6,
                "part": 0.6,
                "look_up": 0.3,
                "statement": 0.42,
                "phrase": 0.1,
                "follow_up": 0.25,
            },
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A hash of everything that the training reads beside the training data, so that Rasa's cache notices a change."""
        code = (file for package in TRAINING_PACKAGES for file in sorted(package.glob("*.py")))
        read = [CATALOGUE_FILE, FOLLOW_UPS, HARMLESS, COURTESIES, ABBREVIATIONS, SAFETY_PHRASES, ENCODER_RECORD, *code]
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
        # Runs only for a loaded model.
        self.worker: NluWorker | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Trains on the examples of all intents and the titles of the topics."""
        # Imported when needed: a server does not train.
        from trialguide.nlu.stages import NOT_LEARNED
        from trialguide.nlu.topic_model import Settings
        from trialguide.nlu.training import train
        from trialguide.places.entities import ABOUT_PLACES

        examples = [
            (message.get(TEXT), _topic_id(message.get("intent_response_key") or message.get(INTENT)))
            for message in training_data.intent_examples
            if message.get(INTENT) not in NOT_LEARNED
        ]
        examples += [(title, id) for id, title in load_catalogue().titles.items()]
        about_others = (
            message.get(TEXT) for message in training_data.intent_examples if message.get(INTENT) not in ABOUT_PLACES
        )
        with self._model_storage.write_to(self._resource) as folder:
            train(examples, about_others, Settings(**self._config["model"]), folder)
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
            component.worker = NluWorker(folder, config["thresholds"])
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Writes `intent`, `intent_ranking`, `entities`, `offers` and `response_selector` into each message."""
        assert self.worker is not None, "process is called on a loaded component only"
        for message in messages:
            for name, value in json.loads(self.worker.parse_blocking(message.get(TEXT) or "")).items():
                message.set(name, value, add_to_output=True)
        return messages


def _topic_id(full_intent: str) -> str:
    return full_intent.removeprefix(f"{FAQ}/")

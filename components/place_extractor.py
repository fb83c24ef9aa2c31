"""NLU component: finds countries and cities in a message."""

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from actions.places import BETWEEN, all_cities, coordinates
from components.message_kind import MAX_CHARACTERS
from components.place_names import PlaceFinder
from components.place_words import ordinary_words

ABOUT_PLACES = frozenset({"inform_place", "find_clinic", "find_support_group", "find_trial"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class PlaceExtractor(GraphComponent, EntityExtractorMixin):
    """Writes an entity for each place in a message.

    `country` (value `DE`), `city` (value `DE/Berlin`, or `NO/59.91,10.75` for a location that is shared), or `unknown_place`
    (value as written) where a place is announced that nobody knows. Where it is open which place is meant the value holds all
    of them, joined by `|`. `namesakes` are less known places of the same name.
    """

    def __init__(self, model_storage: ModelStorage, resource: Resource) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._finder: PlaceFinder | None = None

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "PlaceExtractor":
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns which words are ordinary, from the examples that are not about places."""
        sentences = [message.get(TEXT) for message in training_data.intent_examples if message.get(INTENT) not in ABOUT_PLACES]
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "ordinary.json").write_text(json.dumps(sorted(ordinary_words(sentences))), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leaves the examples as they are: nothing learns from places."""
        return training_data

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "PlaceExtractor":
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._finder = PlaceFinder(json.loads((folder / "ordinary.json").read_text(encoding="utf-8")))
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities. Messages that are too long to be read are left alone."""
        for message in messages:
            text = message.get(TEXT) or ""
            if len(text) <= MAX_CHARACTERS:
                message.set(ENTITIES, message.get(ENTITIES, []) + self._entities(text), add_to_output=True)
        return messages

    def _entities(self, text: str) -> list[dict[str, Any]]:
        assert self._finder is not None, "process is called on a loaded component only"
        location = coordinates(text)
        if location:
            return [_entity("city", 0, len(text), all_cities().place_at(*location))]
        mentions = self._finder.mentions(text)
        value = BETWEEN.join(dict.fromkeys(place for mention in mentions for place in mention.places))
        kind = "city" if "/" in value else "country"
        if mentions:
            return [_entity(kind, found.start, found.end, value, namesakes=list(found.namesakes)) for found in mentions]
        strange = self._finder.unknown(text)
        return [_entity("unknown_place", *strange, text[slice(*strange)])] if strange else []


def _entity(kind: str, start: int, end: int, value: str, **more: Any) -> dict[str, Any]:
    return {"entity": kind, "start": start, "end": end, "value": value, "extractor": PlaceExtractor.__name__, **more}

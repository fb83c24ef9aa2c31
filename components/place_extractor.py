"""NLU component: finds countries and cities in a message."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.places import Gazetteer, gazetteer
from components.message_kind import MAX_CHARACTERS


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PlaceExtractor(GraphComponent, EntityExtractorMixin):
    """Writes an entity `country` (value `DE`) or `city` (value `DE/Berlin`) for each place in a message."""

    def __init__(self, places: Gazetteer) -> None:
        self._places = places

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "PlaceExtractor":
        return cls(gazetteer())

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities. Messages that are too long to be read are left alone."""
        for message in messages:
            text = message.get(TEXT) or ""
            if len(text) <= MAX_CHARACTERS:
                message.set(ENTITIES, message.get(ENTITIES, []) + self._entities(text), add_to_output=True)
        return messages

    def _entities(self, text: str) -> list[dict[str, Any]]:
        return [
            {
                "entity": "city" if mention.is_city else "country",
                "start": mention.start,
                "end": mention.end,
                "value": mention.place,
                "extractor": type(self).__name__,
            }
            for mention in self._places.mentions(text)
        ]

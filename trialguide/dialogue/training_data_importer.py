"""Importer that reads the training data once per training."""

from typing import Any

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method


class TrainingDataImporter(RasaFileImporter):
    """Rasa's file importer with a cache and examples that are shared instead of copied.

    Overrides `get_nlu_data`: Rasa reads and checks all examples twice, with and without their language, then merges them ten
    times and copies and hashes each example every time. It would go with a cache in Rasa that ignores the language.
    """

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """All examples; they are in one language."""
        return self._read_once()

    @cached_method
    def _read_once(self) -> TrainingData:
        data = super().get_nlu_data()
        data.training_examples = [_Example(example.data, example.output_properties) for example in data.training_examples]
        return data


class _Example(Message):
    """An immutable example: a copy is the example itself."""

    def __deepcopy__(self, _: dict[int, Any]) -> "_Example":
        return self

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        if self.get(prop) != info or add_to_output:
            super().set(prop, info, add_to_output)

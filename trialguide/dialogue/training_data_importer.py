"""Reads the training data from the files of the project, once in a training, and without copying them again and again."""

from typing import Any

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method


class TrainingDataImporter(RasaFileImporter):
    """Rasa's own importer, which reads and checks all examples twice: asked for with and without their language.

    Rasa then merges them ten times with next to nothing, and copies and hashes each of them anew every time.
    """

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples; all are in one language."""
        return self._read_once()

    @cached_method
    def _read_once(self) -> TrainingData:
        data = super().get_nlu_data()
        data.training_examples = [_Example(example.data, example.output_properties) for example in data.training_examples]
        return data


class _Example(Message):
    """An example, which nothing changes once it is read: all who hold it may hold the same."""

    def __deepcopy__(self, _: dict[int, Any]) -> "_Example":
        return self

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        if self.get(prop) != info or add_to_output:
            super().set(prop, info, add_to_output)

"""Reads the training data from the files of the project, once in a training."""

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method


class TrainingDataImporter(RasaFileImporter):
    """Rasa's own importer, which reads and checks all examples twice: asked for with and without their language."""

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples; all are in one language."""
        return self._read_once()

    @cached_method
    def _read_once(self) -> TrainingData:
        return super().get_nlu_data()

"""The training data are those that Rasa's own importer reads."""

from pathlib import Path

import pytest
from rasa.shared.importers.importer import E2EImporter, ResponsesSyncImporter, TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

import trialguide.dialogue.training_data_importer as own

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "config_file": str(ROOT / "config.yml"),
    "domain_path": str(ROOT / "domain.yml"),
    "training_data_paths": [str(ROOT / "data" / name) for name in ("nlu/conversation.yml", "faq/placebo.yml", "rules")],
}


@pytest.fixture(scope="module")
def merged() -> tuple[TrainingData, TrainingData]:
    """Ours and Rasa's, as a training gets them."""

    def training(importer: TrainingDataImporter) -> TrainingData:
        return E2EImporter(ResponsesSyncImporter(importer)).get_nlu_data()

    return training(own.TrainingDataImporter(**FILES)), training(RasaFileImporter(**FILES))


def test_the_examples_are_the_same(merged: tuple[TrainingData, TrainingData]) -> None:
    ours, rasas = (data.training_examples for data in merged)
    assert len(ours) > 100
    assert [example.as_dict() for example in ours] == [example.as_dict() for example in rasas]


def test_a_change_is_noticed_as_rasa_notices_it(merged: tuple[TrainingData, TrainingData]) -> None:
    ours, rasas = merged
    assert ours.fingerprint() == rasas.fingerprint()
    for data in merged:
        data.training_examples[0].set("text", "another")
    assert ours.fingerprint() == rasas.fingerprint()

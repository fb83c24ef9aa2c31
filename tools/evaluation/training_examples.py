"""The training examples, in the order of the files, and an encoder that caches their vectors."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialguide.content.catalogue import FAQ, Catalogue
from trialguide.content.files import ROOT, load_yaml
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.sentence_encoder import ALL_CORES, SentenceEncoder
from trialguide.nlu.stages import NOT_LEARNED
from trialguide.nlu.topic_model import Settings
from trialguide.nlu.training import clean


@dataclass(frozen=True)
class Example:
    """A sentence with its label."""

    text: str
    label: str


class CachingEncoder(SentenceEncoder):
    """A sentence encoder that encodes each sentence once."""

    def __init__(self) -> None:
        super().__init__(cores=ALL_CORES)
        self._cache: dict[str, np.ndarray] = {}

    def encode(self, sentences: Sequence[str], meanwhile: Callable[[], None] | None = None) -> np.ndarray:
        if meanwhile:
            meanwhile()
        new = list(dict.fromkeys(sentence for sentence in sentences if sentence not in self._cache))
        self._cache.update(zip(new, super().encode(new), strict=True))
        return np.stack([self._cache[sentence] for sentence in sentences])


def training_examples(catalogue: Catalogue) -> list[Example]:
    """The examples of the content files and the titles of the topics, cleaned as for the training."""
    from rasa.shared.data import get_data_files
    from rasa.shared.importers.utils import training_data_from_paths
    from rasa.shared.nlu.training_data.formats import RasaYAMLReader

    files = sorted(get_data_files([str(ROOT / "data")], RasaYAMLReader.is_yaml_nlu_file))
    labelled = [
        (message.get("text"), (message.get("intent_response_key") or message.get("intent")).removeprefix(f"{FAQ}/"))
        for message in training_data_from_paths(files, "en").intent_examples
        if message.get("intent") not in NOT_LEARNED
    ]
    labelled += [(title, id) for id, title in catalogue.titles.items()]
    cleaned = clean(text for text, _ in labelled)
    return [Example(text, label) for text, (_, label) in zip(cleaned, labelled, strict=True)]


def configured() -> tuple[Settings, Thresholds]:
    """The settings of the topic model and the thresholds in config.yml."""
    pipeline: list[dict[str, Any]] = load_yaml(ROOT / "config.yml")["pipeline"]
    classifier = next(row for row in pipeline if "thresholds" in row)
    return Settings(**classifier["model"]), Thresholds(**classifier["thresholds"])


def positions_by_label(labels: Sequence[Hashable]) -> list[list[int]]:
    """The positions of each label's examples, in order."""
    positions: defaultdict[Hashable, list[int]] = defaultdict(list)
    for position, label in enumerate(labels):
        positions[label].append(position)
    return list(positions.values())

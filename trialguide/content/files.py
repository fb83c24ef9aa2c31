"""Paths of the repository's folders, and the loader of its YAML files."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
DIRECTORY = DATA / "directory"
# The hash of the encoder's layers, beside them, and what they were made from.
ENCODER_RECORD = DATA / "encoder" / "layers.yml"
# What stands behind each text, and who runs the assistant: an operator writes both, and nothing is learned from them.
REVIEWS = DATA / "reviews"
OPERATOR = DATA / "operator.yml"
# Looked up, never learned.
GLOSSARY = DATA / "glossary.yml"
VOCABULARY = DATA / "vocabulary"
WORDS = DATA / "words"
DOCS = ROOT / "docs"
MODELS = ROOT / "models"
WEB = ROOT / "web"
# Packages whose code decides what a model learns: a change requires a new training.
TRAINING_PACKAGES = tuple(ROOT / "trialguide" / name for name in ("content", "text", "places", "nlu"))


# That of libyaml, where it is installed, takes a tenth of the time.
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Takes every value and key for a text: `on`, `no` and days stay what they are.
TEXT_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def load_yaml(file: Path) -> Any:
    """The content of a YAML file in UTF-8. Raises OSError, UnicodeDecodeError and yaml.YAMLError."""
    return yaml.load(file.read_text(encoding="utf-8"), YAML_LOADER)  # noqa: S506


def load_texts(file: Path) -> Any:
    """The content of a YAML file that holds texts only. Raises what `load_yaml` raises."""
    return yaml.load(file.read_text(encoding="utf-8"), TEXT_LOADER)  # noqa: S506

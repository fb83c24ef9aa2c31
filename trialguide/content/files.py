"""Paths of the repository's folders."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
DIRECTORY = DATA / "directory"
VOCABULARY = DATA / "vocabulary"
WORDS = DATA / "words"
DOCS = ROOT / "docs"
MODELS = ROOT / "models"
WEB = ROOT / "web"
# The packages whose code decides what a model learns: a change of theirs asks for a new training.
TRAINING_PACKAGES = tuple(ROOT / "trialguide" / name for name in ("content", "text", "places", "nlu"))

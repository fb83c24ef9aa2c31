"""The weights of the sentence encoder: published embeddings below six layers that were distilled from a larger encoder.

The embeddings come from a package, the layers from data/encoder/, where `make encoder` writes them in 8 bits. Both are held
against a SHA-256, so that what is served is what was measured.
"""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from trialguide.content.files import load_yaml

PUBLISHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Beside their record.
LAYERS = "layers.safetensors"
# Begins the names of all weights in the layers.
IN_LAYERS = "encoder.layer."
# Ends the name of a matrix's scales, shape (rows, 1): the matrix is `int8 * scales`.
SCALES = ".scales"


class WeightsChanged(Exception):
    """The encoder's weights are not those that this project was built and measured with."""


def load_weights(package: Path, record: Path) -> dict[str, np.ndarray]:
    """The embeddings of a package and the layers beside a record, in 32 bits. Raises WeightsChanged if either has changed."""
    weights = read_checked(package / "model.safetensors", PUBLISHED_SHA256, "Run 'make clean setup'.")
    remedy = "Restore it with 'git checkout data/encoder', or make it anew with 'make encoder'."
    layers = read_checked(record.with_name(LAYERS), load_yaml(record)["sha256"], remedy)
    scales = {name.removesuffix(SCALES): layers.pop(name) for name in list(layers) if name.endswith(SCALES)}
    return weights | layers | {name: layers[name] * scale for name, scale in scales.items()}


def read_checked(file: Path, sha256: str, remedy: str) -> dict[str, np.ndarray]:
    """The tensors of a file. Raises WeightsChanged, with the remedy, when its SHA-256 is another."""
    content = file.read_bytes() if file.exists() else b""
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise WeightsChanged(f"{file} has SHA-256 {digest}, expected {sha256}. {remedy}")
    weights: dict[str, np.ndarray] = load(content)
    return weights

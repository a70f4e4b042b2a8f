"""Writes a tuned encoder as an ONNX model in whole numbers of 8 bits, its layers fused as onnxruntime has them.

Token ids of texts of one length, shape (n, length), to the mean of the last layer's token vectors, shape (n, 384).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from hair_answers.nlu.encoder import DIMENSIONS

HEADS = 12
VIEWS = ("query", "key", "value")
LAYERS = 6
EPSILON = 1e-12
OPERATORS, FUSED_OPERATORS, FORMAT = 17, 1, 9  # versions that onnxruntime 1.23 reads
LONGEST = 512  # tokens the model has positions for
FUSED = "com.microsoft"

Weights = dict[str, torch.Tensor]
Array = npt.NDArray[np.float32]


class _Graph:
    """Collects nodes and weights; every method returns the name of what it made."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def weight(self, name: str) -> Array:
        """Return one of the encoder's weights."""
        return np.asarray(self._weights[name].numpy(), np.float32)

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        """Store a value."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], name: str, domain: str = "", **settings: object) -> str:
        """Add an operation; its output bears its name."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **settings))
        return name

    def embeddings(self) -> str:
        """Look tokens up in a table of whole numbers with a scale a token: a quarter of the table in floats."""
        words = self.weight("embeddings.word_embeddings.weight")
        scales = np.abs(words).max(axis=1, keepdims=True) / 127
        table = self.constant("words", np.rint(words / np.maximum(scales, EPSILON)).astype(np.int8))
        looked_up = self.node(
            "Cast", [self.node("Gather", [table, "ids"], "word_numbers")], "word_floats", to=1
        )
        scale = self.node("Gather", [self.constant("word_scales", scales), "ids"], "word_scale")
        meaning = self.node("Mul", [looked_up, scale], "word_vectors")
        first_kind = self.weight("embeddings.token_type_embeddings.weight")[0]
        places = self.weight("embeddings.position_embeddings.weight")[:LONGEST] + first_kind
        one = self.constant("one", np.array([1], np.int64))
        two = self.constant("two", np.array([2], np.int64))
        length = self.node("Slice", [self.node("Shape", ["ids"], "shape"), one, two], "length")
        zero = self.constant("zero", np.array([0], np.int64))
        placed = self.node("Slice", [self.constant("places", places), zero, length], "place_vectors")
        both = self.node("Add", [meaning, placed], "embedded")
        gain = self.constant("embedding_gain", self.weight("embeddings.LayerNorm.weight"))
        shift = self.constant("embedding_shift", self.weight("embeddings.LayerNorm.bias"))
        return self.node(
            "LayerNormalization", [both, gain, shift], "embedding_states", axis=-1, epsilon=EPSILON
        )

    def layer(self, number: int, states: str) -> str:
        """Add one layer of attention and two of words' own."""
        own = f"encoder.layer.{number}."
        name = f"layer_{number}_"
        views = [self._view(f"{name}{part}", states, f"{own}attention.self.{part}.") for part in VIEWS]
        biases = [self.weight(f"{own}attention.self.{part}.bias") for part in VIEWS]
        bias = self.constant(f"{name}view_bias", np.concatenate(biases))
        attended = self.node("MultiHeadAttention", [*views, bias], f"{name}attention", FUSED, num_heads=HEADS)
        mixed = self._joined(f"{name}mixed", attended, states, f"{own}attention.output.")
        wide = self.node(
            "MatMul",
            [mixed, self.constant(f"{name}widen", self.weight(f"{own}intermediate.dense.weight").T)],
            f"{name}wide",
        )
        bias = self.constant(f"{name}widen_bias", self.weight(f"{own}intermediate.dense.bias"))
        bent = self.node("BiasGelu", [wide, bias], f"{name}bent", FUSED)
        return self._joined(f"{name}states", bent, mixed, f"{own}output.")

    def _view(self, name: str, states: str, own: str) -> str:
        """Project states to what a head looks for, looks at or passes on."""
        return self.node(
            "MatMul", [states, self.constant(f"{name}_project", self.weight(f"{own}weight").T)], name
        )

    def _joined(self, name: str, new: str, old: str, own: str) -> str:
        """Project what is new, add it to what was, and normalise."""
        narrow = self.constant(f"{name}_project", self.weight(f"{own}dense.weight").T)
        projected = self.node("MatMul", [new, narrow], f"{name}_projected")
        rest = [
            self.constant(f"{name}_{part}", self.weight(f"{own}{part}"))
            for part in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
        ]
        return self.node("SkipLayerNormalization", [projected, old, *rest], name, FUSED, epsilon=EPSILON)


def model_of(weights: Weights) -> onnx.ModelProto:
    """Return the encoder in floats, but for the table of words."""
    graph = _Graph(weights)
    states = graph.embeddings()
    for number in range(LAYERS):
        states = graph.layer(number, states)
    graph.node("ReduceMean", [states], "vectors", axes=[1], keepdims=0)
    made = helper.make_graph(
        graph.nodes,
        "safety_encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "length"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", DIMENSIONS])],
        graph.constants,
    )
    versions = [helper.make_opsetid("", OPERATORS), helper.make_opsetid(FUSED, FUSED_OPERATORS)]
    return helper.make_model(made, opset_imports=versions, ir_version=FORMAT)


def write(weights: Weights, path: Path) -> None:
    """Write the encoder with its matrices in whole numbers, a scale a column; activations are scaled as they come."""
    with tempfile.NamedTemporaryFile(suffix=".onnx") as floats:
        onnx.save(model_of(weights), floats.name)
        quantize_dynamic(
            floats.name,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )

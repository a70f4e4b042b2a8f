"""Writes a tuned transformer as an ONNX model in whole numbers, its layers fused as onnxruntime has them.

Token ids of texts of one length, shape (n, length), to the mean of the last layer's token vectors, shape (n, width),
or to what a linear layer makes of that.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, matmul_nbits_quantizer, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from hair_answers.nlu.encoder import MAX_TOKENS

HEADS = 12  # of attention, in both kinds
TINY = 1e-12
OPERATORS, FUSED_OPERATORS, FORMAT = 17, 1, 9  # versions that onnxruntime 1.23 reads
FUSED = "com.microsoft"
BLOCK = 32  # numbers that share a scale
ACTIVATIONS_IN_BYTES = 4  # onnxruntime's level of accuracy

Weights = dict[str, torch.Tensor]
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Kind:
    """Where a kind of transformer keeps the weights of a layer's attention, and what else tells it from others."""

    views: tuple[str, str, str]  # what a head looks for, looks at and passes on
    mixed: str
    mixed_norm: str
    first_place: int  # row of the first token's place
    epsilon: float  # of its normalisations


BERT = Kind(
    ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.output.dense", "attention.output.LayerNorm", 0, 1e-12,
)  # fmt: skip
MPNET = Kind(
    ("attention.attn.q", "attention.attn.k", "attention.attn.v"),
    "attention.attn.o", "attention.LayerNorm", 2, 1e-5,
)  # fmt: skip


class _Graph:
    """Collects nodes and weights; every method returns the name of what it made."""

    def __init__(self, kind: Kind, weights: Weights) -> None:
        self._kind = kind
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

    def length(self) -> str:
        """Name the number of tokens of each text."""
        one, two = (self.constant(name, np.array([i], np.int64)) for name, i in (("one", 1), ("two", 2)))
        self.constant("zero", np.array([0], np.int64))
        return self.node("Slice", [self.node("Shape", ["ids"], "shape"), one, two], "length")

    def embeddings(self, length: str) -> str:
        """Look tokens up in a table of whole numbers with a scale a token: a quarter of the table in floats."""
        words = self.weight("embeddings.word_embeddings.weight")
        scales = np.abs(words).max(axis=1, keepdims=True) / 127
        table = self.constant("words", np.rint(words / np.maximum(scales, TINY)).astype(np.int8))
        looked_up = self.node(
            "Cast", [self.node("Gather", [table, "ids"], "word_numbers")], "word_floats", to=1
        )
        scale = self.node("Gather", [self.constant("word_scales", scales), "ids"], "word_scale")
        meaning = self.node("Mul", [looked_up, scale], "word_vectors")
        first = self._kind.first_place
        places = self.weight("embeddings.position_embeddings.weight")[first : first + MAX_TOKENS]
        if "embeddings.token_type_embeddings.weight" in self._weights:
            places = places + self.weight("embeddings.token_type_embeddings.weight")[0]
        placed = self.node("Slice", [self.constant("places", places), "zero", length], "place_vectors")
        both = self.node("Add", [meaning, placed], "embedded")
        gain = self.constant("embedding_gain", self.weight("embeddings.LayerNorm.weight"))
        shift = self.constant("embedding_shift", self.weight("embeddings.LayerNorm.bias"))
        return self.node(
            "LayerNormalization",
            [both, gain, shift],
            "embedding_states",
            axis=-1,
            epsilon=self._kind.epsilon,
        )

    def nearness(self, length: str, table: Array) -> str:
        """Cut what heads add for the distance of tokens, shape (1, heads, MAX_TOKENS, MAX_TOKENS), to length."""
        ends = self.node("Concat", [length, length], "both_lengths", axis=0)
        starts = self.constant("both_starts", np.array([0, 0], np.int64))
        axes = self.constant("both_axes", np.array([2, 3], np.int64))
        return self.node("Slice", [self.constant("nearness_table", table), starts, ends, axes], "nearness")

    def layer(self, number: int, states: str, nearness: str) -> str:
        """Add one layer of attention and two of words' own; `nearness` may be empty."""
        own, name = f"encoder.layer.{number}.", f"layer_{number}_"
        views = [self._view(f"{name}view_{i}", states, own + part) for i, part in enumerate(self._kind.views)]
        biases = [self.weight(f"{own}{part}.bias") for part in self._kind.views]
        bias = self.constant(f"{name}view_bias", np.concatenate(biases))
        inputs = [*views, bias, "", nearness] if nearness else [*views, bias]
        attended = self.node("MultiHeadAttention", inputs, f"{name}attention", FUSED, num_heads=HEADS)
        mixed = self._joined(
            f"{name}mixed", attended, states, own + self._kind.mixed, own + self._kind.mixed_norm
        )
        wide = self._view(f"{name}wide", mixed, f"{own}intermediate.dense")
        bias = self.constant(f"{name}wide_bias", self.weight(f"{own}intermediate.dense.bias"))
        bent = self.node("BiasGelu", [wide, bias], f"{name}bent", FUSED)
        return self._joined(f"{name}states", bent, mixed, f"{own}output.dense", f"{own}output.LayerNorm")

    def _view(self, name: str, states: str, layer: str) -> str:
        """Project states, without a bias."""
        return self.node(
            "MatMul", [states, self.constant(f"{name}_project", self.weight(f"{layer}.weight").T)], name
        )

    def _joined(self, name: str, new: str, old: str, layer: str, norm: str) -> str:
        """Project what is new, add it to what was, and normalise."""
        projected = self._view(f"{name}_projected", new, layer)
        rest = [
            self.constant(f"{name}_{i}", self.weight(part))
            for i, part in enumerate((f"{norm}.weight", f"{norm}.bias", f"{layer}.bias"))
        ]
        settings = {"epsilon": self._kind.epsilon}
        return self.node("SkipLayerNormalization", [projected, old, *rest], name, FUSED, **settings)


def model_of(
    kind: Kind,
    weights: Weights,
    layers: int,
    nearness: Array | None = None,
    answers: tuple[Array, Array] | None = None,
    told: dict[str, str] | None = None,
) -> onnx.ModelProto:
    """Return the transformer in floats, but for the table of words.

    `answers`: weights (width, n) and biases (n,) of a layer over the mean; `told`: what the file says of itself.
    """
    graph = _Graph(kind, weights)
    length = graph.length()
    states = graph.embeddings(length)
    near = "" if nearness is None else graph.nearness(length, nearness)
    for number in range(layers):
        states = graph.layer(number, states, near)
    output, width = (
        graph.node("ReduceMean", [states], "vectors", axes=[1], keepdims=0),
        len(graph.weight("embeddings.LayerNorm.bias")),
    )
    if answers is not None:
        matrix, biases = (graph.constant(f"answer_{i}", part) for i, part in enumerate(answers))
        output, width = graph.node("Gemm", [output, matrix, biases], "answers"), len(answers[1])
    made = helper.make_graph(
        graph.nodes,
        "safety",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "length"])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", width])],
        graph.constants,
    )
    versions = [helper.make_opsetid("", OPERATORS), helper.make_opsetid(FUSED, FUSED_OPERATORS)]
    model = helper.make_model(made, opset_imports=versions, ir_version=FORMAT)
    helper.set_model_props(model, told or {})
    return model


def in_eight_bits(model: onnx.ModelProto, path: Path) -> None:
    """Write the model with its matrices in whole numbers of 8 bits, a scale a column.

    The quickest; activations are scaled as they come. Processors without instructions for it (VNNI) round otherwise.
    """
    with tempfile.NamedTemporaryFile(suffix=".onnx") as floats:
        onnx.save(model, floats.name)
        quantize_dynamic(
            floats.name,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )


def in_four_bits(model: onnx.ModelProto, path: Path) -> None:
    """Write the model with its matrices in whole numbers of 4 bits, a scale a block: half the size of 8 bits.

    Half as quick, and the same on every processor: MPNet's matrices in 8 bits overflow where VNNI is missing.
    """
    settings = DefaultWeightOnlyQuantConfig(
        block_size=BLOCK, is_symmetric=True, accuracy_level=ACTIVATIONS_IN_BYTES, bits=4
    )
    logging.getLogger(matmul_nbits_quantizer.__name__).setLevel(logging.WARNING)  # else a line a matrix
    quantizer = MatMulNBitsQuantizer(model, algo_config=settings)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path), use_external_data_format=False)

"""The float16 form of the network: what stays float32, that it is smaller, and how much it differs."""

from __future__ import annotations

import numpy as np
import pytest

from engines.errors import BackendError
from engines.half_precision import in_half
from engines.network import INPUTS, OUTPUT
from engines.onnx_session import OnnxSession
from engines.sample_inputs import sample_inputs
from engines.selection.trial import LEAST_PARITY_DB, parity_db
from engines.weights import find_weights

onnx = pytest.importorskip("onnx", reason="the float16 form needs package onnx")


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return the shipped network."""
    return find_weights().onnx.read_bytes()


@pytest.fixture(scope="module")
def half(content: bytes) -> bytes:
    """Return its float16 form."""
    return in_half(content, "student.onnx")


def test_float16_form_draws_the_same(content: bytes, half: bytes) -> None:
    """On real inputs, for several pictures at once, above the gate of float16."""
    inputs = sample_inputs(find_weights(), 3)
    (exact,) = OnnxSession("exact", content, 1).run([OUTPUT], inputs)
    (got,) = OnnxSession("half", half, 1).run([OUTPUT], inputs)
    assert got.dtype == np.float32
    figure = parity_db(got, exact)
    assert LEAST_PARITY_DB["f16"] <= figure < 119, f"{figure:.1f} dB"


def test_float16_form_convolves_in_float16_and_maps_styles_in_float32(half: bytes) -> None:
    """Every convolution's weight is float16; every matrix of the mapping is float32; so are inputs and result."""
    graph = onnx.load_model_from_string(half).graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 11
    assert {kinds[node.input[1]] for node in convolutions} == {onnx.TensorProto.FLOAT16}
    matrices = {kinds[node.input[1]] for node in graph.node if node.op_type == "Gemm" and node.input[1] in kinds}
    assert matrices == {onnx.TensorProto.FLOAT}
    borders = {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)}
    assert borders == {onnx.TensorProto.FLOAT}
    assert {value.name for value in graph.input} == set(INPUTS)


def test_float16_form_is_smaller_and_keeps_what_the_file_says(content: bytes, half: bytes) -> None:
    """Nothing is carried twice; the control spec's hash stays."""
    assert len(half) < 0.65 * len(content)
    assert OnnxSession("half", half, 1).notes == OnnxSession("exact", content, 1).notes


@pytest.mark.parametrize("damage", [b"nothing", b""])
def test_damaged_file_is_refused(damage: bytes) -> None:
    """What is no network is said by name."""
    with pytest.raises(BackendError, match=r"student\.onnx: no ONNX file, or a damaged one"):
        in_half(damage, "student.onnx")


def test_truncated_file_is_refused(content: bytes) -> None:
    """Half a network is none."""
    with pytest.raises(BackendError, match=r"student\.onnx: no ONNX file, or a damaged one"):
        in_half(content[:300_000], "student.onnx")

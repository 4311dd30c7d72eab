"""Each backend by itself: what it runs, that it agrees with the reference, one picture or several, and its refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.backends.onnxruntime import OnnxRuntimeNetwork
from engines.backends.openvino import OpenVinoNetwork, precisions
from engines.backends.torch import TorchNetwork
from engines.errors import BackendError, SpecMismatchError
from engines.network import INPUTS, Network, NetworkOptions
from engines.sample_inputs import sample_inputs
from engines.selection.trial import LEAST_PARITY_DB, parity_db
from engines.weights import Weights, find_weights

#: dB by which the same backend may differ from itself: kernels are chosen by the number of pictures.
SAME_DB = 100.0
WAYS: dict[str, tuple[type, NetworkOptions]] = {
    "openvino f32": (OpenVinoNetwork, NetworkOptions(threads=1, precision="f32")),
    "openvino best": (OpenVinoNetwork, NetworkOptions(threads=1)),
    "onnxruntime": (OnnxRuntimeNetwork, NetworkOptions(threads=1)),
    "torch": (TorchNetwork, NetworkOptions()),
}


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Return the shipped weights."""
    return find_weights()


def opened(way: str, weights: Weights) -> Network:
    """Open a way of running the network, or skip where its package is missing."""
    if way == "torch":
        pytest.importorskip("torch", reason="the reference needs the train extra")
    make, options = WAYS[way]
    network: Network = make(weights, options)
    return network


@pytest.mark.parametrize("way", WAYS)
def test_several_pictures_at_once_are_those_one_by_one(weights: Weights, way: str) -> None:
    """Who else is drawn in the same call changes nobody's picture."""
    network = opened(way, weights)
    inputs = sample_inputs(weights, 3)
    together = network.predict(inputs).copy()
    assert together.shape == (3, 3, 256, 256)
    assert together.dtype == np.float32
    for index in range(3):
        alone = network.predict({name: inputs[name][index : index + 1] for name in INPUTS})
        assert parity_db(together[index : index + 1], alone) >= SAME_DB
    assert parity_db(together[:1], together[1:2]) < 60, "they are three pictures, not one"


@pytest.mark.parametrize("way", [way for way in WAYS if way != "onnxruntime"])
def test_shipped_network_is_the_same_everywhere(weights: Weights, way: str) -> None:
    """On real inputs every backend agrees with ONNX Runtime to the dB that its precision allows."""
    network, reference = opened(way, weights), opened("onnxruntime", weights)
    inputs = sample_inputs(weights, 4)
    figure = parity_db(network.predict(inputs), reference.predict(inputs))
    assert figure >= LEAST_PARITY_DB[network.info.precision], f"{figure:.1f} dB"


@pytest.mark.parametrize("way", WAYS)
def test_network_says_what_it_is(weights: Weights, way: str) -> None:
    """Backend, version, device and precision are words that are shown."""
    info = opened(way, weights).info
    assert info.backend == way.split(maxsplit=1)[0]
    assert info.backend_version[0].isdigit()
    assert info.device.startswith(("CPU: ", "CUDA: "))
    assert info.precision in LEAST_PARITY_DB


@pytest.mark.parametrize("way", WAYS)
def test_network_closes_twice(weights: Weights, way: str) -> None:
    """Closing is idempotent."""
    network = opened(way, weights)
    network.close()
    network.close()


def test_openvino_offers_f32_everywhere() -> None:
    """What a CPU computes in is asked of the library; f32 is always there."""
    assert "f32" in precisions()


def test_precision_that_a_backend_has_not_is_named_with_those_it_has(weights: Weights) -> None:
    """Nothing falls back to another precision."""
    with pytest.raises(BackendError, match=r"OpenVINO computes in .*f32 on this CPU, not in int8"):
        OpenVinoNetwork(weights, NetworkOptions(precision="int8"))
    with pytest.raises(BackendError, match="provider 'CPU' is offered in f32, not in f16"):
        OnnxRuntimeNetwork(weights, NetworkOptions(precision="f16"))


def test_provider_that_the_build_has_not_is_named_with_those_it_has(weights: Weights) -> None:
    """ONNX Runtime would go on with the CPU and a line in its log."""
    with pytest.raises(BackendError, match=r"no provider 'Nothing' here; this build has .*CPU"):
        OnnxRuntimeNetwork(weights, NetworkOptions(provider="Nothing"))
    with pytest.raises(BackendError, match="OpenVINO has no provider 'CUDA'"):
        OpenVinoNetwork(weights, NetworkOptions(provider="CUDA"))


@pytest.mark.parametrize("make", [OpenVinoNetwork, OnnxRuntimeNetwork])
def test_truncated_network_is_refused_with_its_name(weights: Weights, tmp_path: Path, make: type) -> None:
    """Half a file is no network; the library's own reason follows."""
    path = tmp_path / "student.onnx"
    path.write_bytes(weights.onnx.read_bytes()[:300_000])
    with pytest.raises(BackendError, match=r"refuses student\.onnx: ."):
        make(replace(weights, onnx=path), NetworkOptions())


@pytest.mark.parametrize("make", [OpenVinoNetwork, OnnxRuntimeNetwork])
def test_unknown_operator_is_refused_by_name(weights: Weights, tmp_path: Path, make: type) -> None:
    """An operator that no library knows stands in the message."""
    onnx = pytest.importorskip("onnx", reason="writing such a file needs the train extra")
    model = onnx.load(str(weights.onnx))
    next(node for node in model.graph.node if node.op_type == "Tanh").op_type = "Tangent"
    path = tmp_path / "student.onnx"
    onnx.save(model, str(path))
    with pytest.raises(BackendError, match=r"refuses student\.onnx: .*Tangent"):
        make(replace(weights, onnx=path), NetworkOptions())


def test_network_for_another_control_spec_is_refused(weights: Weights, tmp_path: Path) -> None:
    """The ONNX file says itself what it was made for, whatever model.json says."""
    onnx = pytest.importorskip("onnx", reason="writing such a file needs the train extra")
    model = onnx.load(str(weights.onnx))
    onnx.helper.set_model_props(model, {"spec_hash": "feedfeedfeedfeed"})
    path = tmp_path / "student.onnx"
    onnx.save(model, str(path))
    with pytest.raises(SpecMismatchError, match=r"made for control spec feedfeedfeedfeed, model.json beside it says"):
        OnnxRuntimeNetwork(replace(weights, onnx=path), NetworkOptions())

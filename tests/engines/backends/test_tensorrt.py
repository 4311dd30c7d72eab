"""TensorRT's two roads, as far as a machine without a card goes; and the names of its API where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from engines.backends import cuda, tensorrt
from engines.backends.cuda import Card
from engines.backends.plan_cache import PlanCache
from engines.backends.tensorrt_network import network_file
from engines.backends.tensorrt_plan import plan_identity, timing_file
from engines.backends.tensorrt_rtx import identity_of
from engines.errors import BackendError
from engines.network import OUTPUT, NetworkOptions
from engines.onnx_session import OnnxSession, compiled
from engines.sample_inputs import sample_inputs
from engines.selection.trial import LEAST_PARITY_DB, parity_db
from engines.weights import find_weights

CARD = Card(name="NVIDIA H100 80GB HBM3", capability="9.0", memory_bytes=80 << 30)
without_driver = pytest.mark.skipif(cuda.why_no_driver() is None, reason="this machine has an NVIDIA driver")
#: What `engines.backends.tensorrt_plan` and `tensorrt_network` call, by class.
USED = {
    "ILogger": ("log", "Severity"),
    "Builder": (
        "create_network", "create_builder_config", "create_optimization_profile", "build_serialized_network",
    ),
    "NetworkDefinitionCreationFlag": ("STRONGLY_TYPED",),
    "OnnxParser": ("parse", "num_errors", "get_error"),
    "INetworkDefinition": ("num_inputs", "get_input"),
    "ITensor": ("name", "shape"),
    "IBuilderConfig": (
        "set_memory_pool_limit", "clear_flag", "builder_optimization_level", "add_optimization_profile",
        "create_timing_cache", "set_timing_cache", "get_timing_cache", "progress_monitor",
    ),
    "MemoryPoolType": ("WORKSPACE",),
    "BuilderFlag": ("TF32",),
    "IOptimizationProfile": ("set_shape",),
    "ITimingCache": ("serialize",),
    "IProgressMonitor": ("phase_start", "step_complete", "phase_finish"),
    "Runtime": ("deserialize_cuda_engine",),
    "ICudaEngine": ("create_execution_context", "get_tensor_shape"),
    "ExecutionContextAllocationStrategy": ("USER_MANAGED",),
    "IExecutionContext": (
        "set_optimization_profile_async", "set_input_shape", "get_tensor_shape", "set_device_memory",
        "update_device_memory_size_for_shapes", "set_tensor_address", "execute_async_v3",
    ),
}  # fmt: skip


@without_driver
def test_machine_without_a_card_says_so_and_what_to_install(tmp_path: Path) -> None:
    """The reason names the driver's library first: no package would help."""
    with pytest.raises(BackendError, match=r"no NVIDIA card with a driver is here \(.*cuda.*packages here: "):
        tensorrt.roads()
    with pytest.raises(BackendError, match="no NVIDIA card with a driver is here"):
        tensorrt.open_tensorrt(find_weights(), NetworkOptions(), tmp_path)
    with pytest.raises(BackendError, match="no NVIDIA card with a driver is here"):
        cuda.Cuda()


@without_driver
def test_road_asked_for_by_name_gives_its_own_reason(tmp_path: Path) -> None:
    """TensorRT for RTX: its package is missing, or it is there and says what it needs."""
    pattern = (
        r"package onnxruntime-ep-nv-tensorrt-rtx-cu13 cannot be imported .*pip install animirror\[tensorrt-rtx\]"
        if find_spec("onnxruntime_ep_nv_tensorrt_rtx") is None
        else r"cannot load .*libcuda.*needs NVIDIA's driver and a card of 8\.6"
    )
    pytest.importorskip("onnx", reason="f16 needs package onnx")
    with pytest.raises(BackendError, match=pattern):
        tensorrt.open_tensorrt(find_weights(), NetworkOptions(provider="RTX"), tmp_path)


def test_unknown_road_and_precision_are_refused(tmp_path: Path) -> None:
    """What TensorRT does not offer is said."""
    with pytest.raises(BackendError, match="TensorRT has no road 'DLA'"):
        tensorrt.open_tensorrt(find_weights(), NetworkOptions(provider="DLA"), tmp_path)
    with pytest.raises(BackendError, match="offered in f16 and f32, not in bf16"):
        network_file(find_weights(), "bf16")


def test_plans_of_two_cards_versions_and_precisions_are_told_apart() -> None:
    """Network, version, card, capability and precision each make another plan; kernel times know card and version."""
    onnx = find_weights().onnx.read_bytes()
    first = plan_identity(onnx, "f16", "11.4.0", CARD)
    others = [
        plan_identity(onnx + b" ", "f16", "11.4.0", CARD),
        plan_identity(onnx, "f32", "11.4.0", CARD),
        plan_identity(onnx, "f16", "10.8.0", CARD),
        plan_identity(onnx, "f16", "11.4.0", Card(name="NVIDIA T4", capability="9.0", memory_bytes=0)),
        plan_identity(onnx, "f16", "11.4.0", Card(name=CARD.name, capability="7.5", memory_bytes=0)),
    ]
    assert len({first.key, *(other.key for other in others)}) == 6
    assert first.shapes == "1/1/1 2/8/16"
    assert timing_file(Path(), "11.4.0", CARD) != timing_file(Path(), "10.8.0", CARD)
    assert identity_of(onnx, "0.5.0", "f16", 1).key != identity_of(onnx, "0.5.0", "f16", 2).key


def test_compiled_context_is_kept_and_runs(tmp_path: Path) -> None:
    """The road of TensorRT for RTX, with the one provider that is everywhere: compile, keep, open, run, once."""
    weights = find_weights()
    content, plans = weights.onnx.read_bytes(), PlanCache(tmp_path, ".onnx")
    identity = identity_of(content, "test", "f32", 2)
    built = []

    def build() -> bytes:
        built.append(compiled("student.onnx", content, "CPU", batch=2))
        return built[-1]

    inputs = sample_inputs(weights, 2)
    (expected,) = OnnxSession("student.onnx", content, 1).run([OUTPUT], inputs)
    for _ in range(2):
        session = OnnxSession("student.onnx", plans.get(identity, build), 1, batch=2)
        (got,) = session.run([OUTPUT], inputs)
        assert abs(got - expected).max() < 1e-5
    assert len(built) == 1


def test_session_for_two_pictures_refuses_three() -> None:
    """Shapes are fixed where a provider compiles for them."""
    weights = find_weights()
    session = OnnxSession("student.onnx", weights.onnx.read_bytes(), 1, batch=2)
    with pytest.raises(BackendError, match=r"cannot run student\.onnx: .*[Ii]nvalid dimensions"):
        session.run([OUTPUT], sample_inputs(weights, 3))


@pytest.mark.parametrize("name", USED)
def test_every_name_that_is_used_is_in_the_real_bindings(name: str) -> None:
    """Where TensorRT is installed, what our code calls is there."""
    trt = pytest.importorskip("tensorrt", reason="package tensorrt is not installed", exc_type=ImportError)
    missing = [member for member in USED[name] if not hasattr(getattr(trt, name), member)]
    assert not missing


@pytest.mark.gpu
@pytest.mark.skipif(cuda.why_no_driver() is not None, reason="needs an NVIDIA card")
def test_tensorrt_draws_what_the_reference_draws(tmp_path: Path) -> None:
    """On a card: a plan is built, kept, and agrees with ONNX Runtime for one picture and for several."""
    weights = find_weights()
    network = tensorrt.open_tensorrt(weights, NetworkOptions(precision="f16"), tmp_path)
    for count in (1, 3, 16):
        inputs = sample_inputs(weights, count)
        (expected,) = OnnxSession("student.onnx", weights.onnx.read_bytes(), 1).run([OUTPUT], inputs)
        assert parity_db(network.predict(inputs), expected) >= LEAST_PARITY_DB["f16"]
    network.close()

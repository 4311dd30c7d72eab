"""All backends: which ways of running the network each has on this machine, and what opens them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engines.backends import onnxruntime, openvino, tensorrt, torch
from engines.backends.candidate import Candidate
from engines.batching import FrugalNetwork
from engines.network import Network, NetworkOptions
from engines.onnx_session import CPU
from engines.weights import Weights

#: Names of the backends, in the order in which they are shown.
BACKENDS = ("openvino", "onnxruntime", "tensorrt", "torch")

#: Providers of ONNX Runtime that compile for minutes: asked for by name, never tried by themselves.
_SLOW_PROVIDERS = frozenset({"Tensorrt", "NvTensorRTRTX", "MIGraphX", "VitisAI"})


def candidates(backend: str) -> tuple[Candidate, ...]:
    """Return the ways in which a backend may run here, what it would take itself first.

    Raises:
        BackendError: it cannot run here, with the reason.
    """
    if backend == "openvino":
        return tuple(Candidate(backend=backend, precision=precision) for precision in openvino.precisions())
    if backend == "onnxruntime":
        return tuple(
            Candidate(backend=backend, precision=precision, provider=provider)
            for provider in onnxruntime.providers()
            if provider not in _SLOW_PROVIDERS
            for precision in onnxruntime.precisions(provider)
        )
    if backend == "tensorrt":
        return tuple(
            Candidate(backend=backend, precision=precision, provider=provider)
            for provider, precision in tensorrt.roads()
        )
    return tuple(Candidate(backend=backend, precision=precision) for precision in torch.precisions())


def open_network(weights: Weights, backend: str, options: NetworkOptions, cache: Path) -> Network:
    """Return a network that is ready to run.

    Args:
        weights: what to run.
        backend: of :data:`BACKENDS`.
        options: how.
        cache: folder for what is compiled.

    Raises:
        BackendError: it cannot run here, with the reason.
        SpecMismatchError: the ONNX file is for another control spec.
    """
    if backend == "tensorrt":
        return FrugalNetwork(tensorrt.open_tensorrt(weights, options, cache))
    make: dict[str, Callable[[Weights, NetworkOptions], Network]] = {
        "openvino": openvino.OpenVinoNetwork,
        "onnxruntime": onnxruntime.OnnxRuntimeNetwork,
        "torch": torch.TorchNetwork,
    }
    return FrugalNetwork(make[backend](weights, options))


def why_slow_to_open(weights: Weights, candidate: Candidate, cache: Path) -> str | None:
    """Return why opening this takes longer than a start may; None where it does not."""
    if candidate.backend == "tensorrt":
        return tensorrt.why_slow(weights, candidate.options(0), cache)
    return None


#: Why a backend is not looked at when the program starts, for those whose mere import takes too long.
SLOW_BACKENDS = {"torch": "importing PyTorch takes seconds"}

#: What is compared with, where it runs: in everybody's installation, and f32.
REFERENCE = Candidate(backend="onnxruntime", precision="f32", provider=CPU)

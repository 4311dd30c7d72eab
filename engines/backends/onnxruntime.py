"""ONNX Runtime: runs where nothing better does, with whatever execution provider the installed build has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError, SpecMismatchError
from engines.machine import cpu_name, nvidia_gpus
from engines.network import INPUTS, OUTPUT, NetworkInfo, NetworkOptions, Precision
from engines.onnx_session import CPU, OnnxSession, available_providers
from engines.weights import Weights

F32 = npt.NDArray[np.float32]

#: Providers that compute on NVIDIA's cards.
_ON_NVIDIA = ("CUDA", "Tensorrt", "NvTensorRTRTX")
#: f32 is f32: CUDA would round inputs of convolutions to 10 bits (TF32) otherwise.
_OPTIONS: dict[str, dict[str, str]] = {"CUDA": {"use_tf32": "0"}}


def providers() -> tuple[str, ...]:
    """Return the execution providers of the installed build, its best first, "CPU" last.

    Raises:
        BackendError: the package is missing.
    """
    return available_providers()


def precisions(provider: str) -> tuple[Precision, ...]:
    """Return the precisions in which a provider is offered, most exact first: f16 is slower than f32 on a CPU."""
    return ("f32",) if provider == CPU else ("f32", "f16")


class OnnxRuntimeNetwork:
    """Runs the ONNX file with one execution provider, on the CPU if nothing else is asked for.

    Args:
        weights: what to run.
        options: threads, provider, and precision: f16 where the provider is not the CPU.

    Raises:
        BackendError: the package is missing, or the provider, or it refuses the network.
        SpecMismatchError: the file was made for another control spec.
    """

    def __init__(self, weights: Weights, options: NetworkOptions) -> None:
        provider = options.provider or CPU
        precision = options.precision or "f32"
        if precision not in precisions(provider):
            raise BackendError(
                f"ONNX Runtime's provider {provider!r} is offered in {' and '.join(precisions(provider))}, "
                f"not in {precision}"
            )
        content = weights.onnx.read_bytes()
        if precision == "f16":
            from engines.half_precision import in_half

            content = in_half(content, weights.onnx.name)
        self._session = OnnxSession(
            weights.onnx.name, content, options.threads, provider=provider, provider_options=_OPTIONS.get(provider)
        )
        check_spec(self._session, weights)
        self._info = NetworkInfo(
            backend="onnxruntime",
            backend_version=self._session.version,
            device=f"{provider}: {_device(provider)}",
            precision=precision,
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells)."""
        return np.asarray(self._session.run([OUTPUT], {name: inputs[name] for name in INPUTS})[0], np.float32)

    def close(self) -> None:
        """Let go of the session."""


def check_spec(session: OnnxSession, weights: Weights) -> None:
    """Check that the ONNX file itself is for the control spec that its folder names.

    Raises:
        SpecMismatchError: it says another.
    """
    said = session.notes.get("spec_hash", weights.spec_hash)
    if said != weights.spec_hash:
        raise SpecMismatchError(
            f"{weights.onnx}: made for control spec {said}, model.json beside it says {weights.spec_hash}; "
            "export the weights again"
        )


def _device(provider: str) -> str:
    if provider in _ON_NVIDIA and nvidia_gpus():
        return nvidia_gpus()[0]
    return cpu_name() if provider == CPU else "whatever the provider chose"

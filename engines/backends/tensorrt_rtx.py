"""TensorRT for RTX: NVIDIA's compiler for its consumer cards, as a plug-in of ONNX Runtime that carries its libraries.

What it compiles of the network is an ONNX file again, kept like a plan.  Each number of pictures is compiled by
itself, so shapes are fixed.  Its CUDA graphs are left off: ONNX Runtime captures only what reads and writes the card's
own memory, and inputs come from the host.

**Not yet run on hardware.**  Loading the plug-in and its refusals are.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.plan_cache import PlanCache, PlanIdentity
from engines.errors import BackendError
from engines.machine import library_version, nvidia_driver, nvidia_gpus
from engines.network import INPUTS, MAX_BATCH, OUTPUT, NetworkInfo, Precision
from engines.onnx_session import OnnxSession, compiled, register_plugin
from engines.weights import Weights

F32 = npt.NDArray[np.float32]

PROVIDER = "NvTensorRTRTX"
#: Names under which the plug-in is distributed.
_DISTRIBUTIONS = ("onnxruntime-ep-nv-tensorrt-rtx-cu13", "onnxruntime-ep-nv-tensorrt-rtx-cu12")
#: Of the files that are kept.
_SUFFIX = ".onnx"
#: Compute capabilities that it takes.  Source: `IsComputeCapabilitySupported` in the header that version 0.5.0 carries.
CAPABILITIES = "8.6 (GeForce 30), 8.9 (GeForce 40) and 12.0 on (GeForce 50)"


def plugin() -> Any:
    """Return the plug-in's package.

    Raises:
        BackendError: it is missing.
    """
    try:
        import onnxruntime_ep_nv_tensorrt_rtx
    except (ImportError, OSError) as error:
        raise BackendError(
            f"package onnxruntime-ep-nv-tensorrt-rtx-cu13 cannot be imported ({error}); "
            "pip install animirror[tensorrt-rtx]"
        ) from error
    return onnxruntime_ep_nv_tensorrt_rtx


def plugin_version() -> str:
    """Return the version of the plug-in, without loading it."""
    return next((found for name in _DISTRIBUTIONS if (found := library_version(name))), "unknown")


def has_compiled(content: bytes, precision: Precision, cache: Path) -> bool:
    """Return whether what the plug-in compiles of a network for one picture is kept."""
    return PlanCache(cache, _SUFFIX).has(identity_of(content, plugin_version(), precision, 1))


def register() -> None:
    """Add the plug-in to ONNX Runtime's providers.

    Raises:
        BackendError: it is missing, the driver is, or no card here is one that it takes.
    """
    package = plugin()
    try:
        register_plugin(PROVIDER, Path(package.get_library_path()))
    except BackendError as error:
        raise BackendError(f"{error}; TensorRT for RTX needs NVIDIA's driver and a card of {CAPABILITIES}") from error


def identity_of(content: bytes, version: str, precision: Precision, count: int) -> PlanIdentity:
    """Return what the compiled network for a number of pictures is kept as."""
    return PlanIdentity(
        onnx_sha256=hashlib.sha256(content).hexdigest(),
        runtime=f"tensorrt-rtx plug-in {version}",
        device=", ".join(nvidia_gpus()) or "unknown",
        capability=nvidia_driver() or "unknown driver",
        precision=precision,
        shapes=str(count),
        flags="compiled context, own memory kept",
    )


class TensorRtRtxNetwork:
    """Runs the network with TensorRT for RTX.

    Args:
        weights: their names stand in messages.
        content: the ONNX file in the number formats that it shall compute in.
        precision: those.
        cache: folder for what is compiled.

    Raises:
        BackendError: the plug-in is missing, or no card here is one that it takes, or it refuses the network.
        DeviceMemoryError: the card has no memory for it.
    """

    def __init__(self, weights: Weights, content: bytes, precision: Precision, cache: Path) -> None:
        register()
        self._version = plugin_version()
        self._name, self._content, self._precision = weights.onnx.name, content, precision
        self._plans = PlanCache(cache, _SUFFIX)
        self._options = {
            "nv_persistent_context_memory": "1",  # memory is taken once, not at every call
            "nv_runtime_cache_path": str(cache / "plans" / "rtx"),
        }
        self._sessions: dict[int, OnnxSession] = {}
        session = self._session(1)
        self._info = NetworkInfo(
            backend="tensorrt",
            backend_version=f"RTX plug-in {self._version}, onnxruntime {session.version}",
            device=f"CUDA: {', '.join(nvidia_gpus()[:1]) or 'NVIDIA'}",
            precision=precision,
            max_batch=MAX_BATCH,
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells)."""
        session = self._session(len(inputs[INPUTS[0]]))
        return np.asarray(session.run([OUTPUT], {name: inputs[name] for name in INPUTS})[0], np.float32)

    def close(self) -> None:
        """Let go of the sessions.  Idempotent."""
        self._sessions.clear()

    def _session(self, count: int) -> OnnxSession:
        if count not in self._sessions:
            self._sessions[count] = self._opened(count)
        return self._sessions[count]

    def _opened(self, count: int) -> OnnxSession:
        identity = identity_of(self._content, self._version, self._precision, count)

        def build() -> bytes:
            return compiled(self._name, self._content, PROVIDER, self._options, count)

        def opened() -> OnnxSession:
            return OnnxSession(
                self._name, self._plans.get(identity, build),
                provider=PROVIDER, provider_options=self._options, batch=count,
            )  # fmt: skip

        try:
            return opened()
        except BackendError as error:
            if not self._plans.has(identity):
                raise
            self._plans.drop(identity, f"is refused ({error})")
            return opened()

"""OpenVINO: the default on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError
from engines.network import INPUTS, OUTPUT, NetworkInfo, NetworkOptions, Precision
from engines.openvino_core import openvino_core, openvino_version
from engines.weights import Weights

if TYPE_CHECKING:
    import openvino

F32 = npt.NDArray[np.float32]

#: OpenVINO's word for each number format that this backend offers, fastest first.
_ABILITIES: dict[Precision, str] = {"bf16": "BF16", "f32": "FP32"}


def precisions() -> tuple[Precision, ...]:
    """Return the precisions that this CPU computes in by itself, fastest first.

    Raises:
        BackendError: the package is missing.
    """
    return _precisions(openvino_core())


class OpenVinoNetwork:
    """Runs the ONNX file on the CPU, in bf16 where the CPU computes in it, else in f32.

    One picture is compiled for by itself; several at once share a second compilation, made when they first come.

    Args:
        weights: what to run.
        options: threads and precision.

    Raises:
        BackendError: the package is missing, refuses the network, or has no such precision here.
    """

    def __init__(self, weights: Weights, options: NetworkOptions) -> None:
        self._core = openvino_core()
        able = _precisions(self._core)
        chosen = options.precision or able[0]
        if chosen not in able:
            raise BackendError(f"OpenVINO computes in {' and '.join(able)} on this CPU, not in {chosen}")
        if options.provider is not None:
            raise BackendError(f"OpenVINO has no provider {options.provider!r}; leave engine.provider out")
        self._properties: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": chosen}
        if options.threads:
            self._properties["INFERENCE_NUM_THREADS"] = options.threads
        self._weights = weights
        self._one = self._compiled(1)
        self._several: Any = None
        self._info = NetworkInfo(
            backend="openvino",
            backend_version=openvino_version(),
            device=f"CPU: {self._core.get_property('CPU', 'FULL_DEVICE_NAME').strip()}",
            precision=chosen,
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells)."""
        request = self._one
        if len(inputs[INPUTS[0]]) > 1:
            if self._several is None:
                self._several = self._compiled(-1)
            request = self._several
        try:
            request.infer([inputs[name] for name in INPUTS], share_inputs=True)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot run {self._weights.onnx.name}: {_last_line(error)}") from error
        return np.asarray(request.get_tensor(OUTPUT).data, np.float32)

    def close(self) -> None:
        """Let go of the compiled network."""
        self._one = self._several = None

    def _compiled(self, count: int) -> Any:
        """Return a request for so many pictures at once; -1: any number."""
        try:
            model: openvino.Model = self._core.read_model(str(self._weights.onnx))
            model.reshape({name: [count, *_shape(model, name)[1:]] for name in INPUTS})
            return self._core.compile_model(model, "CPU", self._properties).create_infer_request()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO refuses {self._weights.onnx.name}: {_last_line(error)}") from error


def _shape(model: openvino.Model, name: str) -> list[int]:
    return [-1 if size.is_dynamic else size.get_length() for size in model.input(name).partial_shape]


def _precisions(core: openvino.Core) -> tuple[Precision, ...]:
    abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return tuple(precision for precision, word in _ABILITIES.items() if word in abilities)


def _last_line(error: Exception) -> str:
    """Return the line that says what is wrong: before it OpenVINO names its own source files."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__

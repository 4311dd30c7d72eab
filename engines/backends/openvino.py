"""OpenVINO: the default on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError
from engines.network import INPUTS, OUTPUT, NetworkInfo
from engines.weights import Weights

if TYPE_CHECKING:
    import openvino


class OpenVinoNetwork:
    """Runs the ONNX file on the CPU, in bf16 where the CPU computes in it, else in f32.

    Args:
        weights: what to run.
        threads: how many threads it may use; 0 leaves it to OpenVINO.
        precision: "f32", "bf16", or None for the best the CPU has.

    Raises:
        BackendError: the package is missing or refuses the network.
    """

    def __init__(self, weights: Weights, threads: int = 0, precision: str | None = None) -> None:
        try:
            import openvino
        except ImportError as error:
            raise BackendError(f"package openvino cannot be imported ({error}); pip install openvino") from error
        core = openvino.Core()
        abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        chosen = precision or ("bf16" if "BF16" in abilities else "f32")
        properties: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": chosen}
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        try:
            self._model: openvino.CompiledModel = core.compile_model(str(weights.onnx), "CPU", properties)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO refuses {weights.onnx.name}: {str(error).splitlines()[0]}") from error
        self._request = self._model.create_infer_request()
        self._info = NetworkInfo(
            backend="openvino",
            backend_version=openvino.__version__.split("-")[0],
            device=f"CPU: {core.get_property('CPU', 'FULL_DEVICE_NAME')}",
            precision=chosen,
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Return the change of one picture, (3, 2 cells, 2 cells)."""
        self._request.infer([inputs[name] for name in INPUTS], share_inputs=True)
        return np.asarray(self._request.get_tensor(OUTPUT).data[0], np.float32)

    def close(self) -> None:
        """Let go of the compiled network."""
        self._request = None

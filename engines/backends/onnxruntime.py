"""ONNX Runtime: runs where nothing better does."""

from __future__ import annotations

import platform

import numpy as np
import numpy.typing as npt

from engines.network import INPUTS, OUTPUT, NetworkInfo
from engines.onnx_session import OnnxSession
from engines.weights import Weights


class OnnxRuntimeNetwork:
    """Runs the ONNX file in f32 on the CPU.

    Args:
        weights: what to run.
        threads: how many threads it may use; 0 leaves it to ONNX Runtime.

    Raises:
        BackendError: the package is missing or refuses the network.
    """

    def __init__(self, weights: Weights, threads: int = 0) -> None:
        self._session = OnnxSession(weights.onnx.name, weights.onnx.read_bytes(), threads)
        self._info = NetworkInfo(
            backend="onnxruntime",
            backend_version=self._session.version,
            device=f"CPU: {platform.processor() or platform.machine()}",
            precision="f32",
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Return the change of one picture, (3, 2 cells, 2 cells)."""
        return np.asarray(self._session.run([OUTPUT], {name: inputs[name] for name in INPUTS})[0][0], np.float32)

    def close(self) -> None:
        """Nothing to free."""

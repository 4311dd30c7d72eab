"""ONNX Runtime: runs where nothing better does."""

from __future__ import annotations

import platform

import numpy as np
import numpy.typing as npt

from engines.compositor import Prediction
from engines.errors import BackendError
from engines.network import INPUTS, OUTPUTS, NetworkInfo, prediction
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
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendError(f"package onnxruntime cannot be imported ({error}); pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to the tracker
        try:
            self._session = onnxruntime.InferenceSession(str(weights.onnx), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BackendError(f"ONNX Runtime refuses {weights.onnx.name}: {str(error).splitlines()[0]}") from error
        self._info = NetworkInfo(
            backend="onnxruntime",
            backend_version=onnxruntime.__version__,
            device=f"CPU: {platform.processor() or platform.machine()}",
            precision="f32",
        )

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, npt.NDArray[np.float32]]) -> Prediction:
        """Return the prediction for one picture."""
        return prediction(self._session.run(list(OUTPUTS), {name: inputs[name] for name in INPUTS}))

    def close(self) -> None:
        """Nothing to free."""

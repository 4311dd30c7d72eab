"""PyTorch: the reference that the other backends are compared with."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from engines.compositor import Prediction
from engines.errors import BackendError
from engines.network import INPUTS, NetworkInfo, prediction
from engines.weights import SAFETENSORS_FILE, Weights


class TorchNetwork:
    """Runs the safetensors weights in f32.

    Args:
        weights: what to run.
        threads: unused: PyTorch's threads are the process's.

    Raises:
        BackendError: torch is missing.
    """

    def __init__(self, weights: Weights, threads: int = 0) -> None:
        try:
            import torch
        except ImportError as error:
            raise BackendError(f"package torch cannot be imported ({error}); pip install animirror[train]") from error
        from safetensors.torch import load_file

        from engines.training.network import Student, StudentConfig

        config = json.loads((weights.folder / "model.json").read_text())["config"]
        self._torch = torch
        self._student = Student(StudentConfig.from_json(config))
        self._student.load_state_dict(load_file(weights.folder / SAFETENSORS_FILE))
        self._student.eval()
        self._info = NetworkInfo(backend="torch", backend_version=torch.__version__, device="CPU", precision="f32")

    @property
    def info(self) -> NetworkInfo:
        """What runs the network."""
        return self._info

    def predict(self, inputs: dict[str, npt.NDArray[np.float32]]) -> Prediction:
        """Return the prediction for one picture."""
        with self._torch.inference_mode():
            out = self._student(*(self._torch.from_numpy(inputs[name]) for name in INPUTS))
        fields = (out.flow, out.weights, out.residual, out.face_flow, out.face_weights, out.face_residual)
        return prediction([field.numpy() for field in fields])

    def close(self) -> None:
        """Nothing to free."""

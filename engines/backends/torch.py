"""PyTorch: the reference that the other backends are compared with."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError
from engines.network import INPUTS, NetworkInfo
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
            raise BackendError(f"package torch cannot be imported ({error}); pip install -e .[train]") from error
        from safetensors.torch import load_file

        from engines.student.network import Student, StudentConfig

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

    def predict(self, inputs: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Return the change of one picture, (3, 2 cells, 2 cells)."""
        with self._torch.inference_mode():
            out = self._student(*(self._torch.from_numpy(inputs[name]) for name in INPUTS))
        return np.asarray(out[0].numpy(), np.float32)

    def close(self) -> None:
        """Nothing to free."""

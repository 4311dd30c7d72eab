"""Opens and runs ONNX files with ONNX Runtime: the one place that knows that its errors have no common base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import BackendError

F32 = npt.NDArray[np.float32]


class OnnxSession:
    """A network on the CPU.

    Args:
        name: of the file, for messages.
        content: of the file.
        threads: how many it may use; 0 leaves it to ONNX Runtime.

    Raises:
        BackendError: the package is missing, or refuses the file.
    """

    def __init__(self, name: str, content: bytes, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendError(f"package onnxruntime cannot be imported ({error}); pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to the tracker
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BackendError(f"ONNX Runtime refuses {name}: {_first_line(error)}") from error
        self._name = name
        #: Version of the library.
        self.version = str(onnxruntime.__version__)
        #: What the file says of itself.
        self.notes: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, outputs: Sequence[str], inputs: Mapping[str, F32]) -> list[npt.NDArray[Any]]:
        """Return outputs by name.

        Raises:
            BackendError: the network has other inputs or outputs, or fails.
        """
        try:
            return list(self._session.run(list(outputs), dict(inputs)))
        except Exception as error:
            raise BackendError(f"ONNX Runtime cannot run {self._name}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

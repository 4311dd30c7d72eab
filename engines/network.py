"""The seam between the generator and the library that runs its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

#: Names of the ONNX file's inputs and output; shapes in `engines.student.network.Student.forward`.
INPUTS = ("maps", "condition", "w")
OUTPUT = "change"
#: Most pictures that one call may have.
MAX_BATCH = 16

#: In which numbers a network computes; weights, inputs and results are float32 all the same.
Precision = Literal["f32", "bf16", "f16", "int8"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """How a network shall run.

    Args:
        threads: CPU threads that it may use; 0 leaves it to the library.
        precision: in which it computes; None for the fastest that this backend has on this machine.
        provider: which of a library's roads to take: an execution provider of ONNX Runtime ("CPU", "CUDA", "CoreML",
            "Dml"), or "RTX" of TensorRT; None for the library's own first.
    """

    threads: int = 0
    precision: Precision | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """Which library runs the network, where, and in which precision; see `engines.engine.EngineInfo`.

    Args:
        max_batch: most pictures that it takes in one call, 1 to :data:`MAX_BATCH`.
    """

    backend: str
    backend_version: str
    device: str
    precision: Precision
    max_batch: int = MAX_BATCH


class Network(Protocol):
    """A network that is ready to run.

    Guarantees: used from one thread at a time; the array that it returns may be reused by the next call.

    Raises:
        BackendError: (on making one) the library is missing or cannot run here, with the reason.
    """

    @property
    def info(self) -> NetworkInfo:
        """What runs it."""

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return how the colours of N pictures change, float32 (N, 3, 2 cells, 2 cells).

        Args:
            inputs: by name, :data:`INPUTS`, each with a leading axis of N, 1 to `info.max_batch`.

        Raises:
            DeviceMemoryError: the device has no memory for so many at once.
            BackendError: the library failed.
        """

    def close(self) -> None:
        """Free the device.  Idempotent."""

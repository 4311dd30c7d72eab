"""The seam between the generator and the library that runs its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

#: Names of the ONNX file's inputs and output; shapes in `engines.student.network.Student.forward`.
INPUTS = ("maps", "condition", "w")
OUTPUT = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """Which library runs the network, where, and in which precision; see `engines.engine.EngineInfo`."""

    backend: str
    backend_version: str
    device: str
    precision: str


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
        """Return how one picture's colours change, (3, 2 cells, 2 cells); every input has a leading axis of 1."""

    def close(self) -> None:
        """Free the device.  Idempotent."""

"""The seam between the generator and the library that runs its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engines.compositor import Prediction

F32 = npt.NDArray[np.float32]

#: Names of the ONNX file's inputs and outputs, in order; shapes in `engines.training.network.Student.forward`.
INPUTS = ("body", "face", "face_views", "condition", "w")
OUTPUTS = ("flow", "weights", "residual", "face_flow", "face_weights", "face_residual")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """Which library runs the network, where, and in which precision; see `engines.engine.EngineInfo`."""

    backend: str
    backend_version: str
    device: str
    precision: str


class Network(Protocol):
    """A network that is ready to run.

    Guarantees: used from one thread at a time; the prediction's arrays may be reused by the next call.

    Raises:
        BackendError: (on making one) the library is missing or cannot run here, with the reason.
    """

    @property
    def info(self) -> NetworkInfo:
        """What runs it."""

    def predict(self, inputs: dict[str, F32]) -> Prediction:
        """Return the prediction for one picture; every input has a leading batch axis of 1."""

    def close(self) -> None:
        """Free the device.  Idempotent."""


def prediction(outputs: list[npt.NDArray[np.float32]]) -> Prediction:
    """Return the outputs of one picture, in the order of :data:`OUTPUTS`, as a prediction."""
    flow, weights, residual, face_flow, face_weights, face_residual = (output[0] for output in outputs)
    return Prediction(
        flow=flow,
        weights=weights,
        residual=residual,
        face_flow=face_flow,
        face_weights=face_weights,
        face_residual=face_residual,
    )

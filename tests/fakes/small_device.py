"""A network on a device that has memory for a few pictures only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.errors import DeviceMemoryError
from engines.network import INPUTS, NetworkInfo

F32 = npt.NDArray[np.float32]


class SmallDevice:
    """Returns each picture's first number as its change; keeps one output array, as real devices do.

    Args:
        room: pictures that fit; may be changed while it runs.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.calls: list[int] = []
        self.closed = 0
        self._output = np.zeros((16, 3, 2, 2), np.float32)

    @property
    def info(self) -> NetworkInfo:
        """What runs: a fake, and it says so."""
        return NetworkInfo(backend="fake", backend_version="0", device="small", precision="f32")

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes, or say that there is no room."""
        count = len(inputs[INPUTS[0]])
        self.calls.append(count)
        if count > self.room:
            raise DeviceMemoryError(f"no room for {count} pictures")
        self._output[:count] = inputs[INPUTS[0]].reshape(count, -1)[:, 0, None, None, None]
        return self._output[:count]

    def close(self) -> None:
        """Count."""
        self.closed += 1

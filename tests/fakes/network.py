"""A network that always changes colours alike, and remembers what it was told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.network import INPUTS, NetworkInfo

F32 = npt.NDArray[np.float32]


class ConstantNetwork:
    """Adds one colour everywhere.

    Args:
        change: RGB, -1..1.
    """

    def __init__(self, change: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        self._change = np.array(change, np.float32)
        self.told: list[dict[str, F32]] = []
        self.closed = False

    @property
    def info(self) -> NetworkInfo:
        """What runs: a fake, and it says so."""
        return NetworkInfo(backend="fake", backend_version="0", device="none", precision="f32")

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the colour at twice the maps' resolution, for each picture."""
        assert set(inputs) == set(INPUTS)
        self.told.append(inputs)
        count, cells = len(inputs["maps"]), inputs["maps"].shape[-1]
        return np.ascontiguousarray(np.broadcast_to(self._change[:, None, None], (count, 3, 2 * cells, 2 * cells)))

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

"""Lets a network go on with fewer pictures at once when its device's memory runs out."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.errors import DeviceMemoryError
from engines.network import INPUTS, Network, NetworkInfo

logger = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]


class FrugalNetwork:
    """Splits a call into smaller ones where the device has no memory for it, and remembers how many went.

    Args:
        network: what runs them; closed with this one.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._most = network.info.max_batch

    @property
    def network(self) -> Network:
        """The network itself."""
        return self._network

    @property
    def info(self) -> NetworkInfo:
        """What runs the network; `max_batch` is what has turned out to fit."""
        return replace(self._network.info, max_batch=self._most)

    def predict(self, inputs: dict[str, F32]) -> F32:
        """Return the changes of N pictures, (N, 3, 2 cells, 2 cells), for any N.

        Raises:
            DeviceMemoryError: there is no memory for a single picture.
            BackendError: the library failed.
        """
        count = len(inputs[INPUTS[0]])
        while True:
            try:
                if count <= self._most:
                    return self._network.predict(inputs)
                return self._in_parts(inputs, count)
            except DeviceMemoryError as error:
                if self._most == 1:
                    raise
                self._most = max(min(self._most, count) // 2, 1)
                logger.warning("%s; goes on with at most %d pictures at once", error, self._most)

    def close(self) -> None:
        """Close the network."""
        self._network.close()

    def _in_parts(self, inputs: dict[str, F32], count: int) -> F32:
        parts = []
        for first in range(0, count, self._most):
            part = {name: np.ascontiguousarray(inputs[name][first : first + self._most]) for name in INPUTS}
            parts.append(self._network.predict(part).copy())  # the next call may write into it
        return np.concatenate(parts)

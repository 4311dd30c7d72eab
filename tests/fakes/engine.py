"""An engine that paints its controls instead of a character, for tests of everything around it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.condition import Condition
from engines.engine import EngineInfo


class PaintingEngine:
    """Draws a disc that follows head_yaw and head_pitch, coloured per character."""

    def __init__(self, size: int = 256, names: tuple[str, ...] = ("ada", "bob")) -> None:
        self._size = size
        self._names = names
        self.closed = False

    @property
    def info(self) -> EngineInfo:
        """What runs: a fake, and it says so."""
        return EngineInfo(
            backend="fake",
            backend_version="0",
            device="none",
            precision="u8",
            resolution_px=self._size,
            weights="none",
            spec_hash=controls.spec_hash(),
            reason="tests",
        )

    @property
    def characters(self) -> tuple[str, ...]:
        """The fake characters' names."""
        return self._names

    def generate(self, condition: Condition) -> npt.NDArray[np.uint8]:
        """Paint a disc; its place says the head's yaw and pitch."""
        values = controls.as_dict(condition.controls)
        x = self._size * (0.5 + values["head_yaw"] / 180)
        y = self._size * (0.4 + values["head_pitch"] / 180)
        rows, columns = np.mgrid[: self._size, : self._size]
        disc = (rows - y) ** 2 + (columns - x) ** 2 < (self._size / 6) ** 2
        image = np.zeros((self._size, self._size, 4), np.uint8)
        shade = 80 + 120 * self._names.index(condition.character) // max(1, len(self._names) - 1)
        image[disc] = (shade, 60, 200, 255)
        return image

    def swing(self, character: str) -> None:
        """Nothing swings on a disc."""

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

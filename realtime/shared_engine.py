"""One engine for all sessions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.condition import Condition
from engines.engine import Engine
from realtime.fair_lock import FairLock


class SharedEngine:
    """An engine that several sessions draw with, in turn and in order of arrival."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = FairLock()

    @property
    def engine(self) -> Engine:
        """The engine itself, for what needs no turn."""
        return self._engine

    def generate(self, condition: Condition) -> npt.NDArray[np.uint8]:
        """Return one picture, (H, W, 4) RGBA, waiting for our turn."""
        with self._lock:
            return self._engine.generate(condition)

    def close(self) -> None:
        """Free the engine when the picture that is being drawn is done.  Idempotent."""
        with self._lock:
            self._engine.close()

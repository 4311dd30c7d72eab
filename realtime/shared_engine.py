"""One engine for all sessions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.condition import Condition
from engines.engine import Engine
from engines.swing import Swing
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

    def swing(self, character: str) -> Swing | None:
        """Return what lets a character's hair and cloth swing in one session, waiting for our turn."""
        with self._lock:
            return self._engine.swing(character)

    def close(self) -> None:
        """Free the engine when the picture that is being drawn is done.  Idempotent."""
        with self._lock:
            self._engine.close()

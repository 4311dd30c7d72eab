"""What the tracker sees of a face in a single picture, without what came before."""

from __future__ import annotations

from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

from realtime.frame import Frame
from realtime.tracker import Tracker
from realtime.tracking.mediapipe_tracker import MediaPipeTracker

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: The face network follows its own last result: shown a picture so often, it has settled on it.
TIMES = 3
RATE_HZ = 30
#: Enough that the tracker leaves nothing out.
BUDGET_MS = 1000.0


class Looker:
    """Shows pictures to a tracker, each until it has settled.  A context manager that closes the tracker."""

    def __init__(self) -> None:
        self._tracker: Tracker = MediaPipeTracker(budget_ms=BUDGET_MS)
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tracker.close()

    def face(self, picture: U8) -> F32 | None:
        """Return the face of the main person, float32 (478, 3), or None where there is none.

        Args:
            picture: uint8, (H, W, 3), RGB.
        """
        face = None
        for _ in range(TIMES):
            at = self._shown
            self._shown += 1
            frame = Frame(image=picture, pts=at, time_base=Fraction(1, RATE_HZ), captured_s=at / RATE_HZ)
            people = self._tracker.track(frame)
            face = people[0].face if people else None
        return face

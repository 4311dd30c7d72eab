"""Hair and cloth that swing while a character moves: what one session keeps between pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.hanging import HangingJoints
from engines.skeleton import Proportions, forward_kinematics
from engines.springs import Swinging

F32 = npt.NDArray[np.float32]


class Swing:
    """One character's hair and cloth over one session's pictures; not to be shared between threads.

    Args:
        proportions: the character's.
        joints: what hangs on it.
    """

    def __init__(self, proportions: Proportions, joints: HangingJoints) -> None:
        self._proportions = proportions
        self._swinging = Swinging(joints)
        self._time_s: float | None = None

    def turns(self, vector: ControlVector, time_s: float) -> F32:
        """Return how hair and cloth are turned at a time, float32 (joints - bones, 3, 3), for `Condition.turns`.

        Args:
            vector: the pose at that time.
            time_s: seconds, on any clock; after a pause, and at first, everything hangs at rest.
        """
        bones = forward_kinematics(vector, self._proportions)
        passed_s = 0.0 if self._time_s is None else time_s - self._time_s
        self._time_s = time_s
        return self._swinging.step(bones, passed_s)

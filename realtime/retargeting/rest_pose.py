"""Takes out of head and chest how they stand towards a camera that is not where the person looks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.skeleton import euler_from_rotation, rotation_from_euler
from realtime.retargeting.neutral import Neutral

F64 = npt.NDArray[np.float64]

#: Views from which the face at rest is learnt, about the neutral one.
_FRONTAL_YAW_DEG, _FRONTAL_PITCH_DEG = 25.0, 22.0
#: While a neutral is recorded, views are taken up to here, towards the camera.
TURNED_DEG = 35.0


class RestPose:
    """The recorded stand of head and chest, which reads as upright and straight ahead.

    A camera above the screen sees a face that looks at the screen as bowed.  That is a turn of the camera, not of
    the head, so it is undone from the left: R = R_neutral^T R_seen.

    Args:
        neutral: what the user recorded, or None.
    """

    def __init__(self, neutral: Neutral | None) -> None:
        rest = neutral or Neutral()
        self._neutral = rest
        self._view = _rotation(rest.head_yaw or 0.0, rest.head_pitch or 0.0, rest.head_roll or 0.0)  # (3, 3)
        self._samples: dict[str, float] = {}

    @property
    def known(self) -> dict[str, float]:
        """The recorded numbers of head and chest, by their names in `Neutral`."""
        return {name: value for name, value in self._neutral.known().items() if name.startswith(("head_", "torso_"))}

    @property
    def samples(self) -> dict[str, float]:
        """What was seen since the last call of `begin`, by the names in `Neutral`."""
        return dict(self._samples)

    def begin(self) -> None:
        """Forget the samples: another observation begins."""
        self._samples = {}

    def head(self, rotation: F64) -> F64:
        """Return a head's rotation towards the camera, (3, 3), as one towards where the neutral head looked."""
        yaw, pitch, roll = euler_from_rotation(rotation)
        self._samples |= {"head_yaw": float(yaw), "head_pitch": float(pitch), "head_roll": float(roll)}
        return np.asarray(self._view.T @ rotation, np.float64)

    def torso(self, values: dict[str, float], chest: F64) -> F64:
        """Straighten `torso_yaw` and `torso_roll` among named controls and return the chest's rotation, (3, 3).

        Args:
            values: changed in place.
            chest: the rotation that the controls were before, and perhaps more below it.
        """
        if "torso_yaw" not in values:
            return chest
        yaw, pitch, roll = values["torso_yaw"], values["torso_pitch"], values["torso_roll"]
        self._samples |= {"torso_yaw": yaw, "torso_roll": roll}
        values["torso_yaw"] = yaw - (self._neutral.torso_yaw or 0.0)
        values["torso_roll"] = roll - (self._neutral.torso_roll or 0.0)
        straight = _rotation(values["torso_yaw"], pitch, values["torso_roll"])
        return np.asarray(chest @ _rotation(yaw, pitch, roll).T @ straight, np.float64)

    def is_frontal(self, rotation: F64, *, recording: bool = False) -> bool:
        """Return whether a head's rotation towards the camera, (3, 3), is a view to learn the face at rest from."""
        yaw, pitch, _ = euler_from_rotation(self._view.T @ rotation)
        if abs(yaw) < _FRONTAL_YAW_DEG and abs(pitch) < _FRONTAL_PITCH_DEG:
            return True
        yaw, pitch, _ = euler_from_rotation(rotation)
        return recording and max(abs(yaw), abs(pitch)) < TURNED_DEG


def _rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F64:
    return np.asarray(rotation_from_euler(yaw_deg, pitch_deg, roll_deg), np.float64)

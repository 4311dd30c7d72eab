"""Arm poses as controls: where the wrist goes, how the elbow swings, which way the palm looks.

Everything is computed for the left arm; the right side's controls are written in the mirrored frame, so the same
numbers make the mirrored pose (see :mod:`engines.controls`).

Frame and unit: the shoulder joint is the origin, x away from the body, y up, z to the viewer; one unit is the
length of the upper arm, and the forearm counts as equally long (within 10 % in all our avatars).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import HIGH, INDEX, LOW
from engines.skeleton import vector_from_rotation

F64 = npt.NDArray[np.float64]

#: A reach of 2 would be a stretched arm, whose elbow plane is undefined.
_MAX_REACH = 1.96
_MIN_REACH = 0.55


def _unit(vector: F64) -> F64:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def arm_controls(
    side: str, wrist: npt.ArrayLike, elbow_towards: npt.ArrayLike, palm_towards: npt.ArrayLike
) -> Mapping[str, float]:
    """Return the shoulder, elbow and forearm controls that bring the wrist to a place.

    Args:
        side: ``"left"`` or ``"right"``.
        wrist: (3,), in the module's frame and unit; brought within reach.
        elbow_towards: (3,), the side to which the elbow swings out.
        palm_towards: (3,), the direction that the palm should look; met as far as the forearm turns.

    Returns:
        control name -> degrees, inside the spec's ranges except where the upper arm cannot be reached by any.
    """
    target = np.asarray(wrist, np.float64)
    reach = float(np.clip(np.linalg.norm(target), _MIN_REACH, _MAX_REACH))
    along = _unit(target)
    hint = np.asarray(elbow_towards, np.float64)
    out = _unit(hint - along * (hint @ along))
    upper = along * (reach / 2) + out * np.sqrt(1 - (reach / 2) ** 2)
    fore = along * reach - upper
    elbow = float(np.degrees(np.arccos(np.clip(upper @ fore, -1, 1))))
    # The T-pose's arm lies along x and bends towards z.
    bend = _unit(fore - upper * (upper @ fore))
    rotation = np.stack([upper, np.cross(bend, upper), bend], axis=1)
    # Without any twist the palm looks along -y of the bent forearm's frame; supination turns it towards +z.
    palm = np.asarray(palm_towards, np.float64)
    fore_z = np.cross(fore, rotation[:, 1])
    twist = float(np.degrees(np.arctan2(palm @ fore_z, -(palm @ rotation[:, 1]))))
    twist_range = LOW[INDEX["left_forearm_twist"]], HIGH[INDEX["left_forearm_twist"]]
    vector = vector_from_rotation(rotation)
    return {
        f"{side}_upper_arm_x": float(vector[0]),
        f"{side}_upper_arm_y": float(vector[1]),
        f"{side}_upper_arm_z": float(vector[2]),
        f"{side}_elbow": elbow,
        f"{side}_forearm_twist": float(np.clip(twist, *twist_range)),
    }

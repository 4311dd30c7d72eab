"""A symmetrical person of 1.6 m, for tests of everything that poses or frames one."""

from __future__ import annotations

import numpy as np

from engines.skeleton import BONES, PARENT, Proportions

#: Where the left side's and the middle's joints are, in metres; fingers are laid out behind the hand.
_JOINTS: dict[str, tuple[float, float, float]] = {
    "hips": (0.0, 0.90, 0.0),
    "spine": (0.0, 1.00, -0.01),
    "chest": (0.0, 1.12, -0.01),
    "neck": (0.0, 1.32, -0.01),
    "head": (0.0, 1.40, 0.0),
    "left_eye": (0.03, 1.46, 0.05),
    "left_shoulder": (0.03, 1.28, -0.01),
    "left_upper_arm": (0.12, 1.28, -0.01),
    "left_lower_arm": (0.34, 1.28, -0.01),
    "left_hand": (0.56, 1.28, -0.01),
    "left_upper_leg": (0.08, 0.86, 0.0),
    "left_lower_leg": (0.08, 0.47, 0.0),
    "left_foot": (0.08, 0.08, -0.02),
}
_FINGER_Z = {"thumb": 0.03, "index": 0.02, "middle": 0.0, "ring": -0.02, "little": -0.03}
_PHALANX_X = {"proximal": 0.08, "intermediate": 0.11, "distal": 0.13}


def figure() -> Proportions:
    """Return the proportions of a symmetrical figure in its T-pose."""
    joints = np.zeros((len(BONES), 3), np.float32)
    for index, bone in enumerate(BONES):
        left = bone.replace("right", "left")
        if left in _JOINTS:
            joints[index] = _JOINTS[left]
        else:
            finger, phalanx = left.removeprefix("left_").split("_")
            joints[index] = np.add(_JOINTS["left_hand"], (_PHALANX_X[phalanx], 0.0, _FINGER_Z[finger]))
        if bone.startswith("right"):
            joints[index, 0] *= -1
    assert len(PARENT) == len(joints)
    return Proportions(
        joints=joints,
        left_eye=np.array([0.035, 1.46, 0.09], np.float32),
        right_eye=np.array([-0.035, 1.46, 0.09], np.float32),
        mouth=np.array([0.0, 1.41, 0.10], np.float32),
        head_top=1.62,
    )

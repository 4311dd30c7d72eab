"""Which controls come and go together, because the same part of the person shows them."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX, NAMES


class Group(StrEnum):
    """A part of the person that is seen or not seen as a whole."""

    HEAD = "head"
    EYES = "eyes"
    MOUTH = "mouth"
    TORSO = "torso"
    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_HAND = "left_hand"
    RIGHT_HAND = "right_hand"
    LEFT_LEG = "left_leg"
    RIGHT_LEG = "right_leg"
    ROOT = "root"


_EYES = ("gaze_yaw", "gaze_pitch", "blink_left", "blink_right", "brow_left", "brow_right")


def _names(first: str, last: str) -> tuple[str, ...]:
    return NAMES[INDEX[first] : INDEX[last] + 1]


GROUP_NAMES: dict[Group, tuple[str, ...]] = {
    Group.HEAD: ("head_yaw", "head_pitch", "head_roll"),
    Group.EYES: _EYES,
    Group.MOUTH: _names("aa", "surprised"),
    Group.TORSO: ("torso_yaw", "torso_pitch", "torso_roll", "left_shoulder_raise", "right_shoulder_raise"),
    Group.LEFT_ARM: _names("left_upper_arm_x", "left_forearm_twist"),
    Group.RIGHT_ARM: _names("right_upper_arm_x", "right_forearm_twist"),
    Group.LEFT_HAND: _names("left_wrist_flexion", "left_little_curl"),
    Group.RIGHT_HAND: _names("right_wrist_flexion", "right_little_curl"),
    Group.LEFT_LEG: _names("left_upper_leg_x", "left_ankle"),
    Group.RIGHT_LEG: _names("right_upper_leg_x", "right_ankle"),
    Group.ROOT: _names("root_yaw", "root_y"),
}
#: Where each group's controls stand in the control vector.
GROUP_INDEX: dict[Group, npt.NDArray[np.intp]] = {
    group: np.array([INDEX[name] for name in names], np.intp) for group, names in GROUP_NAMES.items()
}

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


_EYES = ("gaze_yaw", "gaze_pitch", "blink_left", "blink_right", "brow_left", "brow_right")


def _arm_names(side: str) -> tuple[str, ...]:
    first, last = INDEX[f"{side}_upper_arm_x"], INDEX[f"{side}_little_curl"]
    return NAMES[first : last + 1]


GROUP_NAMES: dict[Group, tuple[str, ...]] = {
    Group.HEAD: ("head_yaw", "head_pitch", "head_roll"),
    Group.EYES: _EYES,
    Group.MOUTH: NAMES[INDEX["aa"] : INDEX["surprised"] + 1],
    Group.TORSO: ("torso_yaw", "torso_pitch", "torso_roll", "left_shoulder_raise", "right_shoulder_raise"),
    Group.LEFT_ARM: _arm_names("left"),
    Group.RIGHT_ARM: _arm_names("right"),
}
#: Where each group's controls stand in the control vector.
GROUP_INDEX: dict[Group, npt.NDArray[np.intp]] = {
    group: np.array([INDEX[name] for name in names], np.intp) for group, names in GROUP_NAMES.items()
}

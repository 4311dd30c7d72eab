"""The pictures that both renderers take of every avatar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.framing import face_camera, portrait_camera
from engines.skeleton import BONE_INDEX, Proportions, forward_kinematics
from engines.studio.arm import arm_controls

F32 = npt.NDArray[np.float32]

#: What is no part of a character, by the avatar's name.
LEFT_OUT: dict[str, frozenset[str]] = {"seedsan": frozenset({"robo_arm"})}
#: A head with its hair, in widths of the face frame.
_HEAD = 1.8
#: Room above and below a standing figure, in parts of its height.
_BODY_MARGIN = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture.

    Args:
        name: unique; part of the file's name.
        controls: name -> value, away from neutral.
        camera: the portrait framing; ``face``: the face frame of the resting figure; ``body``: from head to feet.
        scale: shows this many times the width of the camera's picture, about the same centre.
    """

    name: str
    controls: Mapping[str, float] = field(default_factory=dict)
    camera: Literal["portrait", "body", "face"] = "portrait"
    scale: float = 1.0

    @property
    def vector(self) -> ControlVector:
        """Return the pose as a control vector."""
        return controls.controls(self.controls)

    def matrix(self, proportions: Proportions) -> F32:
        """Return the camera, (2, 3), world to unit square, for an avatar."""
        if self.camera == "portrait":
            camera = portrait_camera(proportions)
        elif self.camera == "face":
            rest = forward_kinematics(controls.controls(), proportions)
            camera = face_camera(proportions, rest[BONE_INDEX["head"]])
        else:
            camera = _body_camera(proportions)
        camera = camera / np.float32(self.scale)
        camera[:, 2] += np.float32(0.5 - 0.5 / self.scale)
        return np.asarray(camera, np.float32)


def _body_camera(proportions: Proportions) -> F32:
    """Return a camera that shows the standing figure from head to feet, (2, 3)."""
    height = proportions.head_top * (1 + 2 * _BODY_MARGIN)
    centre_x = float(proportions.joints[BONE_INDEX["hips"], 0])
    bottom = -proportions.head_top * _BODY_MARGIN
    return np.array([[1 / height, 0, 0.5 - centre_x / height], [0, -1 / height, 1 + bottom / height]], np.float32)


def _both_arms(wrist: tuple[float, float, float]) -> dict[str, float]:
    """Return controls of both arms: the wrist there (see :mod:`engines.studio.arm`), palms to the viewer."""
    return {
        name: value
        for side in ("left", "right")
        for name, value in arm_controls(side, wrist, (0.4, -1.0, 0.1), (0.0, 0.0, 1.0)).items()
    }


#: What parity is measured on.
PARITY: tuple[Shot, ...] = (
    Shot(name="neutral"),
    Shot(name="turned", controls={"head_yaw": 35, "head_roll": 14, "torso_yaw": 18, "torso_roll": -5}),
    Shot(name="hands", controls=_both_arms((0.35, 0.75, 0.55))),
    Shot(name="wink", controls={"blink_left": 1.0, "aa": 1.0}),
    Shot(name="joy", controls={"joy": 1.0, "head_pitch": 18}),
)
#: What a contact sheet shows.
CONTACT: tuple[Shot, ...] = (
    Shot(name="front"),
    Shot(name="quarter", controls={"root_yaw": 45}),
    Shot(name="blink_left", controls={"blink_left": 1.0}, camera="face", scale=_HEAD),
    Shot(name="blink_right", controls={"blink_right": 1.0}, camera="face", scale=_HEAD),
    *(Shot(name=viseme, controls={viseme: 1.0}, camera="face", scale=_HEAD) for viseme in controls.VISEMES),
    Shot(name="joy_face", controls={"joy": 1.0}, camera="face", scale=_HEAD),
    Shot(name="arms_up", controls=_both_arms((0.25, 1.6, 0.2)), scale=1.4),
    Shot(name="body", camera="body"),
)

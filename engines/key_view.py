"""One picture of a sheet: a pose and a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.framing import Framing, camera_of, face_camera
from engines.skeleton import BONE_INDEX, Proportions, forward_kinematics

F32 = npt.NDArray[np.float32]

#: What a view draws, where it does not draw everything; see `engines.studio.views`.
Layer = Literal["eye_white", "iris", "face", "lashes", "brows", "mouth", "hair", "clothes", "no_hair", "no_arms"]
#: Pixels per side of a view unless it says otherwise.
VIEW_PX = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """One picture of a sheet.

    Args:
        name: unique in its sheet; letters, digits, `_` and `-`.
        camera: a framing, or ``face``: the frame that follows the head.
        controls: name -> value, away from neutral.
        layer: draw only these parts; None draws everything.
        scale: shows this many times the width of the camera's picture, about the same centre.
        size_px: width and height.
        swinging: whether hair and cloth hang as springs let them; else they follow their bones rigidly.
    """

    name: str
    camera: Framing | Literal["face"]
    controls: Mapping[str, float] = field(default_factory=dict)
    layer: Layer | None = None
    scale: float = 1.0
    size_px: int = VIEW_PX
    swinging: bool = True

    def vector(self) -> ControlVector:
        """Return the view's control vector."""
        return controls.controls(self.controls)

    def matrix(self, proportions: Proportions) -> F32:
        """Return the view's camera for a character, float32 (2, 3), world to 0..1."""
        if self.camera == "face":
            bones = forward_kinematics(self.vector(), proportions)
            camera = face_camera(proportions, bones[BONE_INDEX["head"]])
        else:
            camera = camera_of(self.camera, proportions)
        wide = camera / self.scale
        wide[:, 2] += 0.5 * (1 - 1 / self.scale)
        return wide.astype(np.float32)

"""A face with all of its points where a real one has them, at angles that are known."""

from __future__ import annotations

import numpy as np

from engines.skeleton import rotation_from_euler
from realtime.recording.mean_face import MEAN_FACE_CM
from realtime.retargeting.face_geometry import DEPTH_GAIN
from tests.fakes.person import F32, IMAGE_SIZE


def whole_face(
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    centre_px: tuple[float, float] = (320.0, 60.0),
    scale_px: float = 4.0,
) -> F32:
    """Return the mean face as MediaPipe gives it, float32 (478, 3), of a head turned by degrees.

    Args:
        yaw: of the head towards the camera, as the control.
        pitch: the same.
        roll: the same.
        centre_px: where the middle between the eyes is in the picture.
        scale_px: pixels per centimetre.
    """
    turned = MEAN_FACE_CM @ np.asarray(rotation_from_euler(yaw, pitch, roll), np.float64).T * scale_px
    pixels = turned * [1, -1, -1 / DEPTH_GAIN] + [*centre_px, 0.0]
    return np.asarray(pixels / [IMAGE_SIZE[0], IMAGE_SIZE[1], IMAGE_SIZE[0]], np.float32)

"""Framings: which part of a character a picture shows, as an orthographic camera in canonical space.

The canonical camera is orthographic and looks along -Z.  It makes a rigid part's motion an exact affine map of
the picture, which the generator's geometric base relies on (docs/decisions/0003-orthographic-camera.md).
A camera is a float32 (2, 3) matrix from world (x, y, 1) to the unit square, x right, y *down*, both 0..1.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from engines import affine
from engines.skeleton import BONE_INDEX, Proportions

F32 = npt.NDArray[np.float32]

#: What a picture shows: head to waist, or head to feet.
Framing = Literal["portrait", "full"]
FRAMINGS: tuple[Framing, ...] = get_args(Framing)

#: Portrait: room above the hair, and how far below the hips the picture ends, in parts of its height.
PORTRAIT_MARGIN_TOP = 0.09
PORTRAIT_MARGIN_BOTTOM = -0.25
#: Full: room above the hair (raised hands reach into it) and below the soles, in parts of the picture's height.
FULL_MARGIN_TOP = 0.12
FULL_MARGIN_BOTTOM = 0.05
#: The face frame's half width and half height in units of the distance between the eyes.
FACE_HALF_EXTENT = 1.35
#: The face plane is never drawn narrower than this part of its width (65 degrees of turn).
MIN_FORESHORTENING = 0.42


def camera_of(framing: Framing, proportions: Proportions) -> F32:
    """Return the canonical camera of a framing, (2, 3)."""
    return portrait_camera(proportions) if framing == "portrait" else full_camera(proportions)


def between(source: F32, target: F32) -> F32:
    """Return the map from one camera's picture to another's, (2, 3), both 0..1.

    So a canonical picture is placed on a stage, a portrait inside the full figure, the face frame in either.
    """
    return affine.compose(target, affine.inverse(source))


def portrait_camera(proportions: Proportions) -> F32:
    """Return the camera of the `portrait` framing, (2, 3): head to waist, square, centred on the head."""
    hips_y = float(proportions.joints[BONE_INDEX["hips"], 1])
    figure = proportions.head_top - hips_y
    height = figure / (1.0 - PORTRAIT_MARGIN_TOP - PORTRAIT_MARGIN_BOTTOM)
    top = proportions.head_top + PORTRAIT_MARGIN_TOP * height
    centre_x = float(proportions.joints[BONE_INDEX["head"], 0])
    return np.array(
        [[1 / height, 0, 0.5 - centre_x / height], [0, -1 / height, top / height]],
        np.float32,
    )


def full_camera(proportions: Proportions) -> F32:
    """Return the camera of the `full` framing, (2, 3): head to feet, square, centred on the hips.

    The ground is y = 0, as the T-pose of VRM has it.
    """
    height = proportions.head_top / (1.0 - FULL_MARGIN_TOP - FULL_MARGIN_BOTTOM)
    top = proportions.head_top + FULL_MARGIN_TOP * height
    centre_x = float(proportions.joints[BONE_INDEX["hips"], 0])
    return np.array(
        [[1 / height, 0, 0.5 - centre_x / height], [0, -1 / height, top / height]],
        np.float32,
    )


def face_camera(proportions: Proportions, head: F32) -> F32:
    """Return the camera that keeps the face upright, centred and at one size however the head turns, (2, 3).

    It maps the *plane of the face* to the unit square: a picture taken with it shows the eyes at the same
    place whatever the head's yaw, pitch and roll (what stands off the plane moves by parallax).

    Args:
        proportions: the character's.
        head: the head bone's skinning matrix, (4, 4).
    """
    centre, half = face_plane(proportions)
    origin = head[:3, :3] @ centre + head[:3, 3]
    (a, b), (c, d) = (head[:2, :2] * half * np.array([1.0, -1.0])).astype(np.float64).tolist()
    # Keep the map invertible when the face is seen edge-on: limit the foreshortening of the smaller axis.
    # Closed-form singular values of a 2 x 2 matrix: rotation(phi) @ diag(large, small) @ rotation(theta).
    e, f, g, h = (a + d) / 2, (a - d) / 2, (c + b) / 2, (c - b) / 2
    large, small = np.hypot(e, h) + np.hypot(f, g), np.hypot(e, h) - np.hypot(f, g)
    first, second = np.arctan2(g, f), np.arctan2(h, e)
    phi, theta = (second + first) / 2, (second - first) / 2
    least = half * MIN_FORESHORTENING
    scale = np.diag([max(large, least), np.copysign(max(abs(small), least), small)])
    limited = _rotation(phi) @ scale @ _rotation(theta)
    to_world = np.concatenate([2 * limited, (origin[:2, None] - limited.sum(axis=1, keepdims=True))], axis=1)
    return affine.inverse(to_world)


def _rotation(angle: float) -> npt.NDArray[np.float64]:
    """Return the plane's rotation by an angle in radians, (2, 2)."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def face_plane(proportions: Proportions) -> tuple[F32, float]:
    """Return the face frame's centre in rest space, (3,), and its half extent in metres."""
    eyes = (proportions.left_eye + proportions.right_eye) / 2
    distance = float(np.linalg.norm(proportions.left_eye - proportions.right_eye))
    centre = eyes * 0.6 + proportions.mouth * 0.4
    return centre.astype(np.float32), FACE_HALF_EXTENT * distance

"""A character's sheet: the key views that a picture is warped from, and where their points are in space.

A sheet holds *pose views* (the whole figure in a few poses) and *face views* (the face alone, one per
expression), and a cloud of surface points seen in the pose views, each with its place in the rest pose and
its bones.  From the cloud `engines.structure` derives, for any pose, where every part of the picture is to be
found in every view.  Which views there are is fixed here: the network's inputs and outputs are per view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from engines.skeleton import BONES, rotation_from_vector, vector_from_rotation

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Pose views show 1.25 times the picture's width, at the picture's 512 pixels per width: what a lean or a
#: turn brings in from outside the frame has to come from somewhere.
SHEET_SCALE = 1.25
POSE_VIEW_PX = 640
#: Face views show the face frame a little larger than it stands in a 512 pixel picture.
FACE_VIEW_PX = 256


def _arms(left: tuple[float, float, float, float], right: tuple[float, float, float, float]) -> dict[str, float]:
    """Return arm controls from (lift, turn, elbow, forearm twist) per side, all in degrees.

    Lift is the angle above the T-pose's horizontal, turn rotates the upper arm about its own axis (-90 makes
    the elbow bend upwards instead of forwards).
    """
    values: dict[str, float] = {}
    for side, (lift, turn, elbow, twist) in (("left", left), ("right", right)):
        matrix = rotation_from_vector((0, 0, lift)) @ rotation_from_vector((turn, 0, 0))
        vector = vector_from_rotation(matrix)
        for axis, angle in zip("xyz", vector, strict=True):
            values[f"{side}_upper_arm_{axis}"] = float(angle)
        values[f"{side}_elbow"] = elbow
        values[f"{side}_forearm_twist"] = twist
    return values


def _hands(curl: float) -> dict[str, float]:
    return {name: curl for name in controls.NAMES if name.endswith("_curl")}


#: Controls of the pose views.  Head turns and arm poses share views, since they move different parts.
POSE_VIEWS: tuple[dict[str, float], ...] = (
    _arms((-62, 0, 6, 0), (-62, 0, 6, 0)),
    {"head_yaw": 42.0} | _arms((-48, -90, 118, 0), (-48, -90, 118, 0)) | _hands(0.05),
    {"head_yaw": -42.0} | _arms((-12, 0, 5, 0), (-12, 0, 5, 0)) | _hands(0.1),
    {"head_pitch": 24.0} | _arms((-45, 75, 12, 0), (-45, 75, 12, 0)) | _hands(0.15),
    {"head_pitch": -24.0, "torso_yaw": 28.0} | _arms((-52, -90, 60, 0), (-52, -90, 60, 0)) | _hands(0.6),
    {"torso_yaw": -28.0} | _arms((-45, -90, 110, -100), (-45, -90, 110, -100)) | _hands(0.1),
)
#: Controls of the face views, on the neutral pose.
FACE_VIEWS: tuple[dict[str, float], ...] = (
    {},
    {"blink_left": 0.5, "blink_right": 0.5, "smile": 1.0},
    {"blink_left": 1.0, "blink_right": 1.0, "aa": 1.0},
    {"gaze_yaw": 28.0, "ih": 1.0},
    {"gaze_yaw": -28.0, "ou": 1.0},
    {"gaze_pitch": 22.0, "ee": 1.0, "brow_left": -1.0, "brow_right": -1.0},
    {"gaze_pitch": -22.0, "oh": 1.0, "brow_left": 1.0, "brow_right": 1.0},
    {"joy": 1.0},
    {"angry": 1.0},
    {"sorrow": 1.0},
    {"surprised": 1.0},
)


#: Poses that add surface points but no picture: the sides of arms and head that no pose view shows.
SCANS: tuple[dict[str, float], ...] = (
    {"head_yaw": 70.0, "head_pitch": 30.0} | _arms((-20, 100, 5, 0), (-20, 100, 5, 0)) | _hands(0.1),
    {"head_yaw": -70.0, "head_pitch": -30.0} | _arms((-20, 180, 5, 0), (-20, 180, 5, 0)) | _hands(0.1),
)


def pose_view_controls() -> tuple[ControlVector, ...]:
    """Return the control vectors of the pose views."""
    return tuple(controls.controls(values) for values in POSE_VIEWS)


def face_view_controls() -> tuple[ControlVector, ...]:
    """Return the control vectors of the face views."""
    return tuple(controls.controls(values) for values in FACE_VIEWS)


def sheet_camera(camera: F32) -> F32:
    """Return the camera of the pose views, (2, 3), for a picture's camera: the same centre, wider."""
    wide = camera / SHEET_SCALE
    wide[:, 2] += 0.5 * (1 - 1 / SHEET_SCALE)
    return wide.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCloud:
    """Surface points of a character, N of them, as seen in its pose views.

    Args:
        position: float32, (N, 3), metres, rest pose.
        normal: float32, (N, 3), unit, rest pose, pointing to where the point was seen from.
        weights: float32, (N, len(BONES)), skinning weights, rows sum to 1.
        colour: uint8, (N, 3), RGB.
        visible: uint8, (N, len(POSE_VIEWS)), how well each pose view shows the point: 0 not at all, 255 face on.
    """

    position: F32
    normal: F32
    weights: F32
    colour: U8
    visible: U8

    def __post_init__(self) -> None:
        count = len(self.position)
        shapes = {"normal": (count, 3), "weights": (count, len(BONES)), "colour": (count, 3)}
        shapes["visible"] = (count, len(POSE_VIEWS))
        for name, expected in shapes.items():
            got = getattr(self, name).shape
            if got != expected:
                raise ValueError(f"{name}: got shape {got}, expected {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The pictures and points that a character is drawn from.

    Args:
        pose_views: uint8, (V, POSE_VIEW_PX, POSE_VIEW_PX, 4), *premultiplied* RGBA.
        face_views: uint8, (E, FACE_VIEW_PX, FACE_VIEW_PX, 4), *premultiplied* RGBA.
        points: the surface points.
    """

    pose_views: U8
    face_views: U8
    points: PointCloud

    def __post_init__(self) -> None:
        for name, expected in (
            ("pose_views", (len(POSE_VIEWS), POSE_VIEW_PX, POSE_VIEW_PX, 4)),
            ("face_views", (len(FACE_VIEWS), FACE_VIEW_PX, FACE_VIEW_PX, 4)),
        ):
            got = getattr(self, name).shape
            if got != expected:
                raise ValueError(f"{name}: got shape {got}, expected {expected}")


def premultiplied(image: U8) -> U8:
    """Return straight-alpha RGBA as premultiplied RGBA, uint8, (..., 4)."""
    alpha = image[..., 3:].astype(np.uint16)
    colour = (image[..., :3].astype(np.uint16) * alpha + 127) // 255
    return np.asarray(np.concatenate([colour, alpha], axis=-1), np.uint8)

"""What a face does, measured in head space: openings, heights and widths as plain numbers.

All lengths are divided by the distance between the outer eye corners, so they depend neither on the distance
to the camera nor, as far as the depth estimate is right, on where the head points.  Point numbers are those
of MediaPipe's face mesh (`face_mesh_connections.py`: LEFT_EYE, LEFT_EYEBROW, LIPS, LEFT_IRIS and so on).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realtime.retargeting.face_geometry import F64, HeadSolve

# Upper and lower lid points that face each other, then the outer and the inner corner.
_LIDS = {
    "left": ([385, 386, 387], [380, 374, 373], 263, 362),
    "right": ([158, 159, 160], [153, 145, 144], 33, 133),
}
_IRIS = {"left": 473, "right": 468}
_BROW = {"left": [336, 296, 334, 293], "right": [107, 66, 105, 63]}
_OUTER_CORNERS = (33, 263)
_LIP_UPPER, _LIP_LOWER = [82, 13, 312], [87, 14, 317]
_MOUTH_CORNERS = (61, 291)
_MOUTH_OUTER = (0, 17)  # top of the upper lip, bottom of the lower
#: Across the eye opening between its corners, millimetres, and the radius on which the iris turns.
#: Source: palpebral fissure of adults 29 to 30 mm (Farkas, "Anthropometry of the Head and Face", 1994); the
#: eyeball's centre of rotation lies 13 mm behind the cornea's apex (Fry and Hill, 1962).
_FISSURE_MM = 29.5
_IRIS_RADIUS_MM = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeFeatures:
    """One eye: lid opening over eye width; brow height; where the iris sits between the corners, degrees."""

    opening: float
    brow: float
    gaze_yaw: float
    gaze_pitch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFeatures:
    """A face's measurements; lengths over the distance of the outer eye corners.

    Args:
        left: the subject's left eye.
        right: the subject's right eye.
        mouth_opening: between the inner lips.
        mouth_width: between the corners.
        corner_lift: corners above the middle of the lips.
        lip_depth: how far the lips stand out before the mouth corners.
    """

    left: EyeFeatures
    right: EyeFeatures
    mouth_opening: float
    mouth_width: float
    corner_lift: float
    lip_depth: float


def measure_face(head: HeadSolve) -> FaceFeatures:
    """Return the features of a face that was carried to head space."""
    points = head.points
    unit = float(np.linalg.norm(points[_OUTER_CORNERS[1]] - points[_OUTER_CORNERS[0]]))
    corners = points[list(_MOUTH_CORNERS)]
    lips = (points[_LIP_UPPER].mean(0) + points[_LIP_LOWER].mean(0)) / 2
    outer = points[list(_MOUTH_OUTER)].mean(0)
    gap = points[_LIP_UPPER] - points[_LIP_LOWER]
    return FaceFeatures(
        left=_eye(points, "left", unit),
        right=_eye(points, "right", unit),
        mouth_opening=float(np.linalg.norm(gap[:, 1:], axis=1).mean()) / unit,
        mouth_width=float(np.linalg.norm(corners[1] - corners[0])) / unit,
        corner_lift=float(corners[:, 1].mean() - (lips[1] + outer[1]) / 2) / unit,
        lip_depth=float(outer[2] - corners[:, 2].mean()) / unit,
    )


def _eye(points: F64, side: str, unit: float) -> EyeFeatures:
    upper, lower, outer, inner = _LIDS[side]
    lids = points[upper] - points[lower]  # (3, 3)
    width = max(float(np.linalg.norm(points[outer] - points[inner])), 1e-6)
    middle = (points[outer] + points[inner]) / 2
    across = (points[outer] - points[inner]) / width * (1.0 if side == "left" else -1.0)
    # The iris has no depth of its own in this mesh; its place along and above the line of the corners does.
    iris = points[_IRIS[side]] - middle
    along_mm = float(iris @ across) / width * _FISSURE_MM
    above_mm = float(iris[1] - across[1] * (iris @ across)) / width * _FISSURE_MM
    return EyeFeatures(
        opening=float(np.linalg.norm(lids[:, 1:], axis=1).mean()) / width,
        brow=float(points[_BROW[side]][:, 1].mean() - middle[1]) / unit,
        gaze_yaw=_angle(along_mm),
        gaze_pitch=-_angle(above_mm),
    )


def _angle(offset_mm: float) -> float:
    return float(np.degrees(np.arcsin(np.clip(offset_mm / _IRIS_RADIUS_MM, -0.9, 0.9))))

"""What a face does, measured in head space: openings, heights and widths as plain numbers.

All lengths are divided by the distance between the outer eye corners, so they depend neither on the distance to the
camera nor, as far as faces are alike, on where the head points.  Each point is taken from the picture and carried to
head space at the depth that it has in a mean face.  Point numbers are those of MediaPipe's face mesh
(`face_mesh_connections.py`: LEFT_EYE, LEFT_EYEBROW, LIPS, LEFT_IRIS and so on).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realtime.retargeting.face_geometry import F64, HeadSolve

#: How deep each point lies in the mean face, centimetres: left point, its twin on the right, depth.  Source: measured
#: here as `TEMPLATE_CM` of `face_geometry`, from 222 frontal frames of four people.
_DEPTH_CM: dict[tuple[int, int], float] = {
    # Upper lid, lower lid, corners, iris.
    **{(384, 157): 0.68, (385, 158): 0.78, (386, 159): 0.75, (387, 160): 0.61, (388, 161): 0.41},
    **{(381, 154): 0.61, (380, 153): 0.69, (374, 145): 0.66, (373, 144): 0.51, (390, 163): 0.32},
    **{(263, 33): -0.05, (362, 133): 0.48, (473, 468): 0.49},
    # Brow: upper border from the nose outwards, and the lower border's inner end.
    **{(336, 107): 2.12, (296, 66): 1.82, (334, 105): 1.24, (293, 63): 0.60, (285, 55): 1.91},
    # Lips.
    **{(312, 82): 2.19, (317, 87): 2.16, (291, 61): 0.94, (13, 13): 2.26, (14, 14): 2.24, (0, 0): 2.79, (17, 17): 2.46},
    (2, 2): 2.79,  # below the nose
}
_DEPTH_OF = {index: depth for pair, depth in _DEPTH_CM.items() for index in pair}
_POINTS: list[int] = list(_DEPTH_OF)
_DEPTHS: F64 = np.array(list(_DEPTH_OF.values()), np.float64)
_AT = {index: position for position, index in enumerate(_POINTS)}


def _at(*indices: int) -> list[int]:
    """Return where points stand among those that are measured."""
    return [_AT[index] for index in indices]


# Upper and lower lid points that face each other.
_UPPER_LID = {"left": _at(385, 386, 387), "right": _at(158, 159, 160)}
_LOWER_LID = {"left": _at(380, 374, 373), "right": _at(153, 145, 144)}
_CORNERS = {"left": _at(263, 362), "right": _at(33, 133)}  # outer, inner
_IRIS = {"left": _AT[473], "right": _AT[468]}
_BROW = {"left": _at(336, 296, 334, 293), "right": _at(107, 66, 105, 63)}
_INNER_BROW = {"left": _at(336, 285), "right": _at(107, 55)}
_OUTER_BROW = {"left": _at(334, 293), "right": _at(105, 63)}
_OUTER_CORNERS = _at(33, 263)
_LIP_UPPER, _LIP_LOWER = _at(82, 13, 312), _at(87, 14, 317)
_MOUTH_CORNERS = _at(61, 291)
_NOSE_BASE = _AT[2]
#: How far the corners of a resting mouth are below the nose.  Source: as `_DEPTH_CM`.
_CORNER_DROP = 0.228
#: Across the eye opening between its corners, millimetres, and the radius on which the iris turns.
#: Source: palpebral fissure of adults 29 to 30 mm (Farkas, "Anthropometry of the Head and Face", 1994); the
#: eyeball's centre of rotation lies 13 mm behind the cornea's apex (Fry and Hill, 1962).
_FISSURE_MM = 29.5
_IRIS_RADIUS_MM = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeFeatures:
    """One eye and the brow above it.

    Args:
        opening: between the lids, over the eye's width; below 0 where the lids seem to cross.
        brow: height above the eye.
        brow_slope: how much higher the brow's inner end is than its outer half.
        brow_in: how far the brow's inner end is from the face's middle.
        gaze_yaw: where the iris sits between the corners, degrees, > 0 to the subject's left.
        gaze_pitch: the same, > 0 down.
    """

    opening: float
    brow: float
    brow_slope: float
    brow_in: float
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
        corner_lift: corners above where they are in the mean face, measured from the nose: a jaw that drops leaves
            them where they are.
        lip_depth: how far the lips stand out before the mouth corners.
    """

    left: EyeFeatures
    right: EyeFeatures
    mouth_opening: float
    mouth_width: float
    corner_lift: float
    lip_depth: float


def measure_face(head: HeadSolve) -> FaceFeatures:
    """Return the features of a face whose head was solved."""
    points = head.at_depth(_POINTS, _DEPTHS)  # (P, 2)
    unit = float(np.linalg.norm(points[_OUTER_CORNERS[1]] - points[_OUTER_CORNERS[0]]))
    corners = points[_MOUTH_CORNERS]
    opening = float((points[_LIP_UPPER] - points[_LIP_LOWER])[:, 1].mean())
    return FaceFeatures(
        left=_eye(points, "left", unit),
        right=_eye(points, "right", unit),
        mouth_opening=max(opening, 0.0) / unit,
        mouth_width=float(np.linalg.norm(corners[1] - corners[0])) / unit,
        corner_lift=float(corners[:, 1].mean() - points[_NOSE_BASE, 1]) / unit + _CORNER_DROP,
        lip_depth=float(head.points[[0, 17], 2].mean() - head.points[[61, 291], 2].mean()) / unit,
    )


def _eye(points: F64, side: str, unit: float) -> EyeFeatures:
    outer, inner = points[_CORNERS[side]]
    width = max(float(np.linalg.norm(outer - inner)), 1e-6)
    middle = (outer + inner) / 2
    across = (outer - inner) / width * (1.0 if side == "left" else -1.0)
    iris = points[_IRIS[side]] - middle
    along = float(iris @ across)
    above = float(iris[1] - across[1] * along)
    lids = points[_UPPER_LID[side]] - points[_LOWER_LID[side]]  # (3, 2)
    inner_brow = points[_INNER_BROW[side]].mean(0)
    return EyeFeatures(
        opening=float(lids[:, 1].mean()) / width,
        brow=float(points[_BROW[side]][:, 1].mean() - middle[1]) / unit,
        brow_slope=float(inner_brow[1] - points[_OUTER_BROW[side]][:, 1].mean()) / unit,
        brow_in=float(abs(inner_brow[0])) / unit,
        gaze_yaw=_angle(along / width * _FISSURE_MM),
        gaze_pitch=-_angle(above / width * _FISSURE_MM),
    )


def _angle(offset_mm: float) -> float:
    return float(np.degrees(np.arcsin(np.clip(offset_mm / _IRIS_RADIUS_MM, -0.9, 0.9))))

"""Eyes that look elsewhere: irises of a portrait cut out and moved behind the lids, white filled in behind them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: Iris (middle; the next four points lie on its border) and the border of the eye opening, around.
_IRIS = {"left": 473, "right": 468}
_OPENING = {
    "left": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "right": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
}
#: Enlarged so much, an iris of eight pixels can be moved smoothly; the patch is this wide, in eye widths.
_ENLARGED, _PATCH = 6, 2.0
#: The iris is cut out by so much wider than it is, and that much of what was behind it is white.
_CUT, _WHITE, _WHITE_PERCENTILE = 1.25, 0.7, 85
#: Radius on which the iris turns, and width of the eye opening, millimetres.  Source: `face_features`.
_IRIS_RADIUS_MM, _FISSURE_MM = 12.0, 29.5


def looking(portrait: U8, face: F32, yaw_deg: float, pitch_deg: float) -> U8:
    """Return the portrait with both eyes turned by degrees from where they look, with the signs of the gaze controls.

    Args:
        portrait: uint8, (H, W, 3), RGB, a face from the front.
        face: float32, (478, 3), what the face network sees of it.
        yaw_deg: > 0 to the subject's left.
        pitch_deg: > 0 down.  The lids stay where they are.
    """
    height, width = portrait.shape[:2]
    points = face[:, :2].astype(np.float64) * [width, height]
    moved_mm = _IRIS_RADIUS_MM * np.sin(np.radians([yaw_deg, pitch_deg]))
    picture = portrait.copy()
    for side, middle in _IRIS.items():
        opening = points[list(_OPENING[side])]
        eye_px = float(np.linalg.norm(opening[0] - opening[8]))
        radius = float(np.linalg.norm(points[middle + 1 : middle + 5] - points[middle], axis=1).mean())
        size = round(_PATCH * eye_px)
        left, top = np.round(points[middle] - size / 2).astype(int)
        patch = picture[top : top + size, left : left + size]
        corner = np.array([left, top])
        picture[top : top + size, left : left + size] = _moved(
            patch,
            opening=(opening - corner) * _ENLARGED,
            middle=(points[middle] - corner) * _ENLARGED,
            radius=_CUT * radius * _ENLARGED,
            by=moved_mm / _FISSURE_MM * eye_px * _ENLARGED,
        )
    return picture


def _moved(patch: U8, *, opening: F64, middle: F64, radius: float, by: F64) -> U8:
    """Return a patch around an eye with its iris moved; places and lengths in enlarged pixels."""
    size = patch.shape[1::-1]
    big = cv2.resize(patch, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    eye = np.zeros(big.shape[:2], np.uint8)
    cv2.fillPoly(eye, [opening.astype(np.int32)], 255)
    iris = np.zeros_like(eye)
    cv2.circle(iris, (round(middle[0]), round(middle[1])), round(radius), 255, -1)
    hole = cv2.bitwise_and(iris, eye)
    white = np.percentile(big[eye > 0].reshape(-1, 3), _WHITE_PERCENTILE, axis=0)
    behind = (1 - _WHITE) * cv2.inpaint(big, hole, 5, cv2.INPAINT_TELEA) + _WHITE * white
    soft_hole = cv2.GaussianBlur(hole, (0, 0), 3)[..., None] / 255.0
    base = big * (1 - soft_hole) + behind * soft_hole
    shift = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float64)
    whole = (big.shape[1], big.shape[0])
    moved = cv2.warpAffine(big, shift, whole)
    weight = cv2.warpAffine(cv2.GaussianBlur(iris, (0, 0), 2), shift, whole) / 255.0
    weight = (weight * cv2.GaussianBlur(eye, (0, 0), 2) / 255.0)[..., None]
    mixed = np.clip(base * (1 - weight) + moved * weight, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(mixed, size, interpolation=cv2.INTER_AREA), np.uint8)

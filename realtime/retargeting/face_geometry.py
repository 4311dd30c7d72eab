"""Where the head points: a rigid fit of a measured mean face to the tracker's face points.

Head space is the control spec's: +X the subject's left, +Y up, +Z out of the face; centimetres, origin midway
between the outer eye corners.  It is upright when forehead (10) and chin (152) lie at the same depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.observation import F32

F64 = npt.NDArray[np.float64]

#: Mean face in centimetres: the points on the midline, then those of the left half with the index of their
#: twin on the right.  Source: measured here as the generalised Procrustes mean (479 frames of seven people,
#: symmetrised, scaled to 6.3 cm between the irises) of the output of MediaPipe 0.10.21's face network, so that
#: it carries that network's own idea of depth.  Residual per point 0.19 cm.
_MIDLINE: dict[int, tuple[float, float]] = {
    168: (0.52, 2.06),
    6: (-0.18, 2.52),
    197: (-0.84, 3.03),
    195: (-1.47, 3.60),
    5: (-2.14, 4.17),
    4: (-2.94, 4.43),
    1: (-3.58, 4.25),
    10: (5.24, 1.30),
    151: (3.74, 1.76),
    9: (2.11, 2.13),
    8: (1.26, 2.06),
    2: (-4.25, 2.86),
    94: (-4.08, 3.24),
    19: (-3.94, 3.94),
}
_LEFT: dict[tuple[int, int], tuple[float, float, float]] = {
    (263, 33): (4.34, 0.00, 0.00),
    (362, 133): (1.78, -0.07, 0.51),
    (297, 67): (3.33, 4.90, 0.55),
    (338, 109): (1.80, 5.18, 1.16),
    (332, 103): (4.77, 4.29, -0.47),
    (284, 54): (5.72, 3.37, -1.65),
    (251, 21): (6.31, 2.20, -2.75),
    (356, 127): (6.74, -0.55, -4.73),
    (372, 143): (5.99, -0.40, -1.37),
    (345, 116): (6.08, -1.71, -1.14),
    (346, 117): (5.05, -1.60, 0.04),
    (347, 118): (4.30, -1.83, 0.59),
    (327, 98): (1.68, -4.07, 2.07),
    (278, 48): (1.85, -3.43, 2.76),
}
TEMPLATE_POINTS: list[int] = [*_MIDLINE, *(left for left, _ in _LEFT), *(right for _, right in _LEFT)]
TEMPLATE_CM: F64 = np.array(
    [
        *((0.0, y, z) for y, z in _MIDLINE.values()),
        *_LEFT.values(),
        *((-x, y, z) for x, y, z in _LEFT.values()),
    ],
    np.float64,
)
_TEMPLATE_MEAN: F64 = TEMPLATE_CM.mean(0)
#: The face network turns depth less than it turns the picture: what it says of depth, times this, gives heads back
#: as they stand.  Source: `benchmarks/head_truth.py`, seven people carried onto a solid head, +-30 degrees: without
#: it angles shrink to 0.88 (yaw) and 0.92 (pitch) and 2.1 degrees too far down; with it 0.99, 1.00 and 0.0.
DEPTH_GAIN = 1.35
#: Fewer pixels per centimetre than this and the fit means nothing.
_MIN_SCALE = 1e-6
#: Turned away further than 75 degrees there is no face to measure.
_MIN_COSINE = 0.26


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSolve:
    """How the head stands towards the camera, and its face with that motion undone.

    Args:
        rotation: float64 (3, 3), from head space to picture space (+X right, +Y up, +Z to the camera).
        scale_px: pixels per centimetre.
        points: float64 (478, 3), the face in head space, centimetres, by the depth that the network gives.
        picture_cm: float64 (478, 2), the face in the picture, right and up of the head's origin, centimetres.
        residual_cm: root mean square distance of the fitted points in the picture's plane.
    """

    rotation: F64
    scale_px: float
    points: F64
    picture_cm: F64
    residual_cm: float

    def at_depth(self, indices: Sequence[int], depth_cm: F64) -> F64:
        """Return where points are in head space if they lie so deep, (N, 2): to the subject's left, and up.

        The picture is more to be trusted than the network's depth: a brow that is taken for 5 mm too near seems to
        rise by 3 mm when the head bows by 30 degrees.
        """
        turn = self.rotation
        off = self.picture_cm[list(indices)] - depth_cm[:, None] * turn[:2, 2]
        # The inverse of the upper left 2 x 2 block, whose determinant is the cosine towards the camera.
        adjugate = np.array([[turn[1, 1], -turn[0, 1]], [-turn[1, 0], turn[0, 0]]])
        return np.asarray(off @ adjugate.T / max(float(turn[2, 2]), _MIN_COSINE))


def solve_head(face: F32, image_size: tuple[int, int]) -> HeadSolve | None:
    """Return the similarity that carries the mean face onto the tracked one, or None for a degenerate face.

    The picture is taken as a scaled orthographic projection, as the face network itself does, so the angles
    are those towards the line of sight: whoever looks into the camera looks straight ahead.  A perspective solve
    from the picture alone (`cv2.solvePnP`) reads pitch with a gain of 0.81; it was measured and left.

    Source: S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE PAMI 13(4), 1991, equations 39 to 43.

    Args:
        face: float32 (478, 3), normalised to the picture, z in units of x.
        image_size: (width, height) in pixels.
    """
    width, height = image_size
    points = face.astype(np.float64) * [width, -height, -DEPTH_GAIN * width]  # (478, 3), y up, z to the camera
    target = points[TEMPLATE_POINTS]
    target_mean = target.mean(0)
    source = TEMPLATE_CM - _TEMPLATE_MEAN
    covariance = (target - target_mean).T @ source  # (3, 3)
    if not np.isfinite(covariance).all():
        return None
    u, _, vt = np.linalg.svd(covariance)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    rotation: F64 = (u * sign) @ vt
    fitted = source @ rotation.T  # (P, 3)
    # The scale is the picture's: depth has a gain of its own.
    scale = float((fitted[:, :2] * (target - target_mean)[:, :2]).sum() / np.square(fitted[:, :2]).sum())
    if scale < _MIN_SCALE:
        return None
    in_head: F64 = (points - target_mean) @ rotation / scale + _TEMPLATE_MEAN
    off = (target - target_mean)[:, :2] / scale - fitted[:, :2]
    residual = float(np.sqrt(np.square(off).sum(1).mean()))
    picture: F64 = (points - target_mean)[:, :2] / scale + (_TEMPLATE_MEAN @ rotation.T)[:2]
    return HeadSolve(rotation=rotation, scale_px=scale, points=in_head, picture_cm=picture, residual_cm=residual)

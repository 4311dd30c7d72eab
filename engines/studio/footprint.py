"""Which texels of a texture belong to what: triangles drawn into texture space."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]

#: A footprint grows by this many texels into what nobody claims: filters and coarser levels read across its border.
MARGIN_TEXELS = 4
_SUBTEXEL_BITS = 4


def footprint(uvs: F32, triangles: I32, labels: U8, width: int, height: int) -> U8:
    """Return which label each texel has, uint8 (height, width); 0 where no triangle is near.

    Args:
        uvs: float32, (N, 2), v = 0 at the top row; coordinates beyond 0..1 repeat.
        triangles: int32, (T, 3), rows of `uvs`.
        labels: uint8, (T,), 1..255; where triangles of two labels lie on one texel, the greater label holds.
        width: of the texture, in texels.
        height: of the texture, in texels.
    """
    corners = uvs[triangles].astype(np.float64)  # (T, 3, 2)
    corners -= np.floor(corners.mean(axis=1, keepdims=True))
    scale = np.array([width, height]) * (1 << _SUBTEXEL_BITS)
    # OpenCV's pixel centres are whole numbers.
    points = np.round(corners * scale - (1 << _SUBTEXEL_BITS) / 2).astype(np.int32)
    image = np.zeros((height, width), np.uint8)
    for row in np.argsort(labels, kind="stable"):
        cv2.fillConvexPoly(image, points[row], int(labels[row]), cv2.LINE_8, _SUBTEXEL_BITS)
    return _grown(image)


def _grown(image: U8) -> U8:
    if not image.any():
        return image
    kernel = np.ones((2 * MARGIN_TEXELS + 1, 2 * MARGIN_TEXELS + 1), np.uint8)
    grown = cv2.dilate(image, kernel)
    return np.where(image > 0, image, grown).astype(np.uint8)

"""Which triangles of a cut-out material have holes at all: the others can be drawn without looking for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: Texels around a triangle that mipmaps and interpolation may mix into it: level 3 of a texture is a quarter of the
#: sharpest, which no picture of a whole figure goes much beyond.
_MARGIN_PX = 8


def triangles_with_holes(picture: U8, corners: F32, cutoff: float) -> Bools:
    """Return which triangles may show texels whose alpha is below the cutoff, bool (T,).

    True is always safe: it is the answer for every triangle whose bounding box, with a margin, holds such a texel, and
    for those that reach over the texture's border.

    Args:
        picture: uint8, (H, W, 4).
        corners: float32, (T, 3, 2), uvs of the triangles' corners.
        cutoff: 0..1.
    """
    holes = picture[:, :, 3] < cutoff * 255.0
    if not holes.any():
        return np.zeros(len(corners), np.bool_)
    height, width = holes.shape
    count = np.zeros((height + 1, width + 1), np.int32)  # of holes above and to the left
    count[1:, 1:] = holes.cumsum(axis=0, dtype=np.int32).cumsum(axis=1)
    tile = np.floor(corners.min(axis=1))
    size = np.array([width, height])
    low = np.floor((corners.min(axis=1) - tile) * size).astype(np.int64) - _MARGIN_PX
    high = np.ceil((corners.max(axis=1) - tile) * size).astype(np.int64) + _MARGIN_PX
    over = ((low < 0) | (high > size)).any(axis=1)
    (left, top), (right, bottom) = np.clip(low, 0, size).T, np.clip(high, 0, size).T
    found = count[bottom, right] - count[top, right] - count[bottom, left] + count[top, left]
    return np.asarray(over | (found > 0))

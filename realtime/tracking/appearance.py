"""What somebody wears: colours of the chest, to know a person again after a crossing or a loss."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: Shoulders and hips in the body's order, left and right.
CORNERS = [11, 12, 24, 23]
#: Part of the way from shoulders to hips that is looked at: below that a desk or the picture's edge may be.
DEPTH = 0.6
PATCH_PX = 24
#: Bins of hue, saturation and brightness.
BINS = (8, 4, 4)
MIN_SIDE_PX = 4.0


def chest_colours(image: U8, points: F32) -> F32 | None:
    """Return a histogram of the chest's colours, float32 (128,) that sums to 1, or None where no chest shows.

    Args:
        image: uint8 (H, W, 3), RGB.
        points: float32 (33, 2 or 3): the body's points, pixels.
    """
    height, width = image.shape[:2]
    corners = points[CORNERS, :2].astype(np.float32)
    corners[2:] = corners[[1, 0]] + DEPTH * (corners[2:] - corners[[1, 0]])
    across = np.linalg.norm(corners[0] - corners[1])
    along = np.linalg.norm(corners[0] - corners[3])
    if not min(across, along) >= MIN_SIDE_PX:
        # Seen from the side the shoulders are one line: look around it.
        if not along >= MIN_SIDE_PX:
            return None
        corners[[0, 3], 0] += along / 4
        corners[[1, 2], 0] -= along / 4
    edge = PATCH_PX - 1
    target = np.array([[edge, 0], [0, 0], [0, edge], [edge, edge]], np.float32)
    inverse = cv2.getPerspectiveTransform(target, corners)
    grid = np.stack(np.meshgrid(np.arange(PATCH_PX), np.arange(PATCH_PX)), -1).reshape(-1, 1, 2).astype(np.float32)
    places = cv2.perspectiveTransform(grid, inverse)[:, 0]
    if not np.isfinite(places).all():
        return None
    x, y = places.round().astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if inside.mean() < 0.2:
        return None
    hsv = cv2.cvtColor(image[y[inside], x[inside]][None], cv2.COLOR_RGB2HSV)
    histogram = cv2.calcHist([hsv], [0, 1, 2], None, list(BINS), [0, 180, 0, 256, 0, 256]).reshape(-1)
    # Grey has no hue: what there is of it is noise.
    cube = histogram.reshape(BINS)
    cube[0, 0] += cube[1:, 0].sum(axis=0)
    cube[1:, 0] = 0
    return np.asarray(histogram / histogram.sum(), np.float32)


def likeness(one: F32 | None, other: F32 | None) -> float:
    """Return how alike two histograms are, 0..1 (Bhattacharyya coefficient), 0.5 where one is missing."""
    if one is None or other is None:
        return 0.5
    return float(np.sqrt(one * other).sum())

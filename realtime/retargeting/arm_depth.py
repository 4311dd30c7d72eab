"""How far an arm comes towards the camera: from how long it looks, together with what the body network says.

The network's depth is smooth, but too deep: a forearm that points up reads as pointing half at the camera (on the
sign clips it looks 1.3 half shoulder widths long of 1.47, and the network says 0.75).  The length seen against the
length known, under perspective, is right on average, but shakes where a limb lies almost in the picture's plane.
Their geometric mean, with the network's sign, has neither fault.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

#: Upper arm and forearm in half shoulder widths (0.172 m).  Source: hanging arms of four people in the picture.
LENGTHS = (1.62, 1.47)
#: Focal length over picture width of a webcam of 60 degrees horizontal field of view.
FOCAL = 0.87
#: How much the length counts against the network.
_SHARE_OF_LENGTH = 0.6
#: No more than this of the network's depth: where its sign is noise, so is the limb's.
_MOST_OF_DEPTH = 1.0


def lifted(joints: F64, depths: F64, *, half_shoulders_px: float, focal_px: float) -> F64:
    """Return the vectors of an arm's parts in space, (N - 1, 3), in half shoulder widths, +Z to the camera.

    Args:
        joints: float64 (N, 2), shoulder, elbow and perhaps wrist in pixels from the middle of the chest, y up.
        depths: float64 (N - 1,), how far the network says that each joint lies nearer to the camera than the one
            before, in half shoulder widths.
        half_shoulders_px: pixels of half a shoulder width at the chest.
        focal_px: the camera's focal length in pixels.
    """
    distance = focal_px / max(half_shoulders_px, 1.0)  # from camera to chest
    rays = joints / focal_px
    vectors = []
    for start, end, length, depth in zip(rays[:-1], rays[1:], LENGTHS, depths, strict=False):
        # The end lies on its ray and `length` from the start: a quadratic in how much nearer it is.
        flat = (end - start) * distance
        slope, beside, longer = 1.0 + float(end @ end), float(flat @ end), float(flat @ flat) - length**2
        if longer > 0:  # long arms, or a little nearer: as far as the network says so
            nearer = float(np.clip(depth, min(0.0, 2 * beside / slope), max(0.0, 2 * beside / slope)))
        else:
            reach = float(np.sqrt(beside**2 - slope * longer))
            nearer = (beside + (reach if depth * slope > beside else -reach)) / slope
            sure = abs(nearer) ** _SHARE_OF_LENGTH * abs(depth) ** (1 - _SHARE_OF_LENGTH)
            nearer = float(np.sign(depth)) * min(sure, _MOST_OF_DEPTH * abs(depth)) if nearer * depth > 0 else 0.0
        vectors.append([*(flat - end * nearer), nearer])
        distance = max(distance - nearer, 0.5)
    return np.array(vectors)

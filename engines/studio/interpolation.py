"""Values carried by a mesh's surface: from vertices to points on triangles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


def carried(values: F32, triangles: I32, triangle: I32, barycentric: F32) -> F32:
    """Return per-vertex values at points of the surface.

    Args:
        values: float32, (N, C), per vertex.
        triangles: int32, (T, 3), vertex indices.
        triangle: int32, (M,), which triangle each point lies on.
        barycentric: float32, (M, 2), the weights of its second and third corner.

    Returns:
        float32, (M, C).
    """
    corners = triangles[triangle]
    second, third = barycentric[:, :1], barycentric[:, 1:2]
    return np.asarray(
        values[corners[:, 0]] * (1 - second - third) + values[corners[:, 1]] * second + values[corners[:, 2]] * third,
        np.float32,
    )

"""What each pixel of a label picture shows: triangle, place on the triangle, depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

#: Triangles of a smaller area (of the unit square) than this are seen edge-on: weights in them mean nothing.
_LEAST_AREA = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hits:
    """The nearest surface at the centres of a square picture's pixels.

    Args:
        triangle: int32, (S, S), row of the avatar's `triangles`; -1 where nothing is.
        barycentric: float32, (S, S, 2), weights of the triangle's second and third vertex (the first has
            ``1 - sum``); 0 where nothing is.
        depth: float32, (S, S), metres along +Z, towards the viewer; -inf where nothing is.
    """

    triangle: I32
    barycentric: F32
    depth: F32

    @classmethod
    def of(cls, triangle: I32, triangles: I32, positions: F32, camera: F32) -> Hits:
        """Return where the pixels' centres lie on their triangles.

        An orthographic projection keeps barycentric weights, so they follow from the projected corners.

        Args:
            triangle: int32, (S, S), as above.
            triangles: int32, (T, 3), vertex indices.
            positions: float32, (N, 3), metres.
            camera: float32, (2, 3), world (x, y, 1) to the unit square, y down.
        """
        size = len(triangle)
        cells = np.flatnonzero(triangle >= 0)
        rows, columns = np.divmod(cells, size)
        pixel = np.stack([columns + 0.5, rows + 0.5], axis=1).astype(np.float32) / np.float32(size)
        corners = triangles[triangle.reshape(-1)[cells]]  # (P, 3)
        flat = positions[:, :2] @ camera[:, :2].T + camera[:, 2]  # (N, 2)
        origin = flat[corners[:, 0]]
        b, c, p = flat[corners[:, 1]] - origin, flat[corners[:, 2]] - origin, pixel - origin
        area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
        area = np.where(np.abs(area) < _LEAST_AREA, np.float32(_LEAST_AREA), area)
        second = np.clip((p[:, 0] * c[:, 1] - p[:, 1] * c[:, 0]) / area, 0.0, 1.0)
        third = np.clip((b[:, 0] * p[:, 1] - b[:, 1] * p[:, 0]) / area, 0.0, 1.0 - second)
        z = positions[:, 2][corners]  # (P, 3)
        barycentric = np.zeros((size * size, 2), np.float32)
        barycentric[cells, 0], barycentric[cells, 1] = second, third
        depth = np.full(size * size, -np.inf, np.float32)
        depth[cells] = z[:, 0] + (z[:, 1] - z[:, 0]) * second + (z[:, 2] - z[:, 0]) * third
        return cls(triangle=triangle, barycentric=barycentric.reshape(size, size, 2), depth=depth.reshape(size, size))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """A picture and what it shows.

    Args:
        picture: uint8, (size, size, 4), straight-alpha RGBA, 0-255.
        whole: what the picture shows, at the label size.
        face: what the second camera sees; None where there is none.
    """

    picture: npt.NDArray[np.uint8]
    whole: Hits
    face: Hits | None = None

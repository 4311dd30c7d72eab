"""Which triangle of a figure each pixel shows, drawn by the rasteriser alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.figure import Figure
from engines.raster import RANK_M, rasterise

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


def drawn_triangles(figure: Figure, positions: F32, camera: F32, size: int) -> tuple[I32, F32]:
    """Return triangles, int32 (size, size), -1 where nothing is, and depths, float32 (size, size).

    Args:
        figure: whose surface.
        positions: float32, (N, 3), posed, metres.
        camera: float32, (2, 3), world to the picture's 0..1, y down.
        size: pixels per side.
    """
    starts = np.cumsum([0, *(mask.size for mask in figure.masks)])
    shapes = [(int(start), *mask.shape) for start, mask in zip(starts, figure.masks, strict=False)]
    pixels = np.concatenate([np.ones(1, np.uint8)] if not shapes else [mask.ravel() for mask in figure.masks])
    xy = (positions[:, :2] @ camera[:, :2].T + camera[:, 2]) * np.float32(size) - np.float32(0.5)
    triangle, depth = np.full((size, size), -1, np.int32), np.full((size, size), -1e9, np.float32)
    names = np.arange(len(figure.triangles), dtype=np.int32)
    rank = figure.order.astype(np.float32) * np.float32(RANK_M)
    rasterise(
        figure.triangles, xy.astype(np.float32), np.ascontiguousarray(positions[:, 2]), figure.cull, rank, figure.mask,
        figure.uvs, np.array(shapes or [(0, 1, 1)], np.int32), pixels, names, triangle, depth,
    )  # fmt: skip
    return triangle, depth

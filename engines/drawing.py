"""What a posed figure shows in a picture: which triangle each pixel, and where ink goes around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.figure import Figure
from engines.posing import PosedFigure
from engines.raster import NO_FRONT, RANK_M, rasterise

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Ink is at least this wide, in pixels; thinner lines break into dashes.
MIN_INK_PX = 1.0
#: Ink that is wider than the figure has it stands back, in metres: it would come out at lips and lids.
_WIDENED_BACK_M = 0.004
#: Ink stands behind the surface that it goes around.
_BEHIND_M = 8e-6
_FAR_M = -1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnFigure:
    """A figure in a picture of S pixels per side.

    Args:
        xy: float32, (N, 2), the vertices' places in pixels, centres at whole numbers, y down.
        triangle: int32, (S, S), row of the figure's triangles; -1 where nothing is.
        ink: int32, (S, S), the triangle whose ink covers the pixel; -1 where none does.
        depth: float32, (S, S), metres towards the viewer, of the surface; far away where nothing is.
    """

    xy: F32
    triangle: I32
    ink: I32
    depth: F32


class FigureDrawer:
    """One figure, prepared for drawing.

    Args:
        figure: whose.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        sizes = [mask.size for mask in figure.masks]
        starts = np.cumsum([0, *sizes])[:-1]
        shapes = [(int(start), *mask.shape) for start, mask in zip(starts, figure.masks, strict=True)]
        self._shapes = np.array(shapes or [(0, 1, 1)], np.int32)
        self._pixels = np.concatenate([np.ones(1, np.uint8)] if not shapes else [m.ravel() for m in figure.masks])
        self._rank = figure.order.astype(np.float32) * np.float32(RANK_M)
        self._all = np.arange(len(figure.triangles), dtype=np.int32)
        inked = (figure.ink_width_m[figure.triangles] > 0).all(axis=1)
        self._inked = np.flatnonzero(inked).astype(np.int32)
        self._ink_corners = np.ascontiguousarray(figure.triangles[inked])
        self._ink_rank = np.zeros(len(self._inked), np.float32)
        self._ink_cull = np.full(len(self._inked), NO_FRONT, np.uint8)
        self._ink_mask = np.ascontiguousarray(figure.mask[inked])

    def draw(self, pose: PosedFigure, camera: F32, size: int) -> DrawnFigure:
        """Return what a camera sees.

        Args:
            pose: the figure, posed.
            camera: float32, (2, 3), world to the picture's 0..1, y down.
            size: pixels per side.
        """
        figure = self.figure
        to_pixels = camera * np.float32(size)
        to_pixels[:, 2] -= 0.5
        xy = pose.positions[:, :2] @ to_pixels[:, :2].T + to_pixels[:, 2]
        triangle, ink = np.full((size, size), -1, np.int32), np.full((size, size), -1, np.int32)
        depth = np.full((size, size), _FAR_M, np.float32)
        rasterise(
            figure.triangles, xy, np.ascontiguousarray(pose.positions[:, 2]), figure.cull, self._rank, figure.mask,
            figure.uvs, self._shapes, self._pixels, self._all, triangle, depth,
        )  # fmt: skip
        if len(self._inked):
            least = MIN_INK_PX / float(np.abs(to_pixels[0, 0]) + 1e-9)
            width = np.maximum(figure.ink_width_m, np.float32(least))
            back = np.where(width > figure.ink_width_m, _WIDENED_BACK_M + least - figure.ink_width_m, 0.0) + _BEHIND_M
            hull = pose.positions + pose.normals * width[:, None]
            hull_xy = hull[:, :2] @ to_pixels[:, :2].T + to_pixels[:, 2]
            rasterise(
                self._ink_corners, hull_xy, (hull[:, 2] - back).astype(np.float32), self._ink_cull, self._ink_rank,
                self._ink_mask, figure.uvs, self._shapes, self._pixels, self._inked, ink, depth.copy(),
            )  # fmt: skip
        return DrawnFigure(xy=xy, triangle=triangle, ink=ink, depth=depth)

"""A sheet's views made ready for warping: where each vertex is in every view, which way it faces there, who sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from engines.drawing import DrawnFigure, FigureDrawer
from engines.key_view import KeyView
from engines.posing import posed_figure
from engines.skeleton import Proportions

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

#: A vertex is seen when nothing lies more than this (metres) before it, and what its surface's slope gives a pixel.
_TOLERANCE_M = 0.0012
#: Sizes that a view is kept in, each half of the one before: what is drawn much smaller would flicker.
LEVELS = 3
#: Steps of the depth that is kept.
DEPTH_STEP_M = 1e-4
#: A surface is taken to be no steeper than this cosine.
_LEAST_FACING = 0.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedViews:
    """V views of one figure of N vertices.

    Args:
        places: float32, (V, N, 4): x and y in pixels of the view, centres at whole numbers; z in metres towards the
            viewer; and how well the view shows the vertex, 0..1.
        normals: float32, (V, N, 3).
        pixels: uint8, flat, premultiplied RGBA of one view after the other, each at full, half and quarter size.
        shown: int32, flat, what these pixels show at full size: depth in :data:`DEPTH_STEP_M` in the upper 16 bits,
            far away where nothing is; then the draw, from 1, 0 for ink and background; and in the last bit whether
            something else is beside it, whose colours are mixed into the pixel.
        first_shown: int64, (V,), which of them is each view's first.
        first: int64, (V, LEVELS), which pixel of `pixels` is the first of each view and size.
        size: int32, (V,), pixels per side of each at full size.
        per_metre: float32, (V,), pixels per metre at full size.
    """

    places: F32
    normals: F32
    pixels: U8
    shown: npt.NDArray[np.int32]
    first_shown: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    size: npt.NDArray[np.int32]
    per_metre: F32

    @property
    def seen(self) -> F32:
        """How well each view shows each vertex, float32 (V, N), 0..1."""
        return self.places[..., 3]


def prepare_views(
    drawer: FigureDrawer,
    proportions: Proportions,
    views: Sequence[KeyView],
    pictures: Sequence[U8],
) -> PreparedViews:
    """Return views made ready.

    Args:
        drawer: of the figure.
        proportions: the character's.
        views: what the pictures show.
        pictures: uint8, (size, size, 4) each, premultiplied RGBA.
    """
    places, normals, shown, per_metre = [], [], [], []
    pyramids: list[list[U8]] = []
    for view, picture in zip(views, pictures, strict=True):
        size = len(picture)
        pose = posed_figure(drawer.figure, proportions, view.vector())
        camera = view.matrix(proportions)
        drawn = drawer.draw(pose, camera, size)
        # A turned face's camera is foreshortened along one axis: what counts is how fine it is along the other.
        per_metre.append(float(np.linalg.norm(camera[:, :2], axis=0).min()) * size)
        place = np.empty((len(drawn.xy), 4), np.float32)
        place[:, :2], place[:, 2] = drawn.xy, pose.positions[:, 2]
        _look(place, pose.normals, drawn.depth, np.float32(1.0 / per_metre[-1]))
        places.append(place)
        normals.append(pose.normals)
        shown.append(_shown(drawn, drawer.figure.order).ravel())
        pyramid = [picture]
        for _ in range(LEVELS - 1):
            half = (max(1, len(pyramid[-1]) // 2),) * 2
            pyramid.append(np.asarray(cv2.resize(pyramid[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
        pyramids.append(pyramid)
    counts = [len(level) ** 2 for pyramid in pyramids for level in pyramid]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).reshape(len(pyramids), LEVELS)
    return PreparedViews(
        places=np.stack(places),
        normals=np.stack(normals),
        pixels=np.concatenate([level.ravel() for pyramid in pyramids for level in pyramid]),
        shown=np.concatenate(shown),
        first_shown=np.cumsum([0, *(len(one) for one in shown)])[:-1].astype(np.int64),
        first=starts.astype(np.int64),
        size=np.array([len(picture) for picture in pictures], np.int32),
        per_metre=np.array(per_metre, np.float32),
    )


def _shown(drawn: DrawnFigure, order: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return what each pixel of a view shows, int32 (S, S), as `PreparedViews.shown` packs it."""
    own = np.where(drawn.triangle >= 0, order[drawn.triangle] + 1, 0).astype(np.uint16)
    inked = drawn.ink >= 0
    around = np.ones((3, 3), np.uint8)
    mixed = (cv2.dilate(own, around) != cv2.erode(own, around)) | (cv2.dilate(inked.astype(np.uint8), around) > 0)
    steps = np.clip(drawn.depth / DEPTH_STEP_M, -32000, 32000).astype(np.int32)
    draw = np.where(inked, 0, own).astype(np.int32)
    return np.asarray(steps << 16 | draw << 1 | mixed, np.int32)


@numba.njit(nogil=True, cache=True)
def _look(places: F32, normals: F32, depth: F32, pixel_m: float) -> None:
    """Fill in how well a view shows each vertex."""
    size = len(depth)
    for n in range(len(places)):
        places[n, 3] = 0.0
        column, row = int(np.floor(places[n, 0] + 0.5)), int(np.floor(places[n, 1] + 0.5))
        if row < 0 or column < 0 or row >= size or column >= size:
            continue
        facing = abs(normals[n, 2])  # both sides of cloth and hair are drawn
        slope = np.sqrt(max(1.0 - facing * facing, 0.0)) / max(facing, _LEAST_FACING)
        if places[n, 2] > depth[row, column] - _TOLERANCE_M - pixel_m * slope:
            places[n, 3] = min(facing * 2.0, 1.0)

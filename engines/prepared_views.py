"""A sheet's views made ready for warping: where each vertex is in every view, which way it faces there, who sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from engines.drawing import FigureDrawer
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
        xy: float32, (V, N, 2), places in pixels of the view, centres at whole numbers.
        normals: float32, (V, N, 3).
        z: float32, (V, N), metres towards the viewer.
        seen: float32, (V, N), 0..1: how well the view shows the vertex.
        pixels: uint8, flat, premultiplied RGBA of one view after the other, each at full, half and quarter size.
        depth: int16, flat, tenths of a millimetre, of the surface that these pixels show at full size, far away where
            there is none; odd where something else is beside it, whose colours are mixed into the pixel.
        order: uint16, flat, like `depth`: the draw that each pixel shows, from 1; 0 for ink and background.
        first_depth: int64, (V,), which of them is each view's first.
        first: int64, (V, LEVELS), which pixel of `pixels` is the first of each view and size.
        size: int32, (V,), pixels per side of each at full size.
        per_metre: float32, (V,), pixels per metre at full size.
    """

    xy: F32
    normals: F32
    z: F32
    seen: F32
    pixels: U8
    depth: npt.NDArray[np.int16]
    order: npt.NDArray[np.uint16]
    first_depth: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    size: npt.NDArray[np.int32]
    per_metre: F32


def prepare_views(
    drawer: FigureDrawer,
    proportions: Proportions,
    views: Sequence[KeyView],
    pictures: Sequence[U8],
    turns: Sequence[F32 | None] | None = None,
) -> PreparedViews:
    """Return views made ready.

    Args:
        drawer: of the figure.
        proportions: the character's.
        views: what the pictures show.
        pictures: uint8, (size, size, 4) each, premultiplied RGBA.
    """
    places, normals, heights, seen, depths, orders, per_metre = [], [], [], [], [], [], []
    pyramids: list[list[U8]] = []
    for view, picture, turn in zip(views, pictures, turns or [None] * len(views), strict=True):
        size = len(picture)
        pose = posed_figure(drawer.figure, proportions, view.vector(), turn)
        camera = view.matrix(proportions)
        drawn = drawer.draw(pose, camera, size)
        own = np.where(drawn.triangle >= 0, drawer.figure.order[drawn.triangle] + 1, 0).astype(np.uint16)
        around = np.ones((3, 3), np.uint8)
        mixed = (cv2.dilate(own, around) != cv2.erode(own, around)) | (
            cv2.dilate((drawn.ink >= 0).astype(np.uint8), around) > 0
        )
        orders.append(np.where(drawn.ink >= 0, 0, own).ravel())
        # A turned face's camera is foreshortened along one axis: what counts is how fine it is along the other.
        per_metre.append(float(np.linalg.norm(camera[:, :2], axis=0).min()) * size)
        pixel_m = 1.0 / per_metre[-1]
        level = np.zeros(len(drawn.xy), np.float32)
        _look(drawn.xy, pose.positions, pose.normals, drawn.depth, np.float32(pixel_m), level)
        places.append(drawn.xy.astype(np.float32))
        normals.append(pose.normals)
        heights.append(np.ascontiguousarray(pose.positions[:, 2]))
        steps = np.clip(drawn.depth / DEPTH_STEP_M, -32000, 32000).astype(np.int16)
        depths.append(((steps & ~1) | mixed).astype(np.int16).ravel())
        seen.append(level)
        pyramid = [picture]
        for _ in range(LEVELS - 1):
            half = (max(1, len(pyramid[-1]) // 2),) * 2
            pyramid.append(np.asarray(cv2.resize(pyramid[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
        pyramids.append(pyramid)
    counts = [len(level) ** 2 for pyramid in pyramids for level in pyramid]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).reshape(len(pyramids), LEVELS)
    return PreparedViews(
        xy=np.stack(places),
        normals=np.stack(normals),
        z=np.stack(heights),
        seen=np.stack(seen),
        pixels=np.concatenate([level.ravel() for pyramid in pyramids for level in pyramid]),
        depth=np.concatenate(depths),
        order=np.concatenate(orders),
        first_depth=np.cumsum([0, *(len(depth) for depth in depths)])[:-1].astype(np.int64),
        first=starts.astype(np.int64),
        size=np.array([len(picture) for picture in pictures], np.int32),
        per_metre=np.array(per_metre, np.float32),
    )


@numba.njit(nogil=True, cache=True)
def _look(xy: F32, positions: F32, normals: F32, depth: F32, pixel_m: float, seen: F32) -> None:
    size = len(depth)
    for n in range(len(xy)):
        column, row = int(np.floor(xy[n, 0] + 0.5)), int(np.floor(xy[n, 1] + 0.5))
        facing = normals[n, 2]
        if row < 0 or column < 0 or row >= size or column >= size:
            continue
        # Both sides of cloth and hair are drawn.
        facing = abs(facing)
        slope = np.sqrt(max(1.0 - facing * facing, 0.0)) / max(facing, _LEAST_FACING)
        if positions[n, 2] > depth[row, column] - _TOLERANCE_M - pixel_m * slope:
            seen[n] = min(facing * 2.0, 1.0)

"""A view's picture carried over from one build of a figure to another.

Every pixel of the new view shows a place on a triangle; the old picture is looked at where that place was.  What the
figure does not cover (soft edges, ink) follows what is nearest.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engines.drawing import DrawnFigure
from engines.figure import Figure

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: What lay further than this (metres) behind the surface of the old picture was hidden there.
_HIDDEN_M = 0.008


def warped(picture: U8, figure: Figure, old: DrawnFigure, old_z: F32, new: DrawnFigure) -> U8:
    """Return the picture of the new build, uint8 (S, S, 4), straight-alpha RGBA.

    Args:
        picture: uint8, (S, S, 4), of the old one.
        figure: whose triangles both are.
        old: the old build in the view.
        old_z: float32, (N,), its vertices' places towards the viewer, metres.
        new: the new build in the same view.
    """
    size = len(picture)
    shown = new.triangle >= 0
    if not shown.any():
        return picture.copy()
    source, z = _sources(figure, old, old_z, new, shown)  # (n, 2), (n,)
    column, row = (np.clip(np.round(source[:, axis]), 0, size - 1).astype(np.int64) for axis in (0, 1))
    visible = z > old.depth[row, column] - _HIDDEN_M
    shift = np.zeros((size, size, 2), np.float32)
    rows, columns = np.nonzero(shown)
    shift[rows, columns] = source - np.stack([columns, rows], axis=1)
    known = np.zeros((size, size), np.bool_)
    known[rows[visible], columns[visible]] = True
    region = np.full((size, size), -1, np.int16)
    region[shown] = figure.region[new.triangle[shown]]
    for number in np.unique(region[shown & ~known]):  # hidden before: as the nearest of its own region
        own = known & (region == number)
        lost = shown & ~known & (region == number)
        if own.any():
            shift[lost] = _nearest(shift, own)[lost]
    known |= shown
    bare = ~known
    shift[bare] = _nearest(shift, known)[bare]
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32) + shift
    straight = picture.astype(np.float32)
    straight[..., :3] *= straight[..., 3:] / 255
    moved = cv2.remap(straight, grid, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    alpha = np.clip(moved[..., 3:], 0, 255)
    colour = np.clip(moved[..., :3] * 255 / np.maximum(alpha, 1.0), 0, 255)
    return np.asarray(np.round(np.concatenate([colour, alpha], axis=-1)), np.uint8)


def _sources(figure: Figure, old: DrawnFigure, old_z: F32, new: DrawnFigure, shown: Bools) -> tuple[F32, F32]:
    """Return where each shown pixel's place was in the old picture, float32 (n, 2) pixels, and its depth, (n,)."""
    rows, columns = np.nonzero(shown)
    corners = figure.triangles[new.triangle[shown]]  # (n, 3)
    a, b, c = (new.xy[corners[:, k]].astype(np.float64) for k in range(3))
    p = np.stack([columns, rows], axis=1).astype(np.float64)
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    share_b, share_c = _cross(p - a, c - a) / area, _cross(b - a, p - a) / area
    share = np.clip(np.stack([1 - share_b - share_c, share_b, share_c], axis=1), -0.5, 1.5)
    source = np.einsum("nk,nkc->nc", share, old.xy[corners])
    return source.astype(np.float32), np.einsum("nk,nk->n", share, old_z[corners]).astype(np.float32)


def _cross(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _nearest(values: F32, known: Bools) -> F32:
    """Return at each pixel the value of the nearest known one."""
    rows, columns = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(values[rows, columns], np.float32)

"""A view's picture carried over from one build of a figure to another.

Every pixel of the new view shows a place on a triangle; the old picture is looked at where that place was.  What the
figure does not cover (soft edges, ink) follows what is nearest.  What was hidden there, or is mixed with a neighbour's
edge, takes the nearest colour of its own kind.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engines.drawing import DrawnFigure
from engines.figure import Figure, Region

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

#: What lay further than this (metres) behind the surface of the old picture was hidden there.
_HIDDEN_M = 0.004
#: Colours of two surfaces are mixed this far, in pixels, from the edge between them: hair ends in fine tips.
_SOFT_PX = 6.0


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
    rows, columns = np.nonzero(shown)
    place = np.full((size, size, 2), np.nan, np.float32)
    place[rows, columns] = source
    here = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32)
    place[~shown] = (here + _nearest(place - here, shown))[~shown]
    kind = _kinds(figure)
    before, after = _kind_of_pixels(old, kind), _kind_of_pixels(new, kind)
    column, row = (np.clip(np.round(source[:, axis]), 0, size - 1).astype(np.int64) for axis in (0, 1))
    visible = z > old.depth[row, column] - _HIDDEN_M
    # A soft edge of something else is no colour for what is further from an edge now.
    away, now = _from_edge(before)[row, column], _from_edge(after)[rows, columns]
    pure = (away >= _SOFT_PX) | (now <= away + 1)
    own = before[row, column] == after[rows, columns]
    known, clean = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    known[rows, columns] = visible & own & pure
    clean[rows, columns] = visible & own & (away >= _SOFT_PX)
    for number in np.unique(after[shown & ~known]):  # what cannot be known is as the nearest of its own kind
        lost = shown & ~known & (after == number)
        alike = clean & (after == number)
        alike = alike if alike.any() else known & (after == number)
        if alike.any():
            place[lost] = _nearest(place, alike)[lost]
    straight = picture.astype(np.float32)
    straight[..., :3] *= straight[..., 3:] / 255
    moved = cv2.remap(straight, place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
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


def _kinds(figure: Figure) -> I32:
    """Return a number for each triangle, (T,): those with one number have one paint and belong to one limb."""
    paint = np.zeros(len(figure.triangles), np.int32) if figure.paint is None else figure.paint.astype(np.int32)
    limb = np.where(figure.region <= Region.MOUTH, Region.HEAD, figure.region).astype(np.int32)
    return np.asarray(paint * len(Region) + limb, np.int32)


def _kind_of_pixels(drawn: DrawnFigure, kind: I32) -> I32:
    """Return the kind that each pixel shows, (S, S); -1 for ink and for nothing."""
    surface = (drawn.triangle >= 0) & (drawn.ink < 0)
    return np.where(surface, kind[drawn.triangle], -1).astype(np.int32)


def _from_edge(kinds: I32) -> F32:
    """Return how far each pixel is from the nearest edge between two kinds, float32 (S, S), pixels."""
    square, values = np.ones((3, 3), np.uint8), kinds.astype(np.float32)
    inside = (cv2.erode(values, square) == cv2.dilate(values, square)).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)


def _cross(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _nearest(values: F32, known: Bools) -> F32:
    """Return at each pixel the value of the nearest known one."""
    rows, columns = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(values[rows, columns], np.float32)

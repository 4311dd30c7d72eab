"""Affine maps of the plane as float32 (2, 3) matrices, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]


def compose(after: F32, before: F32) -> F32:
    """Return the map that applies `before`, then `after`, (2, 3)."""
    linear = after[:, :2] @ before[:, :2]
    shift = after[:, :2] @ before[:, 2] + after[:, 2]
    return np.asarray(np.concatenate([linear, shift[:, None]], axis=1), np.float32)


def inverse(affine: F32) -> F32:
    """Return the inverse map, (2, 3)."""
    (a, b, c), (d, e, f) = affine.astype(np.float64).tolist()
    determinant = a * e - b * d
    linear = [[e / determinant, -b / determinant], [-d / determinant, a / determinant]]
    shift = [-(row[0] * c + row[1] * f) for row in linear]
    return np.array([[*linear[0], shift[0]], [*linear[1], shift[1]]], np.float32)


def apply(affine: F32, points: npt.NDArray[np.floating[Any]]) -> F32:
    """Return points (..., 2) after the map, (..., 2)."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float32)


def box_of_unit_square(affine: F32, size: int) -> tuple[slice, slice]:
    """Return rows and columns of a picture (size, size) that the map's preimage of the unit square spans.

    The map goes from the picture, 0..1, to the unit square; the slices are cut to the picture and may be empty.
    """
    corners = apply(inverse(affine), np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    low = np.clip(np.floor(corners.min(axis=0) * size), 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) * size), 0, size).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

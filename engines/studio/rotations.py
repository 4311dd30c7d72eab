"""Rotations of many joints at once: float64 arrays (..., 3, 3) and directions (..., 3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

#: Directions that are opposite within this share the half turn about some axis across them.
_OPPOSITE = 1e-6
#: Newton steps from a mean of two rotations back to a rotation; enough for frames that are 120 degrees apart.
_POLAR_STEPS = 4


def unit(vectors: F64) -> F64:
    """Return directions of length 1, (..., 3); a zero vector stays zero."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(length, 1e-12))


def swings(start: F64, end: F64) -> F64:
    """Return the smallest rotations, (..., 3, 3), that turn unit directions `start` to `end`, (..., 3) each.

    Source: T. Moeller and J. F. Hughes, "Efficiently building a matrix to rotate one vector to another" (1999).
    """
    axis = np.cross(start, end)
    cosine = np.einsum("...i,...i->...", start, end)
    scaled = axis / np.maximum(1.0 + cosine, _OPPOSITE)[..., None]
    matrices = scaled[..., :, None] * axis[..., None, :]
    matrices[..., [0, 1, 2], [0, 1, 2]] += cosine[..., None]
    matrices[..., [2, 0, 1], [1, 2, 0]] += axis
    matrices[..., [1, 2, 0], [2, 0, 1]] -= axis
    opposite = cosine < _OPPOSITE - 1.0
    if opposite.any():
        across = unit(np.cross(start[opposite], np.eye(3)[np.abs(start[opposite]).argmin(axis=-1)]))
        matrices[opposite] = 2.0 * across[..., :, None] * across[..., None, :] - np.eye(3)
    return np.asarray(matrices)


def part_of(matrix: F64, part: float) -> F64:
    """Return the rotation, (3, 3), by `part` of a rotation's angle about its axis: slerp from rest."""
    if part >= 1.0:
        return matrix
    # The quaternion's largest component keeps precision at every angle, as in engines.skeleton.
    m = matrix
    outer = np.array(
        [
            [1 + m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], 1 - m[0, 0] + m[1, 1] - m[2, 2], m[1, 2] + m[2, 1]],
            [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], 1 - m[0, 0] - m[1, 1] + m[2, 2]],
        ]
    )
    w, *axis = outer[int(np.argmax(np.diag(outer)))]
    sign = -1.0 if w < 0 else 1.0
    along = np.array(axis) * sign
    sine = float(np.linalg.norm(along))
    if sine < 1e-12:
        return np.eye(3)
    x, y, z = along / sine
    angle = 2.0 * np.arctan2(sine, abs(w)) * part
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


def mixed(start: F64, end: F64, part: float) -> F64:
    """Return rotations, (N, 3, 3), that lie by `part`, 0..1, between `start` and `end`, (N, 3, 3) each."""
    if part >= 1.0:
        return end
    matrices = (1.0 - part) * start + part * end
    for _ in range(_POLAR_STEPS):
        matrices = 1.5 * matrices - 0.5 * matrices @ (np.swapaxes(matrices, -1, -2) @ matrices)
    return np.asarray(matrices)

"""Rotations over time: arrays of matrices, float64 (T, 3, 3), and the angles in them.

The single-matrix versions that define the controls stand in :mod:`engines.skeleton`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

F64 = npt.NDArray[np.float64]

#: Reflection in the body's middle plane: a right limb, reflected, is solved as a left one.
_MIRROR: F64 = np.diag([-1.0, 1.0, 1.0])


def about(axis: str, degrees: npt.ArrayLike) -> F64:
    """Return rotations about ``"x"``, ``"y"`` or ``"z"`` by angles in degrees, (..., 3, 3) for angles (...)."""
    radians = np.radians(np.asarray(degrees, np.float64))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrices = np.zeros((*radians.shape, 3, 3))
    matrices[..., range(3), range(3)] = 1.0
    matrices[..., first, first] = matrices[..., second, second] = np.cos(radians)
    matrices[..., second, first] = np.sin(radians)
    matrices[..., first, second] = -np.sin(radians)
    return matrices


def from_vectors(vectors_deg: F64) -> F64:
    """Return the matrices (T, 3, 3) of rotation vectors in degrees, (T, 3)."""
    return np.asarray(Rotation.from_rotvec(vectors_deg, degrees=True).as_matrix(), np.float64)


def to_vectors(matrices: F64) -> F64:
    """Return rotation vectors in degrees, (T, 3), of matrices (T, 3, 3)."""
    return np.asarray(Rotation.from_matrix(matrices).as_rotvec(degrees=True), np.float64)


def to_euler(matrices: F64) -> F64:
    """Return (yaw, pitch, roll) in degrees, (T, 3): `engines.skeleton.euler_from_rotation` over time."""
    pitch = np.arcsin(np.clip(-matrices[:, 1, 2], -1.0, 1.0))
    yaw = np.arctan2(matrices[:, 0, 2], matrices[:, 2, 2])
    roll = np.arctan2(matrices[:, 1, 0], matrices[:, 1, 1])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=1)))


def from_euler(angles_deg: npt.ArrayLike) -> F64:
    """Return the matrices (T, 3, 3) of (yaw, pitch, roll) in degrees, (T, 3); the inverse of :func:`to_euler`."""
    yaw, pitch, roll = np.asarray(angles_deg, np.float64).T
    return np.asarray(about("y", yaw) @ about("x", pitch) @ about("z", roll))


def transposed(matrices: F64) -> F64:
    """Return the inverse rotations of matrices (..., 3, 3)."""
    return np.swapaxes(matrices, -1, -2)


def mirrored(matrices: F64) -> F64:
    """Return the rotations seen in a mirror that swaps left and right, (..., 3, 3)."""
    return np.asarray(_MIRROR @ matrices @ _MIRROR)


def swing(start: npt.ArrayLike, end: npt.ArrayLike) -> F64:
    """Return the smallest rotation, (3, 3), that turns direction `start` (3,) to direction `end` (3,)."""
    a, b = _unit(start), _unit(end)
    cross, cosine = np.cross(a, b), float(a @ b)
    if cosine < -1 + 1e-9:  # opposite: any axis across will do
        across = _unit(np.cross(a, [1.0, 0.0, 0.0] if abs(a[0]) < 0.9 else [0.0, 1.0, 0.0]))
        return np.asarray(2 * np.outer(across, across) - np.eye(3))
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + cosine))


def frame(left: npt.ArrayLike, up: npt.ArrayLike) -> F64:
    """Return the rotation, (3, 3), from canonical axes to the frame with that `up` and about that `left`, (3,)."""
    y = _unit(up)
    x = np.asarray(left, np.float64)
    x = _unit(x - y * (x @ y))
    return np.stack([x, y, np.cross(x, y)], axis=1)


def mean_rotation(matrices: F64) -> F64:
    """Return the rotation, (3, 3), nearest to the average of matrices (T, 3, 3)."""
    u, _, vt = np.linalg.svd(matrices.mean(axis=0))
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt)


def angle_between(first: F64, second: F64) -> float:
    """Return the angle in degrees between two rotations, (3, 3)."""
    cosine = (float(np.trace(first.T @ second)) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _unit(vector: npt.ArrayLike) -> F64:
    array = np.asarray(vector, np.float64)
    return np.asarray(array / max(float(np.linalg.norm(array)), 1e-12))

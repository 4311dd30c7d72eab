"""Angles that do not jump: of all numbers that mean one rotation, those nearest to the frame before.

A rotation by `a` is also one by `a - 360`.  Where the control's range has room for both, the path through the
clip is chosen that moves least; a number outside its range costs more than any movement, since it would be clipped.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_TURN_DEG = 360.0
#: What a degree beyond the range costs, in degrees of movement.
_BEYOND_COST = 100.0


def unwrapped(angles_deg: F64, low: float, high: float) -> F64:
    """Return angles, (T,), without jumps of a turn, as far inside ``low .. high`` as whole turns bring them.

    Args:
        angles_deg: (T,), any range.
        low: the control's range in degrees, its lower end.
        high: its upper end.
    """
    candidates = angles_deg[:, None] + _TURN_DEG * np.array([-1.0, 0.0, 1.0])
    return _least_movement(candidates[..., None], low, high)[:, 0]


def unwrapped_vectors(vectors_deg: F64, low: F64, high: F64) -> F64:
    """Return rotation vectors, (T, 3), each as the one or the other vector of its rotation, without jumps.

    Args:
        vectors_deg: (T, 3), degrees, of at most half a turn.
        low: the controls' ranges in degrees, their lower ends, (3,).
        high: their upper ends, (3,).
    """
    norm = np.linalg.norm(vectors_deg, axis=1, keepdims=True)
    other = vectors_deg * (1 - _TURN_DEG / np.maximum(norm, 1e-6))
    other = np.where(norm > 1e-6, other, 1e6)  # no axis, no other vector
    return _least_movement(np.stack([vectors_deg, other], axis=1), low, high)


def _least_movement(candidates: F64, low: npt.ArrayLike, high: npt.ArrayLike) -> F64:
    """Return the cheapest path through candidates (T, C, D), (T, D): the Viterbi algorithm."""
    beyond = np.linalg.norm(candidates - np.clip(candidates, low, high), axis=-1) * _BEYOND_COST
    cost = beyond[0] + 1e-3 * np.linalg.norm(candidates[0], axis=-1)
    origin = np.zeros(candidates.shape[:2], np.int64)
    for t in range(1, len(candidates)):
        step = np.linalg.norm(candidates[t - 1][:, None] - candidates[t][None], axis=-1)
        total = cost[:, None] + step
        origin[t] = np.argmin(total, axis=0)
        cost = total.min(axis=0) + beyond[t]
    path = np.zeros(len(candidates), np.int64)
    path[-1] = int(np.argmin(cost))
    for t in range(len(candidates) - 1, 0, -1):
        path[t - 1] = origin[t, path[t]]
    return np.asarray(candidates[np.arange(len(candidates)), path])

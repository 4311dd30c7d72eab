"""What arms, hands and legs share: they are solved as left ones, in the frame of what they hang from."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Side = Literal["left", "right"]

SIDES: tuple[Side, Side] = ("left", "right")
_MIRROR: F64 = np.array([-1.0, 1.0, 1.0])
_FORWARD: F64 = np.array([0.0, 0.0, 1.0])


def in_frame(side: Side, frame: F64, direction: F64) -> F64:
    """Return world directions, (..., 3), in a frame (3, 3); a right limb's reflected in the body's middle plane."""
    local = direction @ frame
    return np.asarray(local if side == "left" else local * _MIRROR, np.float64)


def from_frame(side: Side, frame: F64, direction: F64) -> F64:
    """Return the world directions, (..., 3), of directions in a frame: the inverse of :func:`in_frame`."""
    return np.asarray((direction if side == "left" else direction * _MIRROR) @ frame.T, np.float64)


def perpendicular(vector: F64, axis: F64) -> F64:
    """Return the part of a vector, (3,), that is perpendicular to a unit axis, (3,)."""
    return np.asarray(vector - axis * (vector @ axis), np.float64)


def unit(vector: F64) -> F64:
    """Return a vector, (3,), at length one; forward where it has none."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 1e-9 else _FORWARD.copy()

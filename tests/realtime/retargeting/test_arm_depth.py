"""How far an arm comes towards the camera."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.retargeting.arm_depth import LENGTHS, lifted
from realtime.retargeting.limb import unit
from realtime.retargeting.reach import F64

FOCAL_PX, HALF_PX = 557.0, 60.0
DISTANCE = FOCAL_PX / HALF_PX


def _seen(upper: F64, fore: F64) -> F64:
    """Return the pixels at which a camera with perspective sees a right arm's joints, (3, 2)."""
    shoulder = np.array([-1.0, 0.0, 0.0])
    joints = np.stack([shoulder, shoulder + LENGTHS[0] * upper, shoulder + LENGTHS[0] * upper + LENGTHS[1] * fore])
    return np.asarray(FOCAL_PX * joints[:, :2] / (DISTANCE - joints[:, 2:]), np.float64)


def _degrees_between(first: F64, second: F64) -> float:
    return float(np.degrees(np.arccos(np.clip(unit(first) @ unit(second), -1, 1))))


@pytest.mark.parametrize("fore", [(0.1, 1.0, 0.3), (0.8, 0.3, 0.5), (0.5, 0.2, 0.8), (0.2, 0.9, -0.3)])
def test_true_depth_gives_the_true_direction(fore: tuple[float, float, float]) -> None:
    """Where the network is right, so is the arm."""
    upper, lower = unit(np.array([-0.3, -0.9, 0.2])), unit(np.array(fore))
    depths = np.array([LENGTHS[0] * upper[2], LENGTHS[1] * lower[2]])
    found = lifted(_seen(upper, lower), depths, half_shoulders_px=HALF_PX, focal_px=FOCAL_PX)
    assert _degrees_between(found[0], upper) < 6 and _degrees_between(found[1], lower) < 6


def test_exaggerated_depth_is_drawn_back() -> None:
    """A forearm that points up is not taken for one that points half at the camera."""
    upper, lower = unit(np.array([-0.1, -1.0, 0.1])), unit(np.array([0.1, 1.0, 0.4]))
    claimed = unit(np.array([0.1, 1.0, 1.4]))
    depths = np.array([LENGTHS[0] * upper[2], LENGTHS[1] * claimed[2]])
    found = lifted(_seen(upper, lower), depths, half_shoulders_px=HALF_PX, focal_px=FOCAL_PX)[1]
    assert _degrees_between(found, lower) < 0.5 * _degrees_between(claimed, lower)


def test_limb_that_looks_too_long_lies_in_the_picture() -> None:
    """Nothing is longer than itself: no depth is left, and no NaN."""
    found = lifted(np.array([[0.0, 0.0], [300.0, 0.0]]), np.array([0.2]), half_shoulders_px=HALF_PX, focal_px=FOCAL_PX)
    assert np.isfinite(found).all() and found[0, 0] > 5 * abs(found[0, 2])


def test_coinciding_points_are_finite() -> None:
    """Shoulders of no width and joints in one place give some arm."""
    found = lifted(np.zeros((3, 2)), np.zeros(2), half_shoulders_px=0.0, focal_px=FOCAL_PX)
    assert np.isfinite(found).all()

"""Hands meet where they met, on a figure with longer arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.retargeting.limb import unit
from realtime.retargeting.reach import F64, carried_over

PERSON, CHARACTER = (1.43, 1.38), (2.0, 1.98)
direction = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(lambda found: float(np.linalg.norm(found)) > 0.1)


def _wrist(lengths: tuple[float, float], upper: F64, fore: F64) -> F64:
    return np.asarray(lengths[0] * upper + lengths[1] * fore, np.float64)


def test_wrist_before_the_body_keeps_its_place() -> None:
    """A hand before the middle of the chest is there on the character too, half shoulder widths as the unit."""
    upper, fore = unit(np.array([0.3, -0.8, 0.3])), unit(np.array([-0.8, 0.4, 0.4]))
    before = _wrist(PERSON, upper, fore)
    assert before[0] < -0.3 and np.linalg.norm(before) < 0.65 * sum(PERSON)
    assert np.allclose(_wrist(CHARACTER, *carried_over(upper, fore)), before, atol=1e-6)


@pytest.mark.parametrize("way", [(0.1, -1.0, 0.0), (1.0, 0.0, 0.0), (-0.4, 0.2, 0.9)])
def test_stretched_arm_stays_stretched(way: tuple[float, float, float]) -> None:
    """Hanging and pointing arms keep their direction."""
    upper, fore = carried_over(unit(np.array(way)), unit(np.array(way)))
    assert np.allclose(upper, unit(np.array(way)), atol=0.02)
    assert np.allclose(fore, unit(np.array(way)), atol=0.02)


def test_arm_that_points_outwards_keeps_its_angles() -> None:
    """A wave beside the head is no contact: directions stay within a few degrees."""
    upper, fore = unit(np.array([0.9, -0.2, 0.2])), unit(np.array([0.1, 1.0, 0.1]))
    for before, after in zip((upper, fore), carried_over(upper, fore), strict=True):
        assert float(before @ after) > np.cos(np.radians(3))


@given(upper=direction, fore=direction)
def test_directions_are_unit_vectors_and_the_elbow_stays_on_its_side(upper: F64, fore: F64) -> None:
    """Whatever comes in, an arm comes out whose elbow lies in the plane that it lay in."""
    upper, fore = unit(upper), unit(fore)
    new_upper, new_fore = carried_over(upper, fore)
    assert np.isclose(np.linalg.norm(new_upper), 1) and np.isclose(np.linalg.norm(new_fore), 1)
    if np.linalg.norm(np.cross(upper, fore)) > 0.1:
        assert abs(float(np.cross(upper, fore) @ new_upper)) < 1e-6


def test_arm_without_extent_is_left_alone() -> None:
    """A forearm folded wholly back has no direction to keep."""
    upper = np.array([1.0, 0.0, 0.0])
    found = carried_over(upper, -upper)
    assert np.isfinite(found).all()

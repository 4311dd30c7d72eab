"""Hands meet where they met, on a figure with longer arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.retargeting.limb import perpendicular, unit
from realtime.retargeting.reach import F64, carried_over

PERSON, CHARACTER = (1.62, 1.47), (2.0, 1.98)
direction = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(lambda found: float(np.linalg.norm(found)) > 0.1)


def _wrist(lengths: tuple[float, float], upper: F64, fore: F64) -> F64:
    return np.asarray(lengths[0] * upper + lengths[1] * fore, np.float64)


def test_wrist_before_the_body_keeps_its_place() -> None:
    """A hand before the middle of the chest is there on the character too, half shoulder widths as the unit."""
    upper, fore = unit(np.array([0.3, -0.8, 0.3])), unit(np.array([-0.8, 0.4, 0.4]))
    before = _wrist(PERSON, upper, fore)
    assert before[0] < -0.3 and np.linalg.norm(before) < 0.65 * sum(PERSON)
    assert np.allclose(_wrist(CHARACTER, *carried_over("left", PERSON[0] * upper, PERSON[1] * fore)), before, atol=1e-6)


@pytest.mark.parametrize("way", [(0.1, -1.0, 0.0), (1.0, 0.0, 0.0), (-0.4, 0.2, 0.9)])
def test_stretched_arm_stays_stretched(way: tuple[float, float, float]) -> None:
    """Hanging and pointing arms keep their direction."""
    upper, fore = carried_over("left", 1.62 * unit(np.array(way)), 1.47 * unit(np.array(way)))
    assert np.allclose(upper, unit(np.array(way)), atol=0.02)
    assert np.allclose(fore, unit(np.array(way)), atol=0.02)


def test_arm_that_points_outwards_keeps_its_angles() -> None:
    """A hand held out below the neck touches nothing: directions stay within a few degrees."""
    upper, fore = unit(np.array([0.5, -0.8, 0.2])), unit(np.array([0.6, 0.7, 0.4]))
    for before, after in zip((upper, fore), carried_over("left", PERSON[0] * upper, PERSON[1] * fore), strict=True):
        assert float(before @ after) > np.cos(np.radians(5))


@given(upper=direction, fore=direction)
def test_directions_are_unit_vectors_and_the_elbow_stays_on_its_side(upper: F64, fore: F64) -> None:
    """Whatever comes in, an arm comes out whose elbow lies where it lay, seen along the way to the wrist."""
    upper, fore = unit(upper), unit(fore)
    new_upper, new_fore = carried_over("left", PERSON[0] * upper, PERSON[1] * fore)
    assert np.isclose(np.linalg.norm(new_upper), 1) and np.isclose(np.linalg.norm(new_fore), 1)
    along = unit(_wrist(CHARACTER, new_upper, new_fore))
    if np.linalg.norm(perpendicular(upper, along)) > 0.05 and np.linalg.norm(_wrist(PERSON, upper, fore)) > 0.2:
        assert float(perpendicular(new_upper, along) @ perpendicular(upper, along)) > -1e-6


def test_hand_at_the_mouth_is_before_the_characters_face() -> None:
    """It is where the character's mouth is: as high, and as far before the shoulders."""
    upper, fore = unit(np.array([0.1, -0.7, 0.75])), unit(np.array([-0.6, 0.98, -0.2]))
    before, after = (
        _wrist(PERSON, upper, fore),
        _wrist(CHARACTER, *carried_over("left", PERSON[0] * upper, PERSON[1] * fore)),
    )
    assert before[1] < 0.5 and after[1] == pytest.approx(before[1], abs=0.05)
    assert after[2] >= before[2] - 1e-6


def test_hand_at_the_forehead_is_beside_the_larger_head() -> None:
    """A character's forehead is higher above the mouth, and its temple further out."""
    upper, fore = unit(np.array([0.3, 0.45, 0.6])), unit(np.array([-0.75, 0.75, -0.25]))
    before, after = (
        _wrist(PERSON, upper, fore),
        _wrist(CHARACTER, *carried_over("left", PERSON[0] * upper, PERSON[1] * fore)),
    )
    assert before[0] < -0.3 and before[1] > 1.2
    assert after[1] > before[1] + 0.1 and after[0] > before[0]


def test_arm_without_extent_is_left_alone() -> None:
    """A forearm folded wholly back has no direction to keep."""
    upper = np.array([1.0, 0.0, 0.0])
    found = carried_over("left", upper, -upper)
    assert np.isfinite(found).all()

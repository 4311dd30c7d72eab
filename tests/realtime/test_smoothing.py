"""Smoothing of control vectors."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import INDEX, NEUTRAL, controls
from engines.skeleton import rotation_from_vector
from realtime.control_group import GROUP_INDEX, GROUP_NAMES, Group
from realtime.smoothing import Smoothing, canonical


def _position(group: Group, name: str) -> int:
    return GROUP_NAMES[group].index(name)


def test_unknown_group_is_a_lookup_error() -> None:
    """There is no value before anything was seen, nor after it was forgotten."""
    smoothing = Smoothing()
    with pytest.raises(LookupError, match="head"):
        smoothing.at(Group.HEAD, 0.0)
    smoothing.update(Group.HEAD, NEUTRAL, 0.0)
    assert smoothing.known(Group.HEAD)
    smoothing.forget(Group.HEAD)
    assert not smoothing.known(Group.HEAD)


def test_prediction_leads_a_moving_head_and_is_bounded() -> None:
    """Between observations the head goes on, ever more slowly, and never far."""
    smoothing = Smoothing()
    for frame in range(30):
        smoothing.update(Group.HEAD, controls({"head_yaw": frame * 2.0}), frame / 30)
    yaw = _position(Group.HEAD, "head_yaw")
    now, soon, later, never = (smoothing.at(Group.HEAD, 29 / 30 + lead)[yaw] for lead in (0.0, 0.05, 0.2, 9.0))
    assert now < soon < later == never
    assert later - now < 60 * 0.12 + 1


def test_arm_passing_half_a_turn_takes_the_short_way() -> None:
    """Rotation vectors of 175 and -175 degrees are ten degrees apart, not 350."""
    smoothing = Smoothing()
    index = GROUP_INDEX[Group.LEFT_ARM]
    seen = []
    for frame, z in enumerate([160.0, 165.0, 169.0, -170.0, -168.0, -166.0, -166.0, -166.0]):
        vector = NEUTRAL.copy()
        vector[INDEX["left_upper_arm_z"]] = z
        smoothing.update(Group.LEFT_ARM, vector, frame / 30)
        full = NEUTRAL.astype(np.float64)
        full[index] = smoothing.at(Group.LEFT_ARM, frame / 30)
        seen.append(full[INDEX["left_upper_arm_z"]])
    assert (np.diff(seen) >= -1e-9).all() and max(seen) < 200


def test_canonical_keeps_the_rotation_within_half_a_turn() -> None:
    """An unwrapped rotation vector is written as the equivalent short one."""
    vector = NEUTRAL.astype(np.float64)
    names = [INDEX[f"left_upper_arm_{axis}"] for axis in "xyz"]
    vector[names] = [120.0, 120.0, 120.0]
    short = canonical(vector)[names]
    assert np.linalg.norm(short) < 180
    assert np.allclose(rotation_from_vector(short), rotation_from_vector(vector[names]), atol=1e-4)


def test_blink_passes_within_two_frames() -> None:
    """A lid that shuts in one frame is seen shut, not smoothed away."""
    smoothing = Smoothing()
    for frame in range(10):
        smoothing.update(Group.EYES, NEUTRAL, frame / 30)
    for frame in (10, 11):
        smoothing.update(Group.EYES, controls({"blink_left": 1.0}), frame / 30)
    assert smoothing.at(Group.EYES, 11 / 30)[_position(Group.EYES, "blink_left")] > 0.85

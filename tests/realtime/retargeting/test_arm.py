"""From where an arm points to the controls that make it point there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.controls import controls
from engines.skeleton import (
    BONE_INDEX,
    forward_kinematics,
    posed_joints,
    rotation_from_vector,
)
from realtime.retargeting.arm import F64, nearest_equivalent, solve_arm
from realtime.retargeting.hand import HandFrame
from realtime.retargeting.limb import Side
from tests.fakes.person import proportions

FIGURE = proportions()
angle = st.floats(-95, 95)


def _limbs(values: dict[str, float], side: Side) -> tuple[F64, F64, F64, HandFrame]:
    """Return the chest's rotation, the vectors of upper arm and forearm, and where the hand points."""
    skinning = forward_kinematics(controls(values), FIGURE)
    joints = posed_joints(skinning, FIGURE).astype(np.float64)

    def joint(name: str) -> F64:
        return np.asarray(joints[BONE_INDEX[f"{side}_{name}"]])

    chest = skinning[BONE_INDEX["chest"], :3, :3].astype(np.float64)
    upper, fore = joint("lower_arm") - joint("upper_arm"), joint("hand") - joint("lower_arm")
    turned = skinning[BONE_INDEX[f"{side}_hand"], :3, :3].astype(np.float64)
    out = 1.0 if side == "left" else -1.0
    hand = HandFrame(along=turned @ [out, 0.0, 0.0], across=turned @ [0.0, 0.0, 1.0])
    return chest, upper, fore, hand


def _degrees_between(first: F64, second: F64) -> float:
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@pytest.mark.parametrize("side", ["left", "right"])
@settings(max_examples=60, deadline=None)
@given(
    arm=st.tuples(angle, angle, angle),
    elbow=st.floats(0, 145),
    twist=st.floats(-90, 90),
    wrist=st.tuples(st.floats(-75, 75), st.floats(-28, 38)),
    torso=st.tuples(st.floats(-40, 40), st.floats(-20, 20), st.floats(-20, 20)),
    raised=st.floats(-10, 30),
)
def test_posed_arm_points_where_it_was_seen(
    *,
    side: Side,
    arm: tuple[float, float, float],
    elbow: float,
    twist: float,
    wrist: tuple[float, float],
    torso: tuple[float, float, float],
    raised: float,
) -> None:
    """Posing the skeleton with the solved controls reproduces upper arm and forearm within half a degree."""
    body = {f"torso_{name}": value for name, value in zip(("yaw", "pitch", "roll"), torso, strict=True)}
    body[f"{side}_shoulder_raise"] = raised
    given_arm = {f"{side}_upper_arm_{axis}": value for axis, value in zip("xyz", arm, strict=True)}
    given_arm |= {f"{side}_elbow": elbow, f"{side}_forearm_twist": twist}
    given_arm |= {f"{side}_wrist_flexion": wrist[0], f"{side}_wrist_deviation": wrist[1]}
    chest, upper, fore, hand = _limbs(body | given_arm, side)
    solved = solve_arm(side, chest=chest, shoulder_raise_deg=raised, upper=upper, fore=fore, hand=hand)
    found = {f"{side}_upper_arm_{axis}": float(value) for axis, value in zip("xyz", solved.upper_arm, strict=True)}
    _, upper_again, fore_again, _ = _limbs(body | found | {f"{side}_elbow": solved.elbow}, side)
    assert _degrees_between(upper, upper_again) < 0.5
    # An almost straight arm bends in a natural plane instead of the noisy one that was seen.
    assert _degrees_between(fore, fore_again) < (0.5 if elbow > 35 else 2 * elbow + 0.5)
    if elbow > 36 and solved.forearm_twist is not None:
        assert abs(solved.forearm_twist - twist) < 0.5
        assert abs(float(solved.wrist_flexion or 0.0) - wrist[0]) < 0.5
        assert abs(float(solved.wrist_deviation or 0.0) - wrist[1]) < 0.5


def test_hanging_arms_are_the_same_numbers_on_both_sides() -> None:
    """The right side is written in the mirrored frame."""
    sides: tuple[tuple[Side, float], ...] = (("left", 1.0), ("right", -1.0))
    for side, out in sides:
        down = np.array([0.2 * out, -1.0, 0.0])
        forward = np.array([0.0, 0.0, 1.0])
        solved = solve_arm(side, chest=np.eye(3), shoulder_raise_deg=0.0, upper=down, fore=down + forward)
        assert np.allclose(solved.upper_arm, [0, 0, -78.7], atol=0.1)
        assert 40 < solved.elbow < 50
        assert solved.forearm_twist is None


def test_unseen_wrist_leaves_the_elbow_straight() -> None:
    """Without a forearm there is nothing to bend."""
    solved = solve_arm("left", chest=np.eye(3), shoulder_raise_deg=0.0, upper=np.array([1.0, 0, 0]), fore=None)
    assert solved.elbow == 0.0


def test_limb_of_no_length_is_finite() -> None:
    """Coinciding joints give some arm, not NaN."""
    solved = solve_arm("left", chest=np.eye(3), shoulder_raise_deg=0.0, upper=np.zeros(3), fore=np.zeros(3))
    assert np.isfinite(solved.upper_arm).all() and np.isfinite(solved.elbow)


def test_nearest_equivalent_is_the_same_rotation_on_the_near_side() -> None:
    """Passing half a turn goes on beyond 180 degrees instead of jumping to the other side."""
    before, after = np.array([0.0, 0.0, 175.0]), np.array([0.0, 0.0, -175.0])
    found = nearest_equivalent(after, before)
    assert np.allclose(found, [0, 0, 185])
    assert np.allclose(rotation_from_vector(found), rotation_from_vector(after), atol=1e-5)
    assert nearest_equivalent(np.zeros(3), before).tolist() == [0, 0, 0]

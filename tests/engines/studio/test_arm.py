"""Arm poses by the wrist's place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.controls import SIDES, controls
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics, posed_joints
from engines.studio.arm import arm_controls
from engines.studio.collision import REFERENCE

DOWN = (0.6, -1.0, -0.2)


def _wrist(side: str, values: dict[str, float]) -> npt.NDArray[np.float32]:
    """Return where the wrist ends up, in the arm module's frame and unit."""
    joints = posed_joints(forward_kinematics(controls(values), REFERENCE), REFERENCE)
    shoulder, wrist = joints[BONE_INDEX[f"{side}_upper_arm"]], joints[BONE_INDEX[f"{side}_hand"]]
    mirror = np.array([1 if side == "left" else -1, 1, 1])
    return np.asarray((wrist - shoulder) * mirror / 0.22, np.float32)


@given(x=st.floats(-0.8, 1.4), y=st.floats(-1.2, 1.2), z=st.floats(0.3, 1.2), side=st.sampled_from(SIDES))
def test_arm_controls_brings_the_wrist_there(x: float, y: float, z: float, side: str) -> None:
    """Within reach the wrist comes to where it was asked, to the difference of upper arm and forearm."""
    target = np.array([x, y, z])
    target *= min(1.0, 1.9 / np.linalg.norm(target))
    if np.linalg.norm(target) < 0.6:
        return
    np.testing.assert_allclose(_wrist(side, dict(arm_controls(side, target, DOWN, (0, 0, 1)))), target, atol=0.12)


def test_arm_controls_far_target_is_brought_within_reach() -> None:
    """A target ten arms away is pointed at, with a nearly straight elbow."""
    values = dict(arm_controls("left", (10, 0, 0), DOWN, (0, -1, 0)))
    assert values["left_elbow"] < 30
    assert _wrist("left", values)[0] > 1.8


def test_arm_controls_sides_are_mirror_images() -> None:
    """The right arm gets the same numbers as the left."""
    left = arm_controls("left", (0.4, 0.6, 0.5), DOWN, (0, 0, 1))
    right = arm_controls("right", (0.4, 0.6, 0.5), DOWN, (0, 0, 1))
    assert {name.replace("right", "left"): value for name, value in right.items()} == left


@pytest.mark.parametrize("side", SIDES)
def test_arm_controls_palm_looks_where_asked(side: str) -> None:
    """A raised hand whose palm is asked to face the viewer faces the viewer."""
    values = dict(arm_controls(side, (0.4, 0.9, 0.4), DOWN, (0, 0, 1)))
    skinning = forward_kinematics(controls(values), REFERENCE)
    hand = BONES.index(f"{side}_hand")
    palm = skinning[hand, :3, :3] @ np.array([0, -1, 0])
    assert palm[2] > 0.8

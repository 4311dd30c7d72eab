"""From controls to a posed mesh."""

from __future__ import annotations

import numpy as np
import pytest

from engines.controls import VISEMES, controls
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.expression import expression_weights, posed, posed_positions, skinned


def test_expression_weights_neutral_is_empty() -> None:
    """A neutral face moves nothing."""
    assert expression_weights(controls()) == {}


def test_expression_weights_brows_split_by_sign() -> None:
    """A raised brow and a lowered brow are different morphs."""
    assert expression_weights(controls({"brow_left": 0.5, "brow_right": -0.25})) == {
        "brow_up_left": 0.5,
        "brow_down_right": 0.25,
    }


def test_expression_weights_joy_takes_over_eyes_and_mouth() -> None:
    """At full joy neither blink nor viseme is left, at half joy half of them."""
    full = expression_weights(controls({"joy": 1, "blink_left": 1, "aa": 1}))
    half = expression_weights(controls({"joy": 0.5, "blink_left": 1, "aa": 1}))
    assert full == {"joy": 1.0}
    assert half == pytest.approx({"joy": 0.5, "blink_left": 0.5, "aa": 0.5})


def test_expression_weights_visemes_sum_to_one_at_most() -> None:
    """Five open mouths at once are one open mouth."""
    weights = expression_weights(controls(dict.fromkeys(VISEMES, 1.0)))
    assert sum(weights[name] for name in VISEMES) == pytest.approx(1.0)


def test_posed_morphs_only_what_the_expression_touches(boxes: Avatar) -> None:
    """A half blink moves the eye by half its delta and leaves the avatar's own arrays alone."""
    before = boxes.positions.copy()
    positions = posed(boxes, controls({"blink_left": 0.5})).positions
    moved = np.nonzero(np.abs(positions - boxes.positions).max(axis=1))[0]
    assert set(moved) == set(boxes.expressions["blink_left"].vertices)
    np.testing.assert_allclose((positions - boxes.positions)[moved, 1], -0.015, atol=1e-6)
    assert np.array_equal(boxes.positions, before)


def test_posed_positions_agree_with_blending_by_the_definition(boxes: Avatar) -> None:
    """The fast skinning equals the sum over bones written out."""
    vector = controls({"head_yaw": 30, "left_upper_arm_z": 20, "left_elbow": 80, "torso_roll": 10, "aa": 1})
    pose = posed(boxes, vector)
    homogeneous = np.concatenate([pose.positions, np.ones((len(pose.positions), 1), np.float32)], axis=1)
    expected = np.zeros_like(pose.positions)
    for bone in range(len(BONES)):
        weight = np.where(boxes.bone_ids == bone, boxes.bone_weights, 0).sum(axis=1, keepdims=True)
        expected += weight * (homogeneous @ pose.skinning[bone, :3].T)
    np.testing.assert_allclose(posed_positions(boxes, vector), expected, atol=1e-5)


def test_skinned_subset_equals_rows_of_the_whole(boxes: Avatar) -> None:
    """Asking for some vertices gives the same as asking for all."""
    vector = controls({"right_elbow": 60})
    some = np.array([0, 5, 100, 7])
    assert np.array_equal(skinned(boxes, posed(boxes, vector), some), posed_positions(boxes, vector)[some])


def test_posed_left_arm_moves_the_left_hand(boxes: Avatar) -> None:
    """A bent left elbow in the T-pose brings the left hand to the front and leaves the right where it is."""
    arms = {"left_upper_arm_z": 0.0, "right_upper_arm_z": 0.0, "right_elbow": 0.0}
    vector = controls({**arms, "left_elbow": 90})
    positions = posed_positions(boxes, vector)
    left = boxes.bone_ids[:, 0] == BONE_INDEX["left_hand"]
    right = boxes.bone_ids[:, 0] == BONE_INDEX["right_hand"]
    assert positions[left, 2].min() > 0.15
    np.testing.assert_allclose(positions[right], boxes.positions[right], atol=0.02)
    assert np.array_equal(forward_kinematics(vector, boxes.proportions), posed(boxes, vector).skinning)

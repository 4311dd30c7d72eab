"""Posing whole avatars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.controls import controls
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics, rotation_from_vector
from engines.studio.avatar import Avatar
from engines.studio.expression_traits import Held, Override, Traits
from engines.studio.joints import Joints, joint_matrices
from engines.studio.posing import posed


def test_posed_morphs_only_what_the_expression_touches(boxes: Avatar) -> None:
    """A half blink moves the eye by half its delta and leaves the avatar's own arrays alone."""
    before = boxes.positions.copy()
    arms = {"left_upper_arm_z": 0.0, "right_upper_arm_z": 0.0, "left_elbow": 0.0, "right_elbow": 0.0}
    straight = {name: 0.0 for side in ("left", "right") for name in controls_of_fingers(side)} | arms
    positions = posed(boxes, controls({**straight, "blink_left": 0.5})).positions
    moved = np.nonzero(np.abs(positions - boxes.positions).max(axis=1) > 1e-6)[0]
    assert set(moved) == set(boxes.expressions["blink_left"].vertices)
    np.testing.assert_allclose((positions - boxes.positions)[moved, 1], -0.015, atol=1e-6)
    assert np.array_equal(boxes.positions, before)


def controls_of_fingers(side: str) -> list[str]:
    return [f"{side}_{finger}_curl" for finger in ("thumb", "index", "middle", "ring", "little")]


def test_posed_agrees_with_blending_by_the_definition(boxes: Avatar) -> None:
    """The fast skinning of positions, morphs and normals equals the sum over joints written out."""
    vector = controls({"head_yaw": 30, "left_upper_arm_z": 20, "left_elbow": 80, "torso_roll": 10, "aa": 1})
    pose = posed(boxes, vector)
    rest = boxes.positions.copy()
    rest[boxes.expressions["aa"].vertices] += boxes.expressions["aa"].deltas
    homogeneous = np.concatenate([rest, np.ones((len(rest), 1), np.float32)], axis=1)
    positions, normals = np.zeros_like(rest), np.zeros_like(rest)
    for joint in range(len(boxes.joints)):
        weight = np.where(boxes.joint_ids == joint, boxes.joint_weights, 0).sum(axis=1, keepdims=True)
        positions += weight * (homogeneous @ pose.joints[joint, :3].T)
        normals += weight * (boxes.normals @ pose.joints[joint, :3, :3].T)
    np.testing.assert_allclose(pose.positions, positions, atol=1e-5)
    np.testing.assert_allclose(pose.normals, normals, atol=1e-5)


def test_posed_left_arm_moves_the_left_hand(boxes: Avatar) -> None:
    """A bent left elbow in the T-pose brings the left hand to the front and leaves the right where it is."""
    arms = {"left_upper_arm_z": 0.0, "right_upper_arm_z": 0.0, "right_elbow": 0.0}
    vector = controls({**arms, "left_elbow": 90})
    pose = posed(boxes, vector)
    left = boxes.joint_ids[:, 0] == BONE_INDEX["left_hand"]
    right = boxes.joint_ids[:, 0] == BONE_INDEX["right_hand"]
    assert pose.positions[left, 2].min() > 0.15
    np.testing.assert_allclose(pose.positions[right], boxes.positions[right], atol=0.02)
    assert np.array_equal(forward_kinematics(vector, boxes.proportions), pose.joints[: len(BONES)])


def test_posed_expression_that_blocks_blinks_keeps_the_eyes_open(boxes: Avatar) -> None:
    """What a file says about expressions that exclude each other holds in every pose."""
    blocks = Traits(overrides=((Held.BLINK, Override.BLOCK),))
    strict = replace(boxes, traits={"joy": blocks})
    happy = controls({"joy": 0.4, "blink_left": 1.0, "blink_right": 1.0})
    assert "blink_left" in posed(boxes, happy).weights
    assert not {"blink_left", "blink_right"} & set(posed(strict, happy).weights)
    assert "joy" in posed(strict, happy).weights


def _chain(boxes: Avatar) -> Joints:
    """Return the synthetic avatar's bones with two more joints that hang from its head, one below the other."""
    head, bones = BONE_INDEX["head"], len(BONES)
    rest = np.tile(np.eye(4), (2, 1, 1))
    rest[:, :3, 3] = [[0.0, 1.5, -0.1], [0.0, 1.3, -0.1]]
    return Joints(
        names=(*boxes.joints.names[:bones], "hair", "tip"),
        parents=np.concatenate([boxes.joints.parents[:bones], [head, bones]]),
        bone=np.concatenate([boxes.joints.bone[:bones], [head, head]]),
        rest=np.concatenate([boxes.joints.rest[:bones], rest]),
    )


def test_joint_matrices_without_turns_follow_their_bone(boxes: Avatar) -> None:
    """A joint that nothing moves goes where its bone goes."""
    bones = forward_kinematics(controls({"head_yaw": 40.0}), boxes.proportions)
    matrices = joint_matrices(_chain(boxes), bones)
    assert np.array_equal(matrices[: len(BONES)], bones)
    assert np.array_equal(matrices[-2:], bones[[BONE_INDEX["head"]] * 2])


def test_joint_matrices_turn_about_their_own_place_and_carry_what_hangs_below(boxes: Avatar) -> None:
    """The first joint of a chain stays where it is, and its turn moves the second one."""
    chain = _chain(boxes)
    bones = forward_kinematics(controls(), boxes.proportions)
    turns = np.stack([rotation_from_vector((90, 0, 0)), np.eye(3, dtype=np.float32)])
    matrices = joint_matrices(chain, bones, turns)
    np.testing.assert_allclose(matrices[-2] @ [0.0, 1.5, -0.1, 1.0], [0.0, 1.5, -0.1, 1.0], atol=1e-6)
    np.testing.assert_allclose(matrices[-1] @ [0.0, 1.3, -0.1, 1.0], [0.0, 1.5, -0.3, 1.0], atol=1e-6)


def test_joint_matrices_wrong_number_of_turns_is_refused(boxes: Avatar) -> None:
    """Turns of another avatar are named as such."""
    bones = forward_kinematics(controls(), boxes.proportions)
    with pytest.raises(ValueError, match=r"turns: got shape \(5, 3, 3\), expected \(2, 3, 3\)"):
        joint_matrices(_chain(boxes), bones, np.zeros((5, 3, 3), np.float32))

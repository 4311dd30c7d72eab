"""The canonical skeleton: rotations there and back, and what each control does to a figure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.controls import INDEX, NEUTRAL, SIDES, ControlVector, controls, mirrored
from engines.skeleton import (
    BONE_INDEX,
    BONES,
    PARENT,
    Proportions,
    bone_rotations,
    euler_from_rotation,
    forward_kinematics,
    posed_joints,
    rotation_from_euler,
    rotation_from_vector,
    rotations_from_vectors,
    vector_from_rotation,
)
from tests.fakes.figure import figure
from tests.fakes.poses import control_vectors

F32 = npt.NDArray[np.float32]
FIGURE = figure()
#: A T-pose with straight arms and open hands: every control zero.
T_POSE: ControlVector = np.zeros_like(NEUTRAL)


def posed(**values: float) -> dict[str, F32]:
    """Return joint positions by bone name for the T-pose with some controls set."""
    vector = T_POSE.copy()
    pose = controls(values)
    for name in values:
        vector[INDEX[name]] = pose[INDEX[name]]
    joints = posed_joints(forward_kinematics(vector, FIGURE), FIGURE)
    return {bone: joints[index] for index, bone in enumerate(BONES)}


def unit_vectors() -> st.SearchStrategy[npt.NDArray[np.float64]]:
    """Return a strategy for directions."""
    each = st.floats(-1, 1)
    vectors = st.tuples(each, each, each).filter(lambda xyz: math.hypot(*xyz) > 0.1)
    return vectors.map(lambda xyz: np.array(xyz) / math.hypot(*xyz))


# Rotations


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180))
def test_euler_angles_come_back_from_their_rotation(yaw: float, pitch: float, roll: float) -> None:
    """Every yaw, pitch and roll short of a vertical look is recovered."""
    matrix = rotation_from_euler(yaw, pitch, roll)
    again = rotation_from_euler(*euler_from_rotation(matrix))
    np.testing.assert_allclose(again, matrix, atol=2e-6)
    for angle, expected in zip(euler_from_rotation(matrix), (yaw, pitch, roll), strict=True):
        assert abs((angle - expected + 180) % 360 - 180) < 0.01


@given(unit_vectors(), st.floats(0, 179.9))
def test_rotation_vectors_come_back_from_their_rotation(axis: npt.NDArray[np.float64], angle: float) -> None:
    """Every turn short of half a turn has one rotation vector."""
    vector = axis * angle
    np.testing.assert_allclose(vector_from_rotation(rotation_from_vector(vector)), vector, atol=0.01)


@given(unit_vectors(), st.floats(0, 0.05))
def test_small_rotation_vectors_keep_their_precision(axis: npt.NDArray[np.float64], angle: float) -> None:
    """A head that hardly moves does not jitter by the square root of the float's precision."""
    vector = axis * angle
    np.testing.assert_allclose(vector_from_rotation(rotation_from_vector(vector)), vector, atol=1e-5)


@given(unit_vectors(), st.floats(179.9, 180))
def test_half_turns_keep_their_axis(axis: npt.NDArray[np.float64], angle: float) -> None:
    """Around half a turn the axis may flip, but the rotation is the same."""
    matrix = rotation_from_vector(axis * angle)
    np.testing.assert_allclose(rotation_from_vector(vector_from_rotation(matrix)), matrix, atol=1e-5)


@pytest.mark.parametrize("axis", [(0, 1, -1), (0, -1, 1), (1, 0, -1), (1, -1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)])
def test_exact_half_turns_come_back(axis: tuple[float, float, float]) -> None:
    """Half a turn about a diagonal keeps the signs of the axis's parts."""
    unit = np.array(axis) / np.linalg.norm(axis)
    matrix = 2 * np.outer(unit, unit) - np.eye(3)
    vector = vector_from_rotation(matrix)
    assert np.linalg.norm(vector) == pytest.approx(180.0)
    np.testing.assert_allclose(rotation_from_vector(vector), matrix, atol=1e-6)


@given(unit_vectors(), st.floats(-360, 360))
def test_rotation_from_vector_is_a_rotation(axis: npt.NDArray[np.float64], angle: float) -> None:
    """Lengths, angles and handedness survive."""
    matrix = rotation_from_vector(axis * angle).astype(np.float64)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-6)


def test_many_rotation_vectors_turn_as_one_by_one() -> None:
    """The batch is the single function's, for any vectors and for none at all."""
    vectors = np.random.default_rng(3).uniform(-180, 180, (50, 3))
    vectors[:2] = [[0, 0, 0], [1e-12, 0, 0]]
    assert np.allclose(rotations_from_vectors(vectors), [rotation_from_vector(one) for one in vectors], atol=1e-6)
    assert rotations_from_vectors(np.zeros((0, 3))).shape == (0, 3, 3)


@pytest.mark.parametrize(
    ("angles", "point", "expected"),
    [
        ((90, 0, 0), (0, 0, 1), (1, 0, 0)),  # yaw > 0 turns the nose to the subject's left
        ((0, 90, 0), (0, 0, 1), (0, -1, 0)),  # pitch > 0 looks down
        ((0, 0, 90), (0, 1, 0), (-1, 0, 0)),  # roll > 0 tips the crown to the subject's right
    ],
)
def test_euler_signs_are_the_spec_s(
    angles: tuple[float, float, float], point: tuple[float, float, float], expected: tuple[float, float, float]
) -> None:
    """Positive angles turn the way that the control spec says."""
    np.testing.assert_allclose(rotation_from_euler(*angles) @ np.array(point), expected, atol=1e-6)


# The figure


def test_parents_stand_before_their_children() -> None:
    """Kinematics may walk the bones once, in order."""
    assert PARENT[0] == -1
    assert all(parent < bone for bone, parent in enumerate(PARENT))
    assert PARENT.count(-1) == 1


def test_t_pose_moves_nothing() -> None:
    """Zero everywhere is the rest pose."""
    np.testing.assert_allclose(
        forward_kinematics(T_POSE, FIGURE), np.tile(np.eye(4, dtype=np.float32), (len(BONES), 1, 1)), atol=1e-6
    )


@given(control_vectors())
def test_bones_keep_their_lengths(vector: ControlVector) -> None:
    """However a figure is posed, its bones are rigid."""
    joints = posed_joints(forward_kinematics(vector, FIGURE), FIGURE)
    for bone, parent in enumerate(PARENT):
        if parent >= 0:
            rest = np.linalg.norm(FIGURE.joints[bone] - FIGURE.joints[parent])
            assert np.linalg.norm(joints[bone] - joints[parent]) == pytest.approx(rest, abs=1e-5)


@given(control_vectors())
def test_bone_rotations_are_rotations(vector: ControlVector) -> None:
    """No control can scale or mirror a bone."""
    rotations = bone_rotations(vector).astype(np.float64)
    np.testing.assert_allclose(
        rotations @ np.swapaxes(rotations, 1, 2), np.tile(np.eye(3), (len(BONES), 1, 1)), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0, atol=1e-5)


@given(control_vectors())
def test_mirrored_controls_pose_the_mirror_image(vector: ControlVector) -> None:
    """Mirroring the controls or the figure's joints is the same."""
    joints = posed_joints(forward_kinematics(vector, FIGURE), FIGURE)
    mirror = posed_joints(forward_kinematics(mirrored(vector), FIGURE), FIGURE)
    for index, bone in enumerate(BONES):
        other = bone
        for side, opposite in (SIDES, SIDES[::-1]):
            if bone.startswith(side):
                other = bone.replace(side, opposite)
        expected = joints[BONE_INDEX[other]] * np.array([-1, 1, 1])
        np.testing.assert_allclose(mirror[index], expected, atol=1e-4)


def test_posed_joints_match_their_skinning_matrices() -> None:
    """A joint moves as a point bound to its own bone, and also as one bound to its parent."""
    vector = controls({"left_upper_arm_z": 30, "left_elbow": 80, "head_yaw": 25, "torso_roll": 10})
    skinning = forward_kinematics(vector, FIGURE)
    joints = posed_joints(skinning, FIGURE)
    for bone, parent in enumerate(PARENT):
        if parent >= 0:
            rest = np.append(FIGURE.joints[bone], 1.0)
            np.testing.assert_allclose((skinning[parent] @ rest)[:3], joints[bone], atol=1e-5)


@pytest.mark.parametrize("prefix", ["head", "torso"])
def test_two_bones_together_make_the_whole_turn(prefix: str) -> None:
    """Neck and head (spine and chest) share a turn, and add up to it."""
    vector = T_POSE.copy()
    for axis, angle in (("yaw", 40.0), ("pitch", 15.0), ("roll", -20.0)):
        vector[INDEX[f"{prefix}_{axis}"]] = angle
    rotations = bone_rotations(vector)
    lower, upper = ("neck", "head") if prefix == "head" else ("spine", "chest")
    whole = rotations[BONE_INDEX[lower]] @ rotations[BONE_INDEX[upper]]
    np.testing.assert_allclose(whole, rotation_from_euler(40.0, 15.0, -20.0), atol=1e-5)


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_arm_controls_do_what_the_spec_says(side: str, sign: int) -> None:
    """Arms hang at -90, elbows bring the forearm forward, a half twist brings it up."""
    rest = posed()
    assert np.sign(rest[f"{side}_hand"][0]) == sign

    hanging = posed(**{f"{side}_upper_arm_z": -90})
    np.testing.assert_allclose(hanging[f"{side}_hand"][0], rest[f"{side}_upper_arm"][0], atol=1e-5)
    assert hanging[f"{side}_hand"][1] < rest[f"{side}_upper_arm"][1] - 0.4

    bent = posed(**{f"{side}_elbow": 90})
    assert bent[f"{side}_hand"][2] > rest[f"{side}_lower_arm"][2] + 0.2
    np.testing.assert_allclose(bent[f"{side}_hand"][0], rest[f"{side}_lower_arm"][0], atol=1e-5)

    raised = posed(**{f"{side}_shoulder_raise": 20})
    assert raised[f"{side}_upper_arm"][1] > rest[f"{side}_upper_arm"][1]


@pytest.mark.parametrize("side", SIDES)
def test_wrist_and_finger_controls_do_what_the_spec_says(side: str) -> None:
    """With the palm down: flexion and curl go down, deviation goes forward to the thumb, supination turns it up."""
    rest = posed()
    tip = f"{side}_middle_distal"
    assert posed(**{f"{side}_wrist_flexion": 40})[tip][1] < rest[tip][1] - 0.03
    assert posed(**{f"{side}_wrist_deviation": 30})[tip][2] > rest[tip][2] + 0.03
    assert posed(**{f"{side}_middle_curl": 1})[tip][1] < rest[tip][1] - 0.02
    # Thumb forward at rest; supinating brings the thumb side up.
    assert (
        posed(**{f"{side}_forearm_twist": 90})[f"{side}_index_proximal"][1] > rest[f"{side}_index_proximal"][1] + 0.015
    )


@pytest.mark.parametrize("side", SIDES)
def test_leg_controls_do_what_the_spec_says(side: str) -> None:
    """A knee bends backwards, and a hip flexes forwards with negative x."""
    rest = posed()
    assert posed(**{f"{side}_knee": 90})[f"{side}_foot"][2] < rest[f"{side}_foot"][2] - 0.3
    assert posed(**{f"{side}_upper_leg_x": -90})[f"{side}_foot"][2] > 0.5


def test_root_moves_in_hip_heights() -> None:
    """Half a hip height up is half the way from the floor to the hips."""
    moved = posed(root_x=1.0, root_y=0.5)
    np.testing.assert_allclose(moved["hips"], (0.9, 1.35, 0.0), atol=1e-6)
    np.testing.assert_allclose(moved["head"] - posed()["head"], (0.9, 0.45, 0.0), atol=1e-6)


def test_proportions_of_another_shape_are_refused() -> None:
    """A skeleton with other bones says what it got and what was expected."""
    with pytest.raises(ValueError, match=r"got shape \(3, 3\), expected"):
        Proportions(
            joints=FIGURE.joints[:3],
            left_eye=FIGURE.left_eye,
            right_eye=FIGURE.right_eye,
            mouth=FIGURE.mouth,
            head_top=1.6,
        )

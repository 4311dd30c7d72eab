"""Node constraints: roll, aim and rotation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from engines.controls import ControlVector, controls
from engines.errors import AvatarError
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.joints import joint_matrices
from engines.studio.spring_simulation import settled
from tests.fakes.swinging import constrain, document_with_chain, load, node_of, springs_0

F64 = npt.NDArray[np.float64]

#: Half a turn about +Y: from the file's axes to the canonical ones.
TURN = np.diag([-1.0, 1.0, -1.0])
RAISED = {"left_upper_arm_x": 0.0, "left_upper_arm_y": 0.0, "left_upper_arm_z": 0.0, "left_elbow": 0.0}


def _turn(avatar: Avatar, vector: ControlVector, name: str = "strand 0") -> F64:
    turns = settled(avatar, vector)
    return np.asarray(turns[avatar.joints.names.index(name) - len(BONES)], np.float64)


def _degrees(matrix: npt.NDArray[Any]) -> float:
    return float(np.degrees(Rotation.from_matrix(matrix).magnitude()))


@pytest.mark.parametrize("weight", [1.0, 0.5, 0.0])
def test_rotation_constraint_turns_by_its_sources_turn(tmp_path: Path, weight: float) -> None:
    """A joint below the head turns as the lower arm does against its parent, by the constraint's weight."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "rotation", "leftLowerArm", weight=weight)
    avatar = load(document, binary, tmp_path)
    turn = _turn(avatar, controls(RAISED | {"left_elbow": 80.0, "left_forearm_twist": 0.0}))
    assert _degrees(turn) == pytest.approx(80.0 * weight, abs=0.01)
    # The elbow bends about -Y; both nodes' axes are parallel.
    np.testing.assert_allclose(turn[:, 1], [0, 1, 0], atol=1e-6)
    assert turn[0, 2] <= 0.0


def test_rotation_constraint_counts_in_each_nodes_own_axes(tmp_path: Path) -> None:
    """A turn about the source's x is one about the joint's own x, wherever that points."""
    document, binary = document_with_chain()
    strand = document["nodes"][node_of(document, "strand 0")]
    matrix = np.array(strand.pop("matrix")).reshape(4, 4).T
    strand["translation"] = matrix[:3, 3].tolist()
    strand["rotation"] = Rotation.from_euler("z", 90, degrees=True).as_quat().tolist()  # its x points up
    constrain(document, "strand 0", "rotation", "leftLowerArm")
    avatar = load(document, binary, tmp_path)
    vector = controls(RAISED | {"left_forearm_twist": 60.0})
    bones = forward_kinematics(vector, avatar.proportions)[:, :3, :3].astype(np.float64)
    delta = bones[BONE_INDEX["left_upper_arm"]].T @ bones[BONE_INDEX["left_lower_arm"]]
    own = TURN @ Rotation.from_euler("z", 90, degrees=True).as_matrix()
    np.testing.assert_allclose(_turn(avatar, vector), own @ (TURN.T @ delta @ TURN) @ own.T, atol=1e-6)


@pytest.mark.parametrize(("axis", "degrees"), [("X", 40.0), ("Y", 0.0), ("Z", 0.0)])
def test_roll_constraint_takes_the_roll_about_its_axis(tmp_path: Path, axis: str, degrees: float) -> None:
    """Of a twisted forearm only the turn about the arm is handed on, by its weight."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "roll", "leftLowerArm", rollAxis=axis, weight=0.5)
    avatar = load(document, binary, tmp_path)
    vector = controls(RAISED | {"left_forearm_twist": 80.0})
    bones = forward_kinematics(vector, avatar.proportions)[:, :3, :3]
    twist = _degrees(bones[BONE_INDEX["left_upper_arm"]].T @ bones[BONE_INDEX["left_lower_arm"]])
    assert _degrees(_turn(avatar, vector)) == pytest.approx(twist * 0.5 if degrees else 0.0, abs=0.01)


def test_roll_constraint_leaves_the_swing_out(tmp_path: Path) -> None:
    """A bend across the roll axis hands nothing on."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "roll", "leftLowerArm", rollAxis="X")
    avatar = load(document, binary, tmp_path)
    assert _degrees(_turn(avatar, controls(RAISED | {"left_elbow": 70.0, "left_forearm_twist": 0.0}))) < 0.01


@pytest.mark.parametrize(
    ("axis", "own"),
    [
        ("PositiveX", [1, 0, 0]),
        ("NegativeX", [-1, 0, 0]),
        ("PositiveY", [0, 1, 0]),
        ("NegativeY", [0, -1, 0]),
        ("PositiveZ", [0, 0, 1]),
        ("NegativeZ", [0, 0, -1]),
    ],
)
def test_aim_constraint_points_its_axis_at_its_source(tmp_path: Path, axis: str, own: list[float]) -> None:
    """The joint's axis points from the joint to the hand, however head and arm are turned."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "aim", "leftHand", aimAxis=axis)
    avatar = load(document, binary, tmp_path)
    vector = controls({"head_yaw": 30.0, "head_roll": -20.0, "left_elbow": 60.0})
    bones = forward_kinematics(vector, avatar.proportions)
    matrices = joint_matrices(avatar.joints, bones, settled(avatar, vector)).astype(np.float64)
    joint = avatar.joints.names.index("strand 0")
    place = (matrices[joint] @ [*avatar.joints.rest[joint, :3, 3], 1.0])[:3]
    hand = (matrices[BONE_INDEX["left_hand"]] @ [*avatar.proportions.joints[BONE_INDEX["left_hand"]], 1.0])[:3]
    pointed = matrices[joint, :3, :3] @ TURN @ np.array(own)
    np.testing.assert_allclose(pointed, (hand - place) / np.linalg.norm(hand - place), atol=1e-5)


def test_aim_constraint_weight_is_a_part_of_the_way(tmp_path: Path) -> None:
    """At half its weight an aim turns half as far."""
    angles = []
    for weight in (1.0, 0.5):
        document, binary = document_with_chain()
        constrain(document, "strand 0", "aim", "leftHand", aimAxis="NegativeY", weight=weight)
        angles.append(_degrees(_turn(load(document, binary, tmp_path), controls())))
    assert angles[0] > 10.0
    assert angles[1] == pytest.approx(angles[0] / 2, abs=0.01)


def test_constraints_are_worked_out_after_their_sources(tmp_path: Path) -> None:
    """A joint that follows one that follows the arm turns as the arm does in the same pose."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "rotation", "strand 2")
    document["nodes"][node_of(document, "strand 0")]["children"] = []
    document["nodes"][node_of(document, "head")]["children"] += [node_of(document, f"strand {i}") for i in (1, 2)]
    document["nodes"][node_of(document, "strand 1")]["children"] = []
    constrain(document, "strand 2", "rotation", "leftLowerArm")
    avatar = load(document, binary, tmp_path)
    vector = controls(RAISED | {"left_elbow": 50.0, "left_forearm_twist": 0.0})
    assert [avatar.joints.names[constraint.joint] for constraint in avatar.constraints] == ["strand 2", "strand 0"]
    assert _degrees(_turn(avatar, vector)) == pytest.approx(50.0, abs=0.01)


def test_constraints_win_over_springs(tmp_path: Path) -> None:
    """A joint that has both obeys its constraint."""
    document, binary = document_with_chain()
    springs_0(document, gravityPower=1.0)
    constrain(document, "strand 0", "rotation", "leftLowerArm")
    avatar = load(document, binary, tmp_path)
    vector = controls(RAISED | {"left_elbow": 50.0, "left_forearm_twist": 0.0})
    assert _degrees(_turn(avatar, vector)) == pytest.approx(50.0, abs=0.01)
    assert _degrees(_turn(avatar, vector, "strand 1")) > 1.0


def test_constraints_of_a_joint_between_bones_see_the_bone_turn(tmp_path: Path) -> None:
    """A twist joint that carries the hand rolls with it, and the hand still goes where the pose puts it."""
    document, binary = document_with_chain()
    twist, hand = node_of(document, "strand 1"), node_of(document, "leftHand")
    arm = document["nodes"][node_of(document, "leftLowerArm")]
    document["nodes"][node_of(document, "strand 0")]["children"] = []
    document["nodes"][twist] |= {"translation": [0.0, 0.0, 0.0], "children": [hand]}
    arm["children"] = [twist if child == hand else child for child in arm["children"]]
    constrain(document, "strand 1", "rotation", "leftHand", weight=0.5)
    avatar = load(document, binary, tmp_path)
    vector = controls(RAISED | {"left_forearm_twist": 0.0, "left_wrist_flexion": 40.0})
    assert _degrees(_turn(avatar, vector, "strand 1")) == pytest.approx(20.0, abs=0.01)


def test_constraints_in_a_circle_are_refused(tmp_path: Path) -> None:
    """Joints that follow each other are named; so is one that follows what hangs on it."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", "rotation", "strand 2")
    with pytest.raises(AvatarError, match="node constraints wait for each other: strand 0"):
        load(document, binary, tmp_path)
    head, strands = document["nodes"][node_of(document, "head")], [node_of(document, f"strand {i}") for i in (0, 1, 2)]
    head["children"] += strands[1:]
    for strand in strands:
        document["nodes"][strand]["children"] = []
    constrain(document, "strand 2", "rotation", "strand 0")
    with pytest.raises(AvatarError, match="node constraints wait for each other: strand 0 and strand 2"):
        load(document, binary, tmp_path)


def test_constraints_on_humanoid_bones_are_left_out(tmp_path: Path) -> None:
    """The pose owns the humanoid bones."""
    document, binary = document_with_chain()
    constrain(document, "rightHand", "rotation", "leftHand")
    assert load(document, binary, tmp_path).constraints == ()


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("roll", {"rollAxis": "W"}, "axis 'W', expected one of"),
        ("aim", {}, "axis None, expected one of"),
        ("rotation", {"weight": float("nan")}, "weight: got nan, expected a finite number"),
        ("rotation", {"source": 999}, "source 999 of"),
    ],
)
def test_constraints_that_cannot_be_used_are_refused(
    tmp_path: Path, kind: str, values: dict[str, Any], message: str
) -> None:
    """A constraint that says nothing usable is named with its node."""
    document, binary = document_with_chain()
    constrain(document, "strand 0", kind, "head", **values)
    with pytest.raises(AvatarError, match=message):
        load(document, binary, tmp_path)

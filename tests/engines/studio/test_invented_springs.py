"""Springs for files that bring none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import ControlVector, controls
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.colliders import distances
from engines.studio.joints import joint_matrices
from engines.studio.spring_simulation import SpringSimulation, settled
from tests.fakes.swinging import BACK, document_with_chain, load, node_of

T_POSE = {f"{side}_{part}": 0.0 for side in ("left", "right") for part in ("upper_arm_z", "upper_arm_x", "elbow")}


def _called(name: str, tmp_path: Path, step: tuple[float, float, float] = BACK) -> Avatar:
    document, binary = document_with_chain(step=step)
    document["nodes"][node_of(document, "strand 0")]["name"] = name
    return load(document, binary, tmp_path)


def _degrees(turns: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    trace = np.einsum("nii->n", turns.astype(np.float64))
    return np.asarray(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def _depths(avatar: Avatar, vector: ControlVector, turns: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return how deep each tail lies in its deepest collider, metres, 0 where in none."""
    matrices = joint_matrices(avatar.joints, forward_kinematics(vector, avatar.proportions), turns).astype(np.float64)
    springs, bodies = avatar.springs, avatar.springs.colliders

    def moved(joints: npt.NDArray[np.int64], points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        turned = np.einsum("nij,nj->ni", matrices[joints, :3, :3], points)
        return np.asarray(turned + matrices[joints, :3, 3])

    start, end = moved(bodies.joint, bodies.start), moved(bodies.joint, bodies.end)
    tails, which = moved(springs.joint, springs.tail), springs.collides
    side = np.zeros(which.shape, np.int64)
    distance, _ = distances(tails[:, None], start[which], end[which], side, springs.reach)
    return np.asarray(np.maximum(-distance.min(axis=1), 0.0))


def test_invented_springs_hold_the_files_shape(tmp_path: Path) -> None:
    """Upright, in the pose of the file, nothing hangs otherwise than the file has it."""
    avatar = _called("hair", tmp_path)
    assert avatar.springs.invented
    assert len(avatar.springs) == 3
    assert _degrees(settled(avatar, controls(T_POSE))).max() < 0.1


def test_invented_springs_hang_when_the_head_tilts(tmp_path: Path) -> None:
    """Of what hangs, each joint hangs straighter down than the one before when the head leans to a side."""
    avatar, vector = _called("tail", tmp_path, step=(0.0, -0.1, 0.0)), controls({"head_roll": 40.0})
    bones = forward_kinematics(vector, avatar.proportions)
    matrices = joint_matrices(avatar.joints, bones, settled(avatar, vector))
    lean = [float(matrix[0, 1]) for matrix in (bones[BONE_INDEX["head"]], *matrices[avatar.springs.joint])]
    assert abs(lean[0]) > 0.5
    assert all(abs(after) < abs(before) * 0.95 for before, after in pairwise(lean[:-1]))


@pytest.mark.parametrize(("name", "fewest"), [("gene", 40), ("alicechan", 60), ("unitykun", 6), ("seedsan", 20)])
def test_invented_springs_of_real_avatars(real_avatar: Callable[[str], Avatar], name: str, fewest: int) -> None:
    """Files without springs get some; at rest as in the file nothing is pushed or hangs."""
    avatar = real_avatar(name)
    assert avatar.springs.invented
    assert len(avatar.springs) >= fewest
    assert (avatar.springs.joint >= len(BONES)).all()
    vector = controls({**T_POSE, **dict.fromkeys(("head_pitch", "torso_pitch"), 0.0)})
    assert np.quantile(_degrees(settled(avatar, vector)), 0.9) < 3.0


@pytest.mark.parametrize("name", ["victoria_rubin", "vita", "vivi", "darkness_shibu"])
def test_invented_springs_are_none_where_the_file_has_some(real_avatar: Callable[[str], Avatar], name: str) -> None:
    """A file's own springs are taken as they are."""
    assert not real_avatar(name).springs.invented


@pytest.mark.parametrize("name", ["gene", "alicechan"])
def test_invented_springs_stay_out_of_the_body_in_motion(real_avatar: Callable[[str], Avatar], name: str) -> None:
    """While head and torso swing hard, nothing blows up and hardly a tail is in the body."""
    avatar = real_avatar(name)
    simulation = SpringSimulation(avatar)
    for frame in range(90):
        time = frame / 30
        vector = controls(
            {"head_yaw": 40 * np.sin(8 * time), "head_roll": 20 * np.sin(5 * time), "torso_yaw": 25 * np.sin(4 * time)}
        )
        turns = simulation.step(vector, 1 / 30)
        assert np.isfinite(turns).all()
        assert np.quantile(_depths(avatar, vector, turns), 0.95) < 0.01


def test_body_shape_is_the_size_of_the_body(real_avatar: Callable[[str], Avatar]) -> None:
    """The head's sphere, the trunk and the limbs are as thick as such a figure's."""
    bodies = real_avatar("alicechan").springs.colliders
    by_bone = {BONES[joint]: float(bodies.radius[bodies.joint == joint].max()) for joint in bodies.joint.tolist()}
    assert 0.06 < by_bone["head"] < 0.13
    assert 0.02 < by_bone["neck"] < 0.07
    assert 0.04 < by_bone["chest"] < 0.15
    assert 0.02 < by_bone["left_upper_arm"] < 0.08
    assert 0.04 < by_bone["right_upper_leg"] < 0.12

"""Springs over time and at rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import ControlVector, controls
from engines.skeleton import BONE_INDEX, BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.colliders import distances
from engines.studio.joints import joint_matrices
from engines.studio.spring_simulation import SpringSimulation, settled
from tests.fakes.swinging import collide_1, document_with_chain, load, node_of, springs_0, springs_1

F64 = npt.NDArray[np.float64]
STRAIGHT = {f"{side}_{part}": 0.0 for side in ("left", "right") for part in ("upper_arm_z", "elbow")}


def _avatar(folder: Path, **values: Any) -> Avatar:
    document, binary = document_with_chain()
    springs_0(document, **values)
    return load(document, binary, folder)


def _shake(frame: int, hz: float) -> ControlVector:
    time = frame / hz
    return controls({"head_yaw": 40 * np.sin(7 * time), "head_roll": 20 * np.sin(5 * time), "root_x": 0.1 * time})


def _tails(avatar: Avatar, vector: ControlVector, turns: npt.NDArray[np.float32]) -> F64:
    matrices = joint_matrices(avatar.joints, forward_kinematics(vector, avatar.proportions), turns)
    tails = np.concatenate([avatar.springs.tail, np.ones((len(avatar.springs), 1))], axis=1)
    return np.asarray(np.einsum("nij,nj->ni", matrices[avatar.springs.joint], tails)[:, :3], np.float64)


def _angles(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> F64:
    trace = np.einsum("nij,nij->n", first.astype(np.float64), second.astype(np.float64))
    return np.asarray(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def test_step_pendulum_comes_to_hang(tmp_path: Path) -> None:
    """Without stiffness a chain that starts level ends below its root, along gravity."""
    avatar = _avatar(tmp_path, stiffiness=0.0, gravityPower=0.5, dragForce=0.2)
    simulation, vector = SpringSimulation(avatar), controls()
    simulation.step(vector, 1 / 60)
    for _ in range(300):
        turns = simulation.step(controls({"head_yaw": 30}), 1 / 60)
    tails = _tails(avatar, controls({"head_yaw": 30}), turns)
    np.testing.assert_allclose(tails[:, [0, 2]], 0.0, atol=1e-3)
    np.testing.assert_allclose(tails[:, 1], [1.5, 1.4, 1.33], atol=2e-3)


def test_step_stiffness_brings_the_rest_back(tmp_path: Path) -> None:
    """After a shake, a chain without gravity goes back to where it follows its bone."""
    avatar = _avatar(tmp_path)
    simulation = SpringSimulation(avatar)
    moved = [_angles(simulation.step(_shake(frame, 60), 1 / 60), _still(avatar)).max() for frame in range(60)]
    assert max(moved) > 5.0
    for _ in range(180):
        turns = simulation.step(controls(), 1 / 60)
    assert _angles(turns, _still(avatar)).max() < 0.1


def _still(avatar: Avatar) -> npt.NDArray[np.float32]:
    return np.tile(np.eye(3, dtype=np.float32), (len(avatar.joints) - len(BONES), 1, 1))


def test_step_agrees_with_the_reference_written_out(tmp_path: Path) -> None:
    """At 60 frames per second the motion is that of the specification's algorithm, joint by joint."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.6, gravityPower=0.3, dragForce=0.25, hitRadius=0.03, colliderGroups=[0])
    ball = {"offset": {"x": 0.02, "y": 0.02, "z": -0.2}, "radius": 0.08}
    group = {"node": node_of(document, "head"), "colliders": [ball]}
    document["extensions"]["VRM"]["secondaryAnimation"]["colliderGroups"] = [group]
    avatar = load(document, binary, tmp_path)
    springs, simulation, vector = avatar.springs, SpringSimulation(avatar), _shake(0, 60)
    turns = simulation.reset(vector)
    now = _tails(avatar, vector, turns)
    before, touched = now.copy(), 0
    for frame in range(1, 90):
        vector = _shake(frame, 60)
        turns = simulation.step(vector, 1 / 60)
        bones = forward_kinematics(vector, avatar.proportions).astype(np.float64)
        parent = bones[BONE_INDEX["head"]]
        following = now.copy()
        ball_place = (parent @ [*springs.colliders.start[0], 1.0])[:3]
        for row, joint in enumerate(springs.joint):
            place = avatar.joints.rest[joint, :3, 3]
            head, axis = (parent @ [*place, 1.0])[:3], springs.tail[row] - place
            length = np.linalg.norm(axis)
            tail = now[row] + (now[row] - before[row]) * (1 - springs.drag[row])
            tail = tail + parent[:3, :3] @ axis / length * springs.stiffness[row] / 60 + springs.gravity[row] / 60
            tail = head + (tail - head) / np.linalg.norm(tail - head) * length
            away = tail - ball_place
            if np.linalg.norm(away) < 0.08 + 0.03:
                touched += 1
                tail = ball_place + away / np.linalg.norm(away) * (0.08 + 0.03)
                tail = head + (tail - head) / np.linalg.norm(tail - head) * length
            following[row] = tail
            towards = parent[:3, :3].T @ (tail - head) / length
            turn = _smallest(axis / length, towards)
            after = parent.copy()
            after[:3, :3] = parent[:3, :3] @ turn
            after[:3, 3] = head - after[:3, :3] @ place
            parent = after
        before, now = now, following
        np.testing.assert_allclose(_tails(avatar, vector, turns), now, atol=2e-6)
    assert touched > 5


def _smallest(start: F64, end: F64) -> F64:
    x, y, z = np.cross(start, end)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + start @ end))


def test_step_same_clip_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two simulations of one clip end in the same bytes, and so does one that is reset."""
    avatar = _avatar(tmp_path, gravityPower=0.2)
    first, second = SpringSimulation(avatar), SpringSimulation(avatar)
    second.step(controls({"head_yaw": 50}), 1 / 30)
    second.step(controls({"head_yaw": -50}), 1 / 30)
    second.reset(_shake(0, 30))
    first.reset(_shake(0, 30))
    for frame in range(1, 60):
        assert first.step(_shake(frame, 30), 1 / 30).tobytes() == second.step(_shake(frame, 30), 1 / 30).tobytes()


@pytest.mark.parametrize("hz", [24, 25, 30, 100, 120])
def test_step_other_frame_rates_move_alike(tmp_path: Path, hz: int) -> None:
    """Clips of other rates differ from one of 60 frames per second by a few degrees on the way."""
    avatar = _avatar(tmp_path, stiffiness=0.6, gravityPower=0.2, dragForce=0.3)

    def at_seconds(rate: int) -> list[npt.NDArray[np.float32]]:
        simulation = SpringSimulation(avatar)
        turns = [simulation.reset(_shake(0, rate))]
        turns += [simulation.step(_shake(frame, rate), 1 / rate) for frame in range(1, 3 * rate + 1)]
        return turns[::rate]

    for ours, reference in zip(at_seconds(hz), at_seconds(60), strict=True):
        assert _angles(ours, reference).max() < 5.0


def test_step_collider_keeps_the_tail_outside(tmp_path: Path) -> None:
    """A chain that would hang in a ball comes to rest on it."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.0, gravityPower=0.3, hitRadius=0.02, colliderGroups=[0])
    ball = {"offset": {"x": 0.0, "y": 0.08, "z": -0.03}, "radius": 0.06}  # where the first tail would hang
    group = {"node": node_of(document, "head"), "colliders": [ball]}
    document["extensions"]["VRM"]["secondaryAnimation"]["colliderGroups"] = [group]
    avatar = load(document, binary, tmp_path)
    simulation, vector = SpringSimulation(avatar), controls()
    for _ in range(120):
        turns = simulation.step(vector, 1 / 60)
    distance = np.linalg.norm(_tails(avatar, vector, turns) - avatar.springs.colliders.start[0], axis=1)
    assert distance.min() > 0.08 - 0.003
    assert distance.min() < 0.09
    assert _angles(turns, settled(avatar, vector)).max() < 2.0


@pytest.mark.parametrize(
    ("shape", "extended"),
    [
        ({"capsule": {"offset": [-0.2, 0.08, 0.03], "tail": [0.2, 0.08, 0.03], "radius": 0.06}}, False),
        ({"plane": {"offset": [0, 0.1, 0], "normal": [0, 1, 0]}}, True),
        ({"sphere": {"offset": [0, 0.18, 0], "radius": 0.15, "inside": True}}, True),
    ],
)
def test_settled_stays_out_of_every_shape(tmp_path: Path, shape: dict[str, Any], extended: bool) -> None:
    """What would hang in a capsule, below a plane or out of a sphere that holds it, is kept out of there.

    The algorithm pushes once per step: what gravity adds in a step, 5 mm here, remains.
    """
    document, binary = document_with_chain()
    extension = springs_1(document, stiffness=0.03, gravityPower=0.3, hitRadius=0.02)
    free = load(document, binary, tmp_path)
    collide_1(extension, node_of(document, "head"), shape, extended=extended)
    avatar, vector = load(document, binary, tmp_path), controls()

    def nearest(turns: npt.NDArray[np.float32]) -> float:
        bodies, tails = avatar.springs.colliders, _tails(avatar, vector, turns)[:, None]
        return float(distances(tails, bodies.start, bodies.end, bodies.side, avatar.springs.reach)[0].min())

    held = settled(avatar, vector)
    assert nearest(settled(free, vector)) < -0.02
    assert nearest(held) > -0.005
    simulation = SpringSimulation(avatar)
    for _ in range(240):
        turns = simulation.step(vector, 1 / 60)
    assert _angles(turns, held).max() < 2.0


def test_step_centre_does_not_see_its_own_motion(tmp_path: Path) -> None:
    """A chain whose centre is the head stays still against it, however the head moves."""
    document, binary = document_with_chain()
    springs_1(document, center="head", stiffness=0.5)
    avatar = load(document, binary, tmp_path)
    simulation = SpringSimulation(avatar)
    turns = [simulation.step(_shake(frame, 60), 1 / 60) for frame in range(60)]
    assert max(_angles(turn, _still(avatar)).max() for turn in turns) < 0.1


def test_step_pauses_and_wrong_times(tmp_path: Path) -> None:
    """After a long pause all is at rest; time does not run backwards."""
    avatar = _avatar(tmp_path)
    simulation = SpringSimulation(avatar)
    simulation.step(controls(), 1 / 60)
    simulation.step(controls({"head_yaw": 60}), 1 / 60)
    assert _angles(simulation.step(controls({"head_yaw": -60}), 5.0), _still(avatar)).max() < 0.1
    for dt_s in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="dt_s: got"):
            simulation.step(controls(), dt_s)


def test_settled_lies_along_the_sum_of_its_forces(tmp_path: Path) -> None:
    """At rest the first joint points where stiffness and gravity together pull."""
    avatar = _avatar(tmp_path, stiffiness=0.5, gravityPower=0.5)
    vector = controls()
    tail = _tails(avatar, vector, settled(avatar, vector))[0]
    np.testing.assert_allclose(tail - [0, 1.6, 0], np.array([0, -1, -1]) / np.sqrt(2) * 0.1, atol=1e-4)


def test_settled_without_springs_is_empty(boxes: Avatar) -> None:
    """The synthetic avatar's hair alone swings, by its name; the shape says how many joints there are."""
    assert settled(boxes, controls()).shape == (len(boxes.joints) - len(BONES), 3, 3)


@pytest.mark.parametrize("name", ["victoria_rubin", "vita", "vivi", "darkness_shibu", "gene", "alicechan"])
def test_settled_real_avatars_agree_with_long_simulation(real_avatar: Callable[[str], Avatar], name: str) -> None:
    """After a second of turning and two of rest, nearly all joints are where still pictures put them.

    Hair that lies against shoulders may rest on either side of them; that is the rest of the joints.
    """
    avatar = real_avatar(name)
    for pose in ({"head_yaw": 30.0, "head_roll": 15.0}, {"head_pitch": 25.0}, {"torso_pitch": 15.0, "head_yaw": -35.0}):
        simulation = SpringSimulation(avatar)
        for frame in range(1, 61):
            simulation.step(controls({key: value * frame / 60 for key, value in pose.items()}), 1 / 60)
        for _ in range(120):
            turns = simulation.step(controls(pose), 1 / 60)
        angles = _angles(turns, settled(avatar, controls(pose)))
        assert np.isfinite(turns).all()
        assert np.quantile(angles, 0.95) < 2.0

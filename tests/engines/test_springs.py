"""Hair and cloth at run time, held against the studio's springs, which say the same in another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines import hanging
from engines.controls import ControlVector, controls
from engines.hanging import HangingJoints
from engines.skeleton import BONES, forward_kinematics
from engines.springs import MAX_STEP_S, MIN_STEP_S, Swinging, settled
from engines.studio import spring_simulation
from engines.studio.avatar import Avatar
from engines.studio.hanging_joints import hanging_joints
from engines.studio.joints import joint_matrices
from engines.studio.sampling import sample_controls
from tests.engines.studio.conftest import real_avatar  # noqa: F401 - a fixture
from tests.fakes.swinging import collide_1, constrain, document_with_chain, load, node_of, springs_0, springs_1

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: What single precision in the file costs; both calculate in double precision.
FAKE_M = 1e-5
#: Chains of ten joints carry what rounding does from link to link.
REAL_M = 5e-5
AVATARS = ("alicechan", "darkness_shibu", "gene", "seedsan", "unitykun", "victoria_rubin", "vita", "vivi")
SHAPES: Mapping[str, dict[str, Any]] = {
    "sphere": {"sphere": {"offset": [0.03, 0.05, 0.2], "radius": 0.12}},
    "capsule": {"capsule": {"offset": [-0.1, 0.02, 0.2], "tail": [0.2, 0.05, 0.22], "radius": 0.1}},
    "inside a sphere": {"sphere": {"offset": [0.0, 0.1, 0.1], "radius": 0.16, "inside": True}},
    "inside a capsule": {"capsule": {"offset": [0, 0, 0], "tail": [0, 0.2, 0.1], "radius": 0.1, "inside": True}},
    "small sphere": {"sphere": {"offset": [0.02, -0.08, 0.25], "radius": 0.05}},
    "plane": {"plane": {"offset": [0, 0.1, 0], "normal": [0.2, 1.0, 0.1]}},
}
SOFT: dict[str, Any] = {"stiffness": 0.4, "gravityPower": 0.5, "dragForce": 0.3, "hitRadius": 0.03}


def _colliding(folder: Path, shape: str, node: str = "head", center: str | None = None) -> Avatar:
    document, binary = document_with_chain(links=5)
    extension = springs_1(document, center=center, **SOFT)
    collide_1(extension, node_of(document, node), SHAPES[shape], extended="inside" in shape or shape == "plane")
    return load(document, binary, folder)


def _constrained(folder: Path, kind: str, **values: Any) -> Avatar:
    document, binary = document_with_chain(links=5)
    springs_1(document, **SOFT)
    constrain(document, "strand 0", kind, "leftLowerArm", **values)
    constrain(document, "strand 3", kind, "strand 1", **values)
    return load(document, binary, folder)


def _limited(folder: Path) -> Avatar:
    avatar = _colliding(folder, "sphere")
    limits = np.cos(np.radians(np.linspace(5, 60, len(avatar.springs))))
    return replace(avatar, springs=replace(avatar.springs, widest_cos=limits))


FAKES: Mapping[str, Callable[[Path], Avatar]] = {
    **{shape: lambda folder, shape=shape: _colliding(folder, shape) for shape in SHAPES if shape != "small sphere"},  # type: ignore[misc]
    "rides on a spring": lambda folder: _colliding(folder, "small sphere", node="strand 0"),
    "against a centre": lambda folder: _colliding(folder, "capsule", center="chest"),
    "limited": _limited,
    "rolls": lambda folder: _constrained(folder, "roll", rollAxis="X", weight=0.7),
    "aims": lambda folder: _constrained(folder, "aim", aimAxis="NegativeY", weight=0.4),
    "turns": lambda folder: _constrained(folder, "rotation", weight=0.5),
}


def _stored(avatar: Avatar) -> HangingJoints:
    """Return an avatar's joints as they come out of a file."""
    return hanging.from_arrays(hanging.to_arrays(hanging_joints(avatar)))


def _places(avatar: Avatar, vector: ControlVector, turns: F32) -> F64:
    """Return where joints and tails are."""
    matrices = joint_matrices(avatar.joints, forward_kinematics(vector, avatar.proportions), turns).astype(np.float64)
    matrices = np.concatenate([matrices, matrices[avatar.springs.joint]])
    rest = np.concatenate([avatar.joints.rest[:, :3, 3], avatar.springs.tail])
    return np.asarray(np.einsum("nij,nj->ni", matrices[:, :3, :3], rest) + matrices[:, :3, 3])


def _poses(avatar: Avatar, count: int) -> list[ControlVector]:
    rng = np.random.default_rng(4)
    return [sample_controls(rng, avatar.proportions, "full" if n % 2 else "portrait") for n in range(count)]


def _settles_alike(avatar: Avatar, poses: list[ControlVector], tolerance: float) -> float:
    """Check that both settle alike, and return how far the studio's turns move anything."""
    joints, moved = _stored(avatar), 0.0
    for vector in poses:
        got = settled(joints, forward_kinematics(vector, avatar.proportions))
        want = spring_simulation.settled(avatar, vector)
        places, still = _places(avatar, vector, want), _places(avatar, vector, _still(avatar))
        assert got.dtype == np.float32
        assert np.abs(_places(avatar, vector, got) - places).max() < tolerance
        moved = max(moved, float(np.abs(places - still).max()))
    return moved


def _still(avatar: Avatar) -> F32:
    return np.tile(np.eye(3, dtype=np.float32), (len(avatar.joints) - len(BONES), 1, 1))


def _clip(avatar: Avatar) -> list[tuple[ControlVector, float]]:
    """Return two seconds between three poses, at 30 frames per second with some of them missing."""
    poses, frames = _poses(avatar, 3), []
    seconds = np.delete(np.arange(60) / 30, [7, 20, 21, 22, 40])
    for before, now in zip(np.concatenate([[-1 / 30], seconds]), seconds, strict=False):
        first, part = min(int(now), 1), 0.5 - 0.5 * np.cos(np.pi * (now % 1.0))
        frames.append(((poses[first] * (1 - part) + poses[first + 1] * part).astype(np.float32), float(now - before)))
    return frames


def _swings_alike(avatar: Avatar, joints: HangingJoints, tolerance: float) -> None:
    swinging, simulation = Swinging(joints), spring_simulation.SpringSimulation(avatar)
    for vector, dt_s in _clip(avatar):
        got = swinging.step(forward_kinematics(vector, avatar.proportions), dt_s)
        want = simulation.step(vector, dt_s)
        assert np.abs(_places(avatar, vector, got) - _places(avatar, vector, want)).max() < tolerance


@pytest.mark.parametrize("kind", FAKES)
def test_settled_fake_hangs_as_in_the_studio(tmp_path: Path, kind: str) -> None:
    """Every kind of collider, limit and constraint rests where the studio's does, within 0.01 mm."""
    avatar = FAKES[kind](tmp_path)
    assert _settles_alike(avatar, _poses(avatar, 10), FAKE_M) > 0.02


@pytest.mark.parametrize("kind", [kind for kind in FAKES if kind not in ("rolls", "aims", "turns")])
def test_settled_fakes_colliders_are_met(tmp_path: Path, kind: str) -> None:
    """What the fakes collide with is in their way, or these tests would say nothing."""
    avatar = FAKES[kind](tmp_path)
    joints = hanging_joints(avatar)
    nowhere = joints._replace(springs=joints.springs._replace(reach=joints.springs.reach - 9.0))
    if "inside" in kind:
        nowhere = joints._replace(springs=joints.springs._replace(reach=joints.springs.reach + 9.0))
    poses = [forward_kinematics(vector, avatar.proportions) for vector in _poses(avatar, 10)]
    assert max(np.abs(settled(joints, bones) - settled(nowhere, bones)).max() for bones in poses) > 0.1


@pytest.mark.parametrize("kind", FAKES)
def test_step_fake_swings_as_in_the_studio(tmp_path: Path, kind: str) -> None:
    """Every kind of collider, limit and constraint moves as the studio's does for two seconds."""
    avatar = FAKES[kind](tmp_path)
    _swings_alike(avatar, hanging_joints(avatar), FAKE_M)


def test_settled_first_generations_springs_hang_as_in_the_studio(tmp_path: Path) -> None:
    """Springs of VRM 0.x, without colliders and with nothing that pulls, stand as the studio's do."""
    document, binary = document_with_chain()
    springs_0(document, stiffiness=0.0)
    avatar = load(document, binary, tmp_path)
    _settles_alike(avatar, _poses(avatar, 4), FAKE_M)
    _swings_alike(avatar, _stored(avatar), FAKE_M)


@pytest.mark.parametrize("name", AVATARS)
def test_settled_real_avatars_hang_as_in_the_studio(name: str, real_avatar: Callable[[str], Avatar]) -> None:  # noqa: F811
    """Of 20 sampled poses, all joints and tails rest within 0.05 mm of where the studio has them."""
    avatar = real_avatar(name)
    assert _settles_alike(avatar, _poses(avatar, 20), REAL_M) > 0.01


@pytest.mark.parametrize("name", AVATARS)
def test_step_real_avatars_swing_as_in_the_studio(name: str, real_avatar: Callable[[str], Avatar]) -> None:  # noqa: F811
    """Over two seconds with missing frames, all joints and tails stay within 0.05 mm of the studio's."""
    avatar = real_avatar(name)
    _swings_alike(avatar, _stored(avatar), REAL_M)


@pytest.fixture
def chain(tmp_path: Path) -> Avatar:
    """Return an avatar with a soft chain and a ball that it lies on."""
    return _colliding(tmp_path, "sphere")


def _bones(avatar: Avatar, **values: float) -> F32:
    return forward_kinematics(controls(values), avatar.proportions)


def test_step_first_frame_and_one_after_a_pause_are_at_rest(chain: Avatar) -> None:
    """Nothing swings that has no past, and a second without frames makes the past forgotten."""
    joints = _stored(chain)
    swinging = Swinging(joints)
    assert np.array_equal(
        swinging.step(_bones(chain, head_yaw=30), 1 / 30), settled(joints, _bones(chain, head_yaw=30))
    )
    swung = swinging.step(_bones(chain, head_yaw=-30), 1 / 30)
    rest = settled(joints, _bones(chain, head_yaw=-30))
    assert np.abs(swung - rest).max() > 0.01
    assert np.array_equal(swinging.step(_bones(chain, head_yaw=-30), MAX_STEP_S + 0.1), rest)


def test_step_comes_to_rest_where_it_settles(tmp_path: Path) -> None:
    """After long enough in one pose, what swings hangs as a still picture has it."""
    document, binary = document_with_chain()
    springs_0(document, gravityPower=0.4)
    avatar = load(document, binary, tmp_path)
    joints = _stored(avatar)
    swinging, bones = Swinging(joints), _bones(avatar, head_roll=25)
    swinging.step(_bones(avatar, head_yaw=-40), 1 / 30)
    for _ in range(150):
        turns = swinging.step(bones, 1 / 30)
    np.testing.assert_allclose(turns, settled(joints, bones), atol=1e-3)


def test_step_wild_frame_times_stay_finite_and_bounded(chain: Avatar) -> None:
    """Jitter from none to a second, clocks that go back and leaping poses give rotations, and end at rest."""
    swinging, rng = Swinging(_stored(chain)), np.random.default_rng(0)
    poses = _poses(chain, 8)
    for dt_s in rng.choice([-0.1, 0.0, 1e-9, 1e-4, 1 / 300, 1 / 60, 1 / 30, 0.2, 0.99, 5.0], 400):
        turns = swinging.step(forward_kinematics(poses[rng.integers(8)], chain.proportions), float(dt_s))
        assert np.isfinite(turns).all()
        np.testing.assert_allclose(turns @ turns.swapaxes(1, 2), np.tile(np.eye(3), (len(turns), 1, 1)), atol=1e-5)
    for _ in range(200):
        turns = swinging.step(_bones(chain), 1 / 30)
    np.testing.assert_allclose(turns, swinging.reset(_bones(chain)), atol=0.02)


def test_step_moments_wait_for_each_other(chain: Avatar) -> None:
    """Frames that follow at once repeat the turns, and their time is made up for later."""
    joints = _stored(chain)
    hurried, steady = Swinging(joints), Swinging(joints)
    first = hurried.reset(_bones(chain, head_yaw=30))
    steady.reset(_bones(chain, head_yaw=30))
    part_s = MIN_STEP_S * 0.9
    assert np.array_equal(hurried.step(_bones(chain, head_yaw=20), part_s), first)
    late = hurried.step(_bones(chain, head_yaw=10), 1 / 60)
    assert np.array_equal(late, steady.step(_bones(chain, head_yaw=10), 1 / 60 + part_s))


def test_step_same_frames_give_the_same_bytes(chain: Avatar) -> None:
    """A session that is reset goes on as a new one does."""
    joints = _stored(chain)
    first, second = Swinging(joints), Swinging(joints)
    second.step(_bones(chain, head_yaw=50), 1 / 30)
    second.step(_bones(chain, head_yaw=-50), 1 / 30)
    first.reset(_bones(chain))
    second.reset(_bones(chain))
    for yaw in range(20):
        bones = _bones(chain, head_yaw=yaw)
        assert first.step(bones, 1 / 30).tobytes() == second.step(bones, 1 / 30).tobytes()


@pytest.mark.parametrize("dt_s", [float("nan"), float("inf")])
def test_step_time_that_is_none_is_refused(chain: Avatar, dt_s: float) -> None:
    """A frame must lie at some time."""
    with pytest.raises(ValueError, match="dt_s: got"):
        Swinging(_stored(chain)).step(_bones(chain), dt_s)


def test_step_pose_that_is_none_is_refused_and_forgotten(chain: Avatar) -> None:
    """A pose that is not a number is refused, and leaves nothing behind."""
    joints = _stored(chain)
    swinging, other = Swinging(joints), Swinging(joints)
    swinging.reset(_bones(chain))
    other.reset(_bones(chain))
    with pytest.raises(ValueError, match="finite numbers"):
        swinging.step(np.full((len(BONES), 4, 4), np.nan, np.float32), 1 / 30)
    bones = _bones(chain, head_yaw=10)
    assert np.array_equal(swinging.step(bones, 1 / 30), other.step(bones, 1 / 30))


def test_settled_without_further_joints_returns_no_turns(tmp_path: Path) -> None:
    """A character whose hair is stiff has nothing to turn."""
    document, binary = document_with_chain(links=1)
    avatar = load(document, binary, tmp_path)
    joints = _stored(avatar)
    free = len(joints.parents) - len(BONES)
    assert settled(joints, _bones(avatar)).shape == (free, 3, 3)
    assert Swinging(joints).step(_bones(avatar), 1 / 30).shape == (free, 3, 3)

"""From a performance to control vectors: the inverse of `engines.skeleton`, as near as the controls allow.

Spine and neck count as a whole: the torso is what lies between hips and chest, the head between chest and head.
The figure is set on the ground so that its lower ankle is where the source's is, on the mean body of
:mod:`engines.motion.body`: what stands does not slide.  Depth has no control (the camera is orthographic).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from engines.controls import FINGERS, HIGH, INDEX, LOW, NEUTRAL, SIDES, SPEC
from engines.motion.body import ANKLE, HIP, SHIN, THIGH
from engines.motion.continuity import unwrapped
from engines.motion.limbs import ArmControls, LegControls, curl, solve_arm, solve_leg
from engines.motion.performance import Performance
from engines.motion.rotation import about, from_euler, from_vectors, mirrored, to_euler, transposed
from engines.skeleton import BONES, FINGER_FLEXION_DEG, PARENT, THUMB_FLEXION_DEG

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: An ankle that is higher than the other by this, in hip heights, carries a third of what that one carries.
_LOAD_HEIGHT = 0.02
#: How slowly the root comes back to where the source has it.
_RETURN_S = 4.0
_PHALANGES = ("proximal", "intermediate", "distal")


def performance_controls(performance: Performance) -> F32:
    """Return the controls of every frame, float32 (T, len(SPEC)), inside their ranges."""
    frames = len(performance.root_x)
    world = _all_rotations(performance)
    values: dict[str, F64] = {}
    # What does not fit into a control's range is made up for by what it carries: limbs keep their place in the world.
    base = np.tile(np.eye(3), (frames, 1, 1))
    for prefix, bone in (("root", "hips"), ("torso", "chest"), ("head", "head")):
        angles = to_euler(transposed(base) @ world[bone])
        for column, name in enumerate(("yaw", "pitch", "roll")):
            low, high = (float(bound[INDEX[f"{prefix}_{name}"]]) for bound in (LOW, HIGH))
            angles[:, column] = np.clip(unwrapped(angles[:, column], low, high), low, high)
            values[f"{prefix}_{name}"] = angles[:, column]
        base = base @ from_euler(angles)
        world[bone] = base
    for side in SIDES:
        seen = world if side == "left" else {bone: mirrored(rotation) for bone, rotation in world.items()}
        arm = solve_arm(
            fps=performance.fps,
            chest=seen["chest"],
            **{bone: seen[f"{side}_{bone}"] for bone in ("shoulder", "upper_arm", "lower_arm", "hand")},
        )
        leg = solve_leg(
            fps=performance.fps,
            hips=seen["hips"],
            **{bone: seen[f"{side}_{bone}"] for bone in ("upper_leg", "lower_leg", "foot")},
        )
        values |= _arm_values(side, arm) | _leg_values(side, leg) | _curls(side, seen, performance)
    values |= performance.face
    vectors = np.tile(NEUTRAL, (frames, 1))
    for name, numbers in values.items():
        vectors[:, INDEX[name]] = numbers
    vectors = np.clip(vectors, LOW, HIGH)
    vectors[:, INDEX["root_x"]] = performance.root_x
    if performance.ankles is not None:
        vectors[:, [INDEX["root_x"], INDEX["root_y"]]] = _grounded(vectors, performance, performance.ankles)
    clipped = np.clip(vectors, LOW, HIGH).astype(np.float32)
    assert clipped.shape == (frames, len(SPEC))
    return clipped


def ankles(vectors: F32) -> F64:
    """Return where the mean body's ankles are while the root is at 0, (T, 2, 2), as :class:`Performance` has them."""
    hips = from_euler(vectors[:, [INDEX["root_yaw"], INDEX["root_pitch"], INDEX["root_roll"]]])
    places = np.stack([_ankle(vectors, hips, side)[:, :2] for side in SIDES], axis=1)
    return np.asarray(places + np.array([0.0, 1.0 - ANKLE]))


def _grounded(vectors: F32, performance: Performance, wanted: F64) -> F64:
    """Return the root's place, (T, 2), with which the loaded ankle moves as it is wanted to.

    On a body with other hips and legs than the source's, both ankles cannot be where the source has them.  Aside, the
    root therefore follows the *movement* of whichever ankle carries the figure, and comes back to the source's root
    slowly.
    """
    here = ankles(vectors)
    load = np.exp(-(wanted[..., 1] - wanted[..., 1].min(axis=1, keepdims=True)) / _LOAD_HEIGHT)
    load /= load.sum(axis=1, keepdims=True)
    step = ((load[1:] + load[:-1]) / 2 * np.diff(wanted[..., 0] - here[..., 0], axis=0)).sum(axis=1)
    astray = step - np.diff(performance.root_x)
    keep = np.exp(-1 / (performance.fps * _RETURN_S))
    x = performance.root_x.copy()
    x[1:] += lfilter([1.0], [1.0, -keep], astray)
    return np.stack([x, wanted[..., 1].min(axis=1) - here[..., 1].min(axis=1)], axis=1)


def _ankle(vectors: F32, hips: F64, side: str) -> F64:
    mirror = np.array([1.0, 1.0, 1.0] if side == "left" else [-1.0, 1.0, 1.0])
    turn = np.array([1.0, 1.0, 1.0] if side == "left" else [1.0, -1.0, -1.0])
    upper = from_vectors(vectors[:, [INDEX[f"{side}_upper_leg_{axis}"] for axis in "xyz"]] * turn)
    lower = upper @ about("x", vectors[:, INDEX[f"{side}_knee"]])
    return np.asarray((hips @ (HIP * mirror + upper @ (THIGH * mirror) + lower @ (SHIN * mirror))[..., None])[..., 0])


def _all_rotations(performance: Performance) -> dict[str, F64]:
    """Return every bone's world rotation; a bone that the source lacks moves with its parent."""
    still = np.tile(np.eye(3), (len(performance.root_x), 1, 1))
    world: dict[str, F64] = {}
    for bone, parent in zip(BONES, PARENT, strict=True):
        given = performance.rotations.get(bone)
        world[bone] = given if given is not None else world[BONES[parent]] if parent >= 0 else still
    return world


def _arm_values(side: str, arm: ArmControls) -> dict[str, F64]:
    values = {f"{side}_upper_arm_{axis}": arm.upper_arm[:, column] for column, axis in enumerate("xyz")}
    return values | {
        f"{side}_shoulder_raise": arm.shoulder_raise,
        f"{side}_elbow": arm.elbow,
        f"{side}_forearm_twist": arm.forearm_twist,
        f"{side}_wrist_flexion": arm.wrist_flexion,
        f"{side}_wrist_deviation": arm.wrist_deviation,
    }


def _leg_values(side: str, leg: LegControls) -> dict[str, F64]:
    values = {f"{side}_upper_leg_{axis}": leg.upper_leg[:, column] for column, axis in enumerate("xyz")}
    return values | {f"{side}_knee": leg.knee, f"{side}_ankle": leg.ankle}


def _curls(side: str, world: dict[str, F64], performance: Performance) -> dict[str, F64]:
    values: dict[str, F64] = {}
    for finger in FINGERS:
        full = THUMB_FLEXION_DEG if finger == "thumb" else tuple((0.0, 0.0, -deg) for deg in FINGER_FLEXION_DEG)
        joints: list[tuple[F64, F64]] = []
        parent = f"{side}_hand"
        for phalanx, vector in zip(_PHALANGES, full, strict=True):
            bone = f"{side}_{finger}_{phalanx}"
            if bone in performance.rotations:
                joints.append((transposed(world[parent]) @ world[bone], np.array(vector)))
            parent = bone
        bent = curl(joints)
        if bent is not None:
            values[f"{side}_{finger}_curl"] = bent
    return values

"""From the pose that a file rests in to the T-pose with all bones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONE_INDEX, BONES, PARENT

F64 = npt.NDArray[np.float64]

#: An arm that is off the T-pose by more than this is straightened; VRoid's own lie within 3 degrees.
_STRAIGHTEN_DEG = 8.0


def complete(positions: dict[str, F64]) -> F64:
    """Return all joints, (len(BONES), 3); what the file lacks lies where it turns sensibly."""
    known = dict(positions)
    head, hips = known["head"], known["hips"]
    neck = known.setdefault("neck", head + (hips - head) * 0.12)
    known.setdefault("spine", hips + (neck - hips) * 0.15)
    known.setdefault("chest", known["spine"] + (neck - known["spine"]) * 0.35)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        # Eyes without a bone: a third of a head's height above its joint; they move no vertex.
        known.setdefault(f"{side}_eye", head + np.array([0.03 * sign, 0.06, 0.03]))
        upper, lower = known[f"{side}_upper_arm"], known[f"{side}_lower_arm"]
        known.setdefault(f"{side}_shoulder", neck + (upper - neck) * 0.3)
        known.setdefault(f"{side}_hand", lower + (lower - upper))
        leg = known.setdefault(f"{side}_upper_leg", hips + np.array([0.08 * sign, -0.03, 0.0]))
        known.setdefault(f"{side}_lower_leg", leg * np.array([1.0, 0.55, 1.0]))
        known.setdefault(f"{side}_foot", leg * np.array([1.0, 0.1, 1.0]))
    for bone, parent in zip(BONES, PARENT, strict=True):
        if bone not in known:  # fingers
            known[bone] = known[BONES[parent]]
    return np.stack([known[bone] for bone in BONES])


def _between(start: F64, end: F64) -> F64:
    """Return the smallest rotation, (3, 3), that brings direction `start` to `end`."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    if a @ b < -1.0 + 1e-9:  # opposite: half a turn about the vertical, or what comes near it
        axis = np.cross(a, [1.0, 0.0, 0.0]) if abs(a[1]) > 0.9 else np.array([0.0, 1.0, 0.0]) - a * a[1]
        axis = axis / np.linalg.norm(axis)
        return np.asarray(2.0 * np.outer(axis, axis) - np.eye(3))
    x, y, z = np.cross(a, b)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + a @ b))


def straighten(joints: F64) -> F64:
    """Return per bone the rigid motion, (len(BONES), 4, 4), that puts the arms into the T-pose."""
    corrections = np.tile(np.eye(4), (len(BONES), 1, 1))
    moved = joints.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        out = np.array([sign, 0.0, 0.0])
        chain = [BONE_INDEX[f"{side}_{part}"] for part in ("upper_arm", "lower_arm", "hand", "middle_proximal")]
        arm = joints[chain[1]] - joints[chain[0]]
        cosine = arm @ out / max(float(np.linalg.norm(arm)), 1e-9)
        if np.degrees(np.arccos(np.clip(cosine, -1, 1))) < _STRAIGHTEN_DEG:
            continue
        rotations: dict[int, F64] = {}
        for bone, following in pairwise(chain):
            along = joints[following] - joints[bone]
            length = float(np.linalg.norm(along))
            rotations[bone] = _between(along, out) if length > 1e-4 else rotations.get(PARENT[bone], np.eye(3))
        for index in range(chain[0], len(BONES)):
            parent = PARENT[index]
            if index != chain[0] and parent not in rotations:
                continue
            rotation = rotations.setdefault(index, rotations.get(parent, np.eye(3)))
            if index != chain[0]:
                moved[index] = moved[parent] + rotations[parent] @ (joints[index] - joints[parent])
            corrections[index, :3, :3] = rotation
            corrections[index, :3, 3] = moved[index] - rotation @ joints[index]
    return corrections

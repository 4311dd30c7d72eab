"""Avatars of other builds, scaled with joints, morphs, springs and colliders; and builds drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.build import Build, Reshaping
from engines.studio.avatar import Avatar
from engines.studio.colliders import Colliders, Side
from engines.studio.springs import Springs, reaches

F32 = npt.NDArray[np.float32]
Range = tuple[float, float]

#: Figures that an illustrator would name: share, and ranges of factors.  Set by eye on eight avatars; what is not named
#: stays within :data:`_ANY`.
_TYPES: dict[str, tuple[float, Mapping[str, Range]]] = {
    "plain": (1.2, {}),
    "small": (1.0, {"head": (1.06, 1.13), "legs": (0.88, 0.95), "arms": (0.92, 0.97), "neck": (0.85, 0.95)}),
    "tall": (1.1, {"head": (0.91, 0.96), "legs": (1.05, 1.12), "arms": (1.03, 1.07), "neck": (1.05, 1.2)}),
    "slender": (1.0, {"girth": (0.89, 0.94), "shoulders": (0.92, 0.97), "hips": (0.92, 0.97), "neck": (1.05, 1.15)}),
    "sturdy": (0.8, {"girth": (1.06, 1.13), "shoulders": (1.06, 1.13), "hips": (1.02, 1.07), "neck": (0.85, 1.0)}),
    "athletic": (0.8, {"shoulders": (1.06, 1.12), "hips": (0.94, 0.99), "legs": (1.03, 1.08), "head": (0.93, 0.97)}),
}
_ANY: Range = (0.98, 1.02)
_EYES: Mapping[str, Range] = {"eye_size": (0.92, 1.08), "eye_distance": (0.96, 1.04)}


def sample_build(rng: np.random.Generator) -> Build:
    """Return a build that somebody might draw; `rng` is the only source of randomness."""
    names = list(_TYPES)
    share = np.array([_TYPES[name][0] for name in names])
    _, own = _TYPES[names[int(rng.choice(len(names), p=share / share.sum()))]]
    ranges = dict.fromkeys(("head", "neck", "torso", "shoulders", "hips", "arms", "legs", "hands", "girth"), _ANY)
    drawn = {name: round(float(rng.uniform(*one)), 3) for name, one in {**ranges, **own, **_EYES}.items()}
    return Build(**drawn)


def reproportioned(avatar: Avatar, build: Build) -> Avatar:
    """Return the avatar with another build; its triangles, textures and materials stay the same.

    The file's own expressions (`custom_expressions`) keep the size that they have.
    """
    if build == Build():
        return avatar
    shape = Reshaping(build, avatar.proportions)
    bones, weights = avatar.joints.bone[avatar.joint_ids], avatar.joint_weights
    positions = shape.points(avatar.positions, bones, weights)
    moved = (positions - avatar.positions).astype(np.float32)
    expressions = {}
    for name, morph in avatar.expressions.items():
        own = morph.vertices
        ends = shape.points(avatar.positions[own] + morph.deltas, bones[own], weights[own])
        expressions[name] = replace(morph, deltas=(ends - positions[own]).astype(np.float32))
    rest = avatar.joints.rest.copy()
    rest[:, :3, 3] = shape.at(rest[:, :3, 3], avatar.joints.bone)
    joints = replace(avatar.joints, rest=rest)
    return replace(
        avatar,
        positions=positions.astype(np.float32),
        apart=None if avatar.apart is None else avatar.apart + moved[:, None],
        normals=shape.normals(avatar.normals, bones, weights).astype(np.float32),
        joints=joints,
        expressions=expressions,
        springs=_springs(avatar, shape, rest[:, :3, 3]),
        constraints=tuple(
            replace(
                one,
                source_place=shape.at(np.asarray(one.source_place)[None], avatar.joints.bone[[max(one.source, 0)]])[0],
            )
            for one in avatar.constraints
        ),
        proportions=shape.proportions(),
    )


def _springs(avatar: Avatar, shape: Reshaping, places: npt.NDArray[np.float64]) -> Springs:
    """Return springs that bend as far as before: forces grow with the lengths that they turn."""
    springs, bone = avatar.springs, avatar.joints.bone
    if not len(springs):
        return springs
    own = bone[springs.joint]
    tail = shape.at(springs.tail, own)
    before = springs.tail - avatar.joints.rest[springs.joint, :3, 3]
    after = tail - places[springs.joint]
    grown = np.linalg.norm(after, axis=1) / np.maximum(np.linalg.norm(before, axis=1), 1e-12)
    # What stiffness pulls to is turned as the way to the tail is.
    ends = shape.at(avatar.joints.rest[springs.joint, :3, 3] + springs.aim * 0.01, own) - places[springs.joint]
    colliders = _colliders(springs.colliders, shape, bone)
    hit_radius = springs.hit_radius * shape.size(own)
    return replace(
        springs,
        tail=tail,
        aim=ends / np.maximum(np.linalg.norm(ends, axis=1, keepdims=True), 1e-12),
        stiffness=springs.stiffness * grown,
        gravity=springs.gravity * grown[:, None],
        hit_radius=hit_radius,
        reach=reaches(springs.collides, hit_radius, colliders),
        colliders=colliders,
    )


def _colliders(colliders: Colliders, shape: Reshaping, bone: npt.NDArray[np.int64]) -> Colliders:
    if not len(colliders):
        return colliders
    own = bone[colliders.joint]
    start, end = shape.at(colliders.start, own), shape.at(colliders.end, own)
    plane = colliders.side == Side.ABOVE  # whose end says which way is up, not where something is
    end[plane] = start[plane] + (colliders.end - colliders.start)[plane]
    return replace(colliders, start=start, end=end, radius=colliders.radius * shape.size(own))

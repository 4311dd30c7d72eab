"""The order in which joints that move by themselves are worked out: many at once, parents and sources first.

Joints that neither carry a vertex nor lead to one that does, nor hold a collider or a constraint's source, stand still.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.constraints import Constraint

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_PER_SPRING = (
    "springs", "swinging", "swinging_parents", "heads", "axes", "lengths", "pulls", "gravity", "centre", "collides",
    "side", "reach", "widest_cos",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """Joints that may be worked out at once: n of them swing.

    Args:
        joints: int64, (m,), all that move; the swinging ones too.
        parents: int64, (m,).
        places: float64, (m, 3), where they rest.
        constraints: row of `joints` and its constraint.
        springs: int64, (n,), rows of the avatar's springs.
        swinging: int64, (n,), their joints.
        swinging_parents: int64, (n,).
        heads: float64, (n, 3), where they rest.
        axes: float64, (n, 3), unit directions to their resting tails.
        lengths: float64, (n,), metres.
        pulls: float64, (n, 3), stiffness times the direction that it pulls to, before the parent's turn.
        gravity: float64, (n, 3).
        centre: int64, (n,).
        centred: whether any has a centre.
        collides: int64, (n, K), as in the springs.
        side: int64, (n, K), of those colliders.
        reach: float64, (n, K), -inf where there is none.
        widest_cos: float64, (n,), as in the springs.
        limited: whether any is above -1.
    """

    joints: I64
    parents: I64
    places: F64
    constraints: tuple[tuple[int, Constraint], ...]
    springs: I64
    swinging: I64
    swinging_parents: I64
    heads: F64
    axes: F64
    lengths: F64
    pulls: F64
    gravity: F64
    centre: I64
    centred: bool
    collides: I64
    side: I64
    reach: F64
    widest_cos: F64
    limited: bool

    def only(self, which: npt.NDArray[np.bool_]) -> Level:
        """Return the level with only some of its swinging joints, a mask (n,)."""
        return replace(self, **{name: getattr(self, name)[which] for name in _PER_SPRING})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bodies:
    """The colliders' places, as in :class:`engines.studio.colliders.Colliders`.

    Args:
        joint: int64, (C,).
        start: float64, (C, 3).
        end: float64, (C, 3).
        spheres: whether all are spheres.
        ride: whether any is fixed to a joint that moves by itself.
    """

    joint: I64
    start: F64
    end: F64
    spheres: bool
    ride: bool


_levels: weakref.WeakKeyDictionary[Avatar, tuple[Level, ...]] = weakref.WeakKeyDictionary()


def levels_of(avatar: Avatar) -> tuple[Level, ...]:
    """Return the avatar's levels, in order."""
    levels = _levels.get(avatar)
    if levels is None:
        levels = _levels[avatar] = _build(avatar)
    return levels


def bodies_of(avatar: Avatar) -> Bodies:
    """Return the avatar's colliders."""
    colliders = avatar.springs.colliders
    ride = bool((colliders.joint >= len(BONES)).any())
    spheres = np.array_equal(colliders.start, colliders.end)
    return Bodies(joint=colliders.joint, start=colliders.start, end=colliders.end, spheres=spheres, ride=ride)


def _build(avatar: Avatar) -> tuple[Level, ...]:
    joints, constraints = avatar.joints, {constraint.joint: constraint for constraint in avatar.constraints}
    parents = joints.parents
    needed = _needed(avatar)
    depth = np.zeros(len(joints), np.int64)
    order = [constraint.joint for constraint in avatar.constraints]
    # Parents stand before children, and constraints before those that depend on them: each of these loops carries
    # depths on by at least one link, so that as many rounds as there are constraints settle all.
    for _ in range(len(order) + 1):
        before = depth.copy()
        for joint in range(len(BONES), len(joints)):
            above = [int(parents[joint])]
            if joint in constraints:
                above += [constraints[joint].source, max(constraints[joint].source_parent, 0)]
            depth[joint] = 1 + max(int(depth[other]) for other in above)
        if np.array_equal(before, depth):
            break
    spring_of = {int(joint): row for row, joint in enumerate(avatar.springs.joint)}
    levels = []
    for level in range(1, int(depth.max(initial=0)) + 1):
        at = [int(joint) for joint in np.flatnonzero(depth == level) if joint in needed]
        if at:
            levels.append(_level(avatar, np.array(at), spring_of, constraints))
    return tuple(levels)


def _level(avatar: Avatar, at: I64, spring_of: dict[int, int], constraints: dict[int, Constraint]) -> Level:
    joints, springs, colliders = avatar.joints, avatar.springs, avatar.springs.colliders
    # A joint with both obeys its constraint.
    swinging = np.array([joint for joint in at.tolist() if joint in spring_of and joint not in constraints], np.int64)
    rows = np.array([spring_of[joint] for joint in swinging.tolist()], np.int64)
    heads = joints.rest[swinging, :3, 3]
    along = springs.tail[rows] - heads
    lengths = np.linalg.norm(along, axis=1)
    centre, collides = springs.centre[rows], springs.collides[rows]
    return Level(
        joints=at,
        parents=joints.parents[at],
        places=joints.rest[at, :3, 3],
        constraints=tuple((row, constraints[joint]) for row, joint in enumerate(at.tolist()) if joint in constraints),
        springs=rows,
        swinging=swinging,
        swinging_parents=joints.parents[swinging],
        heads=heads,
        axes=along / np.maximum(lengths[:, None], 1e-12),
        lengths=lengths,
        pulls=springs.aim[rows] * springs.stiffness[rows, None],
        gravity=springs.gravity[rows],
        centre=centre,
        centred=bool((centre >= 0).any()),
        collides=collides,
        side=colliders.side[collides] if len(colliders) else np.zeros_like(collides),
        reach=springs.reach[rows],
        widest_cos=springs.widest_cos[rows],
        limited=bool((springs.widest_cos[rows] > -1.0).any()),
    )


def _needed(avatar: Avatar) -> set[int]:
    """Return the joints beyond the bones whose turning anything depends on."""
    needed: set[int] = set(np.unique(avatar.joint_ids[avatar.joint_weights > 0]).tolist())
    needed |= set(avatar.springs.colliders.joint.tolist())
    for constraint in avatar.constraints:
        needed |= {constraint.joint, constraint.source, constraint.source_parent}
    whole: set[int] = set()
    for joint in needed:
        at = joint
        while at >= len(BONES) and at not in whole:
            whole.add(at)
            at = int(avatar.joints.parents[at])
    return whole

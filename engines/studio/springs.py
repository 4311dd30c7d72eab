"""Spring bones as data: which joints swing, how stiffly, and what they must not enter.

Source: VRM 1.0 specification, `VRMC_springBone`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.colliders import Colliders, Side
from engines.studio.rig import Rig

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: The rate at which a file's stiffness and drag mean what they say.
RATE_HZ = 60.0
#: A joint whose tail is nearer than this has no direction: it follows its parent.
MIN_LENGTH_M = 1e-5
#: In reach of nothing.
_NO_COLLIDER = -1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Springs:
    """S swinging joints, parents before children; T-pose, canonical axes, metres.

    Args:
        joint: int64, (S,), index into the avatar's joints.
        tail: float64, (S, 3), where each joint's tail rests.
        aim: float64, (S, 3), unit directions from joint to tail that stiffness pulls to.
        stiffness: float64, (S,), the file's unit: metres per 1/60 s and second.
        gravity: float64, (S, 3), the same unit.
        drag: float64, (S,), part of the motion that is lost in 1/60 s, 0..1.
        hit_radius: float64, (S,), of the ball around the tail.
        centre: int64, (S,), joint against which the motion is seen, -1 for the world.
        collides: int64, (S, K), which colliders push each tail, in this order; -1 fills up.
        reach: float64, (S, K), the distance that each of them keeps; see :func:`engines.studio.colliders.distances`.
        colliders: all of them.
        widest_cos: float64, (S,), cosine of the greatest angle between a joint and its rest, -1 where there is none.
        invented: the file has no springs; these follow from its joints' names.
    """

    joint: I64
    tail: F64
    aim: F64
    stiffness: F64
    gravity: F64
    drag: F64
    hit_radius: F64
    centre: I64
    collides: I64
    reach: F64
    colliders: Colliders
    widest_cos: F64
    invented: bool = False

    def __len__(self) -> int:
        return len(self.joint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spring:
    """One joint's spring while the file is read; fields as in :class:`Springs`."""

    node: int
    tail: F64
    stiffness: float
    gravity: F64
    drag: float
    hit_radius: float
    centre: int
    collides: tuple[int, ...]
    widest_cos: float = -1.0


def assembled(rig: Rig, found: list[Spring], colliders: Colliders, *, invented: bool = False) -> Springs:
    """Return springs in the order of their joints, the first of each joint, without those that lack a length."""
    by_joint: dict[int, Spring] = {}
    for spring in found:
        own = int(rig.joint_of_node[spring.node])
        if own < len(BONES):
            continue  # a humanoid bone belongs to the pose
        if own in by_joint:
            _log.warning("%s has two springs; the first is kept", rig.joints.names[own])
        elif np.linalg.norm(spring.tail - rig.joints.rest[own, :3, 3]) > MIN_LENGTH_M:
            by_joint[own] = spring
    order = sorted(by_joint)
    springs = [by_joint[own] for own in order]
    joint = np.array(order, np.int64)
    tail = np.array([spring.tail for spring in springs], np.float64).reshape(-1, 3)
    along = tail - rig.joints.rest[joint, :3, 3]
    widest = max((len(spring.collides) for spring in springs), default=0)
    collides = np.full((len(springs), widest), _NO_COLLIDER, np.int64)
    for row, spring in enumerate(springs):
        collides[row, : len(spring.collides)] = spring.collides
    hit_radius = np.array([spring.hit_radius for spring in springs], np.float64)
    return Springs(
        joint=joint,
        tail=tail,
        aim=along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12),
        stiffness=np.array([spring.stiffness for spring in springs], np.float64),
        gravity=np.array([spring.gravity for spring in springs], np.float64).reshape(-1, 3),
        drag=np.array([spring.drag for spring in springs], np.float64),
        hit_radius=hit_radius,
        centre=np.array([spring.centre for spring in springs], np.int64),
        collides=collides,
        reach=reaches(collides, hit_radius, colliders),
        colliders=colliders,
        widest_cos=np.array([spring.widest_cos for spring in springs], np.float64),
        invented=invented,
    )


def reaches(collides: I64, hit_radius: F64, colliders: Colliders) -> F64:
    """Return the distance that each collider keeps from each tail, see :class:`Springs`."""
    if not len(colliders):
        return np.zeros(collides.shape)
    side, radius = colliders.side[collides], colliders.radius[collides]
    hit = np.broadcast_to(hit_radius[:, None], collides.shape)
    reach = np.where(side == Side.INSIDE, radius - hit, np.where(side == Side.ABOVE, hit, radius + hit))
    return np.where(collides == _NO_COLLIDER, -np.inf, reach)

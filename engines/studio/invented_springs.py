"""Springs for files that bring none: joints whose names say hair, skirt or ribbon swing as such things do.

Stiffness pulls a little above a tail's resting place, by as much as gravity pulls below it: an upright figure looks
as its file has it, and hair falls when the head tilts.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.studio.body_shape import body_shape
from engines.studio.colliders import Colliders, Side, distances, resting
from engines.studio.mesh import Mesh
from engines.studio.rig import Rig
from engines.studio.springs import MIN_LENGTH_M, RATE_HZ, Spring, Springs, assembled
from engines.studio.swinging_names import Swinging, swinging_nodes

F64 = npt.NDArray[np.float64]

#: The pull of 9.81 m/s^2 in a file's unit: a force of 1 is a metre per 1/60 s and second.
GRAVITY = 9.81 / RATE_HZ
#: A tip without a joint beyond it is as long as the joint before it, and at most this.
_TIP_M = 0.07

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How something swings.

    Args:
        stiffness: in parts of gravity's pull.
        gravity: the same.
        drag: as in a file.
        widest_deg: how far from its rest each joint swings at most.
        hit_radius: metres.
        beside: which parts of the body it must not enter.
    """

    stiffness: float
    gravity: float
    drag: float
    widest_deg: float
    hit_radius: float = 0.0
    beside: tuple[str, ...] = ()


#: By eye on four avatars: swings die out within a second, a tilt of 40 degrees lets long hair hang, and a dance
#: leaves short hair a shape.
_MANNERS: dict[Swinging, _Manner] = {
    Swinging.AHOGE: _Manner(stiffness=10.0, gravity=0.3, drag=0.25, widest_deg=12),
    Swinging.BANGS: _Manner(stiffness=3.0, gravity=0.6, drag=0.35, widest_deg=35, hit_radius=0.01, beside=("head",)),
    Swinging.HAIR: _Manner(
        stiffness=2.2, gravity=1.0, drag=0.28, widest_deg=60, hit_radius=0.02, beside=("head", "neck", "trunk", "arms")
    ),
    Swinging.EARRING: _Manner(stiffness=0.5, gravity=1.0, drag=0.08, widest_deg=80, hit_radius=0.002, beside=("neck",)),
    Swinging.EARS: _Manner(stiffness=6.0, gravity=0.3, drag=0.3, widest_deg=25),
    Swinging.SLEEVE: _Manner(
        stiffness=2.5, gravity=0.8, drag=0.35, widest_deg=40, hit_radius=0.01, beside=("trunk", "legs")
    ),
    Swinging.SKIRT: _Manner(stiffness=3.0, gravity=0.8, drag=0.35, widest_deg=45, hit_radius=0.02, beside=("legs",)),
    Swinging.CLOAK: _Manner(
        stiffness=4.0, gravity=1.0, drag=0.35, widest_deg=30, hit_radius=0.02, beside=("trunk", "arms", "legs")
    ),
    Swinging.RIBBON: _Manner(
        stiffness=1.8, gravity=1.0, drag=0.2, widest_deg=60, hit_radius=0.01, beside=("trunk", "legs")
    ),
    Swinging.BUST: _Manner(stiffness=5.0, gravity=0.5, drag=0.2, widest_deg=12),
    Swinging.TAIL: _Manner(stiffness=2.5, gravity=0.4, drag=0.2, widest_deg=50, hit_radius=0.02, beside=("legs",)),
}
#: What is shorter than this from root to tip is stiffer in proportion, up to so many times: short hair keeps its shape
#: where long hair flies.
_LONG_M = 0.25
_STIFFEST = 4.0
#: One step of 1/60 s moves a tail by this part of its length at most, or it would shake.
_LIVELIEST = 0.6
#: Shorter joints only stand for the root of the next one: they follow their parents.
_SHORTEST_M = 0.005


def invent_springs(document: dict[str, Any], rig: Rig, mesh: Mesh) -> Springs | None:
    """Return springs for a file that brings none, or None where it brings some or nothing in it ought to swing."""
    children = [[int(child) for child in node.get("children", [])] for node in document.get("nodes", [])]
    chosen = swinging_nodes(document, children)
    carrying = _carrying(rig, mesh)
    colliders, parts = body_shape(rig.joints, mesh)
    lengths = _chain_lengths(rig, chosen.keys(), children)
    found: list[Spring] = []
    for node in sorted(chosen):
        joint = int(rig.joint_of_node[node])
        if joint not in carrying:
            continue
        manner, tail = _MANNERS[chosen[node]], _tail(rig, node, children, carrying)
        stiffer = float(np.clip(_LONG_M / max(lengths.get(node, _LONG_M), 1e-3), 1.0, _STIFFEST))
        length = float(np.linalg.norm(tail - resting(rig, node)[:3, 3]))
        collides = tuple(collider for part in manner.beside for collider in parts[part])
        if length < _SHORTEST_M:
            continue
        found.append(
            Spring(
                node=node,
                tail=tail,
                stiffness=min(manner.stiffness * stiffer * GRAVITY, _LIVELIEST * RATE_HZ * length),
                gravity=np.array([0.0, -manner.gravity * GRAVITY, 0.0]),
                drag=1.0 - (1.0 - manner.drag) ** np.sqrt(stiffer),
                hit_radius=manner.hit_radius,
                centre=-1,
                collides=collides,
                widest_cos=float(np.cos(np.radians(manner.widest_deg))),
            )
        )
    if not found:
        return None
    springs = assembled(rig, found, colliders, invented=True)
    _log.info("the file has no springs; %d of its joints swing by their names", len(springs))
    return _cleared(_balanced(springs))


def _carrying(rig: Rig, mesh: Mesh) -> set[int]:
    """Return the joints that carry a vertex, or lead to one that does."""
    carrying: set[int] = set()
    for joint in np.unique(mesh.joint_ids[mesh.joint_weights > 0]).tolist():
        at = int(joint)
        while at >= 0 and at not in carrying:
            carrying.add(at)
            at = int(rig.joints.parents[at])
    return carrying


def _chain_lengths(rig: Rig, chosen: Collection[int], children: list[list[int]]) -> dict[int, float]:
    """Return, of each node, how long its whole chain is from root to farthest tip, metres."""
    below = {child for node in chosen for child in children[node]}
    lengths: dict[int, float] = {}
    for root in sorted(set(chosen) - below):
        reached: dict[int, float] = {root: 0.0}
        waiting = [root]
        while waiting:
            node = waiting.pop()
            for child in children[node]:
                if child in chosen and child not in reached:
                    step = resting(rig, child)[:3, 3] - resting(rig, node)[:3, 3]
                    reached[child] = reached[node] + float(np.linalg.norm(step))
                    waiting.append(child)
        lengths |= dict.fromkeys(reached, max(reached.values()))
    return lengths


def _tail(rig: Rig, node: int, children: list[list[int]], carrying: set[int]) -> F64:
    """Return where a joint's tail rests: at the child that carries most of it, else a little beyond."""
    place = resting(rig, node)[:3, 3]
    below = sorted(children[node], key=lambda child: int(rig.joint_of_node[child]) not in carrying)
    if below:
        return np.asarray(resting(rig, below[0])[:3, 3])
    parent = int(rig.joints.parents[rig.joint_of_node[node]])
    along = place - rig.joints.rest[parent, :3, 3]
    length = float(np.linalg.norm(along))
    return np.asarray(place if length < MIN_LENGTH_M else place + along / length * min(length, _TIP_M))


def _balanced(springs: Springs) -> Springs:
    """Return springs whose resting place is where gravity and stiffness are in balance."""
    # |stiffness * aim| = stiffness and stiffness * aim + gravity = force * axis, solved for the force along the axis.
    axis, gravity = springs.aim, springs.gravity
    along = np.einsum("ni,ni->n", axis, gravity)
    across = np.einsum("ni,ni->n", gravity, gravity) - along**2
    force = along + np.sqrt(np.maximum(springs.stiffness**2 - across, 0.0))
    aim = force[:, None] * axis - gravity
    length = np.linalg.norm(aim, axis=1, keepdims=True)
    # What is too weak to be held level by its stiffness hangs.
    holds = (springs.stiffness**2 > across) & (force > 0.0)
    return replace(springs, aim=np.where(holds[:, None], aim / np.maximum(length, 1e-12), axis))


def _cleared(springs: Springs) -> Springs:
    """Return springs that no collider pushes at rest: what lies closer to the body in the file may go on doing so."""
    if not springs.collides.shape[1]:
        return springs
    which: Colliders = springs.colliders
    start, end = which.start[springs.collides], which.end[springs.collides]
    side = np.full(springs.collides.shape, Side.OUTSIDE, np.int64)
    distance, _ = distances(springs.tail[:, None], start, end, side, np.zeros(springs.collides.shape))
    return replace(springs, reach=np.minimum(springs.reach, distance))

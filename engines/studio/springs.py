"""Spring bones as data: which joints swing, how stiffly, and what they must not enter.

Source: VRM 0.x specification, `VRM.secondaryAnimation`; VRM 1.0 specification, `VRMC_springBone`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.skeleton import BONE_INDEX, BONES
from engines.studio.colliders import (
    Colliders,
    Side,
    finite,
    placed,
    read_colliders_1,
    read_groups_0,
    resting,
    triple,
)
from engines.studio.rig import Rig

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: The rate at which a file's stiffness and drag mean what they say.
RATE_HZ = 60.0
#: A VRM 0.x joint without children has a tail this far beyond it, in the direction from its parent.
#: Source: VRM 1.0 specification, `VRMC_springBone`, "About spring configuration"; UniVRM.
LEAF_M = 0.07
#: What a joint has where the file says nothing.  Source: `VRMC_springBone.joint.schema.json`; UniVRM's VRM 0.x.
_DEFAULTS_1 = {"stiffness": 1.0, "gravityPower": 0.0, "dragForce": 0.5, "hitRadius": 0.0}
_DEFAULTS_0 = {"stiffness": 1.0, "gravityPower": 0.0, "dragForce": 0.4, "hitRadius": 0.02}
_DOWN = (0.0, -1.0, 0.0)
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


def read_springs(document: dict[str, Any], rig: Rig) -> Springs:
    """Return the file's springs, none where it has none.

    Nodes, colliders and groups that do not exist are left out with a warning; so is a joint's second spring.

    Raises:
        AvatarError: a chain does not lead from parent to child, or a parameter is no finite number.
    """
    extensions = document.get("extensions", {})
    children = [[int(child) for child in node.get("children", [])] for node in document.get("nodes", [])]
    if "VRMC_springBone" in extensions:
        found, colliders = _read_1(extensions["VRMC_springBone"], rig, children)
    else:
        found, colliders = _read_0(extensions.get("VRM", {}).get("secondaryAnimation") or {}, rig, children)
    return assembled(rig, found, colliders)


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
        reach=_reach(collides, hit_radius, colliders),
        colliders=colliders,
        widest_cos=np.array([spring.widest_cos for spring in springs], np.float64),
        invented=invented,
    )


def _reach(collides: I64, hit_radius: F64, colliders: Colliders) -> F64:
    if not len(colliders):
        return np.zeros(collides.shape)
    side, radius = colliders.side[collides], colliders.radius[collides]
    hit = np.broadcast_to(hit_radius[:, None], collides.shape)
    reach = np.where(side == Side.INSIDE, radius - hit, np.where(side == Side.ABOVE, hit, radius + hit))
    return np.where(collides == _NO_COLLIDER, -np.inf, reach)


def centre_joint(rig: Rig, children: list[list[int]], node: Any) -> int:
    """Return the bone against which motion is seen from a centre node, -1 for the world.

    The figure's root stands still, so a node that is not the hips or below means the world.
    """
    hips = int(rig.node_of_joint[BONE_INDEX["hips"]])
    waiting, below = [hips], set()
    while waiting:
        at = waiting.pop()
        if at not in below:
            below.add(at)
            waiting.extend(children[at])
    return int(rig.bone_of_node[int(node)]) if node is not None and int(node) in below else -1


def _settings(source: dict[str, Any], defaults: dict[str, float], what: str) -> dict[str, float]:
    values = {name: finite(source.get(name, default), f"{what}, {name}") for name, default in defaults.items()}
    if "stiffiness" in source:  # VRM 0.x's own spelling
        values["stiffness"] = finite(source["stiffiness"], f"{what}, stiffiness")
    return {
        "stiffness": max(values["stiffness"], 0.0),
        "power": values["gravityPower"],
        "drag": min(max(values["dragForce"], 0.0), 1.0),
        "hit_radius": max(values["hitRadius"], 0.0),
    }


def _gravity(direction: tuple[float, float, float], power: float) -> F64:
    vector = np.array(direction, np.float64)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12) * power)


def _read_0(animation: dict[str, Any], rig: Rig, children: list[list[int]]) -> tuple[list[Spring], Colliders]:
    colliders, members = read_groups_0(animation.get("colliderGroups", []), len(children))
    parents = {child: index for index, below in enumerate(children) for child in below}
    found: list[Spring] = []
    for index, group in enumerate(animation.get("boneGroups", [])):
        what = f"spring group {index}"
        settings = _settings(group, _DEFAULTS_0, what)
        x, y, z = triple(group.get("gravityDir"), f"{what}, gravityDir", _DOWN)
        # Unity's x points to the character's right, as nothing else here does.
        gravity = _gravity((-x, y, z), settings.pop("power"))
        centre = centre_joint(rig, children, group.get("center"))
        collides = _members(group.get("colliderGroups", []), members, what)
        waiting = [int(node) for node in reversed(group.get("bones", []))]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node in seen or not 0 <= node < len(children):
                continue
            seen.add(node)
            waiting.extend(reversed(children[node]))
            place = resting(rig, node)[:3, 3]
            if children[node]:
                tail = resting(rig, children[node][0])[:3, 3]
            else:
                along = place - resting(rig, parents[node])[:3, 3] if node in parents else np.zeros(3)
                tail = place + along / max(float(np.linalg.norm(along)), 1e-12) * LEAF_M
            found.append(Spring(node=node, tail=tail, gravity=gravity, centre=centre, collides=collides, **settings))
    return found, placed(rig, colliders)


def _read_1(extension: dict[str, Any], rig: Rig, children: list[list[int]]) -> tuple[list[Spring], Colliders]:
    read = read_colliders_1(extension.get("colliders", []), len(children))
    kept = [collider for collider in read if collider is not None]
    renumbered = {old: new for new, old in enumerate(i for i, collider in enumerate(read) if collider is not None)}
    if len(kept) < len(read):
        _log.warning("%d colliders have no node or no known shape and are left out", len(read) - len(kept))
    members = [
        [renumbered[int(index)] for index in group.get("colliders", []) if int(index) in renumbered]
        for group in extension.get("colliderGroups", [])
    ]
    parents = {child: index for index, below in enumerate(children) for child in below}
    found: list[Spring] = []
    for index, spring in enumerate(extension.get("springs", [])):
        what = f"spring {index}"
        centre = centre_joint(rig, children, spring.get("center"))
        collides = _members(spring.get("colliderGroups", []), members, what)
        joints = spring.get("joints", [])
        for head, tail in pairwise(joints):
            node, below = int(head["node"]), int(tail["node"])
            if not (0 <= node < len(children) and 0 <= below < len(children)):
                _log.warning("%s: names a node that does not exist; that joint is left out", what)
                continue
            if not _descends(below, node, parents):
                raise AvatarError(
                    f"{what}: node {below} follows node {node} but is not below it; list each chain from root to tip"
                )
            settings = _settings(head, _DEFAULTS_1, what)
            gravity = _gravity(triple(head.get("gravityDir"), f"{what}, gravityDir", _DOWN), settings.pop("power"))
            place = resting(rig, below)[:3, 3]
            found.append(Spring(node=node, tail=place, gravity=gravity, centre=centre, collides=collides, **settings))
    return found, placed(rig, kept)


def _members(groups: list[Any], members: list[list[int]], what: str) -> tuple[int, ...]:
    known = [int(group) for group in groups if 0 <= int(group) < len(members)]
    if len(known) < len(groups):
        _log.warning("%s: names a collider group that does not exist", what)
    return tuple(collider for group in known for collider in members[group])


def _descends(node: int, ancestor: int, parents: dict[int, int]) -> bool:
    at: int | None = node
    steps = 0
    while at is not None and steps <= len(parents):
        at, steps = parents.get(at), steps + 1
        if at == ancestor:
            return True
    return False

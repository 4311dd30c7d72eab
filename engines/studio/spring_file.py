"""Reads a file's spring bones, of either generation.

Source: VRM 0.x specification, `VRM.secondaryAnimation`; VRM 1.0 specification, `VRMC_springBone`.
"""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.skeleton import BONE_INDEX
from engines.studio.colliders import Colliders, finite, placed, read_colliders_1, read_groups_0, resting, triple
from engines.studio.rig import Rig
from engines.studio.springs import Spring, Springs, assembled

F64 = npt.NDArray[np.float64]

#: A VRM 0.x joint without children has a tail this far beyond it, in the direction from its parent.
#: Source: VRM 1.0 specification, `VRMC_springBone`, "About spring configuration"; UniVRM.
LEAF_M = 0.07
#: What a joint has where the file says nothing.  Source: `VRMC_springBone.joint.schema.json`; UniVRM's VRM 0.x.
_DEFAULTS_1 = {"stiffness": 1.0, "gravityPower": 0.0, "dragForce": 0.5, "hitRadius": 0.0}
_DEFAULTS_0 = {"stiffness": 1.0, "gravityPower": 0.0, "dragForce": 0.4, "hitRadius": 0.02}
_DOWN = (0.0, -1.0, 0.0)

_log = logging.getLogger(__name__)


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

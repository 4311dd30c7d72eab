"""Node constraints of VRM 1.0: joints that roll with, turn with or aim at another node.

Source: VRM 1.0 specification, `VRMC_node_constraint` (roll, aim and rotation constraint; weight by slerp).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.skeleton import BONES, PARENT
from engines.studio.colliders import finite, resting
from engines.studio.rig import Rig
from engines.studio.rotations import part_of, swings, unit

F64 = npt.NDArray[np.float64]

_EXTENSION = "VRMC_node_constraint"
_AXES = {
    sign + letter: direction * (1.0 if sign in ("", "Positive") else -1.0)
    for letter, direction in zip("XYZ", np.eye(3), strict=True)
    for sign in ("", "Positive", "Negative")
}

_log = logging.getLogger(__name__)


class Kind(Enum):
    """What a constraint takes from its source; the values are the file's words."""

    ROLL = "roll"
    AIM = "aim"
    ROTATION = "rotation"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constraint:
    """One joint's constraint.

    Args:
        kind: what it takes from its source.
        joint: index of the joint that it turns, beyond the canonical bones.
        source: index of the joint that its source node is or follows.
        source_parent: index of the joint that the source node's parent is or follows; -1 for the world.
        source_place: float64, (3,), where the source node rests, canonical axes, metres.
        weight: 0..1.
        axis: float64, (3,), roll or aim axis in the joint's own axes; zero for a rotation constraint.
        own_axes: float64, (3, 3), the joint's own axes in the T-pose.
        source_axes: float64, (3, 3), the source node's.
        own_rest: float64, (3, 3), the joint's rest rotation against its parent node.
        source_rest: float64, (3, 3), the source node's.
    """

    kind: Kind
    joint: int
    source: int
    source_parent: int
    source_place: F64
    weight: float
    axis: F64
    own_axes: F64
    source_axes: F64
    own_rest: F64
    source_rest: F64

    def turn(self, parent: F64, head: F64, rotations: F64, offsets: F64) -> F64:
        """Return the joint's rotation against its parent, T-pose axes, float64 (3, 3).

        Args:
            parent: float64, (3, 3), what the parent joint turned by.
            head: float64, (3,), where the joint is.
            rotations: float64, (J, 3, 3), of all joints' skinning matrices; the source's must be up to date.
            offsets: float64, (J, 3), their last columns.
        """
        if self.kind is Kind.AIM:
            towards = rotations[self.source] @ self.source_place + offsets[self.source] - head
            if np.linalg.norm(towards) < 1e-9:
                return np.eye(3)
            swing = swings(parent @ self.own_axes @ self.axis, unit(towards))
            return part_of(parent.T @ swing @ parent, self.weight)
        above = rotations[self.source_parent] if self.source_parent >= 0 else np.eye(3)
        delta = self.source_axes.T @ (above.T @ rotations[self.source]) @ self.source_axes
        if self.kind is Kind.ROLL:
            between = self.own_rest.T @ self.source_rest
            delta = between @ delta @ between.T
            delta = swings(delta @ self.axis, self.axis) @ delta
        return np.asarray(self.own_axes @ part_of(delta, self.weight) @ self.own_axes.T)


def read_constraints(document: dict[str, Any], rig: Rig) -> tuple[Constraint, ...]:
    """Return the file's constraints, each after those that it depends on.

    One on a humanoid bone is left out, with a warning: the pose owns those.

    Raises:
        AvatarError: constraints depend on each other in a circle, or a parameter is none that can be used.
    """
    nodes: list[dict[str, Any]] = document.get("nodes", [])
    parents = {int(child): index for index, node in enumerate(nodes) for child in node.get("children", [])}
    found: dict[int, Constraint] = {}
    for index, node in enumerate(nodes):
        content = node.get("extensions", {}).get(_EXTENSION, {}).get("constraint", {})
        kind = next((kind for kind in Kind if kind.value in content), None)
        if kind is None:
            continue
        joint, what = int(rig.joint_of_node[index]), f"constraint of node {index} ({node.get('name', 'no name')})"
        if joint < len(BONES):
            _log.warning("%s: turns a humanoid bone and is left out", what)
            continue
        found[joint] = _read(kind, content[kind.value], rig, nodes, parents, index, what)
    return tuple(found[joint] for joint in _ordered(found, rig))


def _read(
    kind: Kind, content: dict[str, Any], rig: Rig, nodes: list[dict[str, Any]], parents: dict[int, int], index: int,
    what: str,
) -> Constraint:  # fmt: skip
    source = int(content["source"])
    if not 0 <= source < len(nodes):
        raise AvatarError(f"{what}: source {source} of {len(nodes)} nodes; export the file again")
    axis = np.zeros(3)
    if kind is not Kind.ROTATION:
        name = content.get("rollAxis" if kind is Kind.ROLL else "aimAxis")
        if name not in _AXES:
            raise AvatarError(f"{what}: axis {name!r}, expected one of {', '.join(_AXES)}")
        axis = _AXES[name]
    # A humanoid bone turns against the canonical one above, whatever lies between their nodes.
    bone = int(rig.joint_of_node[source])
    if bone < len(BONES) and int(rig.node_of_joint[bone]) == source:
        source_parent = PARENT[bone]
    else:
        source_parent = int(rig.joint_of_node[parents[source]]) if source in parents else -1
    return Constraint(
        kind=kind,
        joint=int(rig.joint_of_node[index]),
        source=int(rig.joint_of_node[source]),
        source_parent=source_parent,
        source_place=resting(rig, source)[:3, 3],
        weight=min(max(finite(content.get("weight", 1.0), f"{what}, weight"), 0.0), 1.0),
        axis=axis,
        own_axes=_rotation(resting(rig, index)),
        source_axes=_rotation(resting(rig, source)),
        own_rest=_local(rig, index, parents),
        source_rest=_local(rig, source, parents),
    )


def _rotation(matrix: F64) -> F64:
    """Return a matrix's rotation, (3, 3), without its scale."""
    return np.asarray(matrix[:3, :3] / np.maximum(np.linalg.norm(matrix[:3, :3], axis=0), 1e-12))


def _local(rig: Rig, node: int, parents: dict[int, int]) -> F64:
    above = _rotation(rig.node_matrices[parents[node]]) if node in parents else np.eye(3)
    return np.asarray(above.T @ _rotation(rig.node_matrices[node]))


def _ordered(found: dict[int, Constraint], rig: Rig) -> list[int]:
    """Return the constrained joints so that each follows whatever moves its source."""
    order: list[int] = []
    state: dict[int, bool] = {}  # True once a joint and all that it waits for are in the order

    for first in sorted(found):
        waiting = [first]
        while waiting:
            joint = waiting[-1]
            if state.get(joint):
                waiting.pop()
                continue
            state[joint] = False
            open_ones = [other for other in depends(found.get(joint), joint, rig) if not state.get(other)]
            circle = [other for other in open_ones if other in state and other in waiting]
            if circle:
                names = " and ".join(sorted({rig.joints.names[joint], rig.joints.names[circle[0]]}))
                raise AvatarError(f"node constraints wait for each other: {names}; remove one and export again")
            if open_ones:
                waiting.append(open_ones[0])
                continue
            state[joint] = True
            waiting.pop()
            if joint in found:
                order.append(joint)
    return order


def depends(constraint: Constraint | None, joint: int, rig: Rig) -> list[int]:
    """Return which joints beyond the canonical bones must be posed before this one."""
    needed = [int(rig.joints.parents[joint])] if joint >= len(BONES) else []
    if constraint is not None:
        needed += [constraint.source, constraint.source_parent]
    return [other for other in needed if other >= len(BONES)]

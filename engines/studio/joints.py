"""What an avatar's vertices hang on: the canonical bones, and the file's own joints that move by themselves.

Joints beyond the canonical bones are those that a spring or a node constraint moves (hair, skirts, twist bones).
All others follow the canonical bone that they descend from, and are folded into it.

Source: VRM 0.x specification, `VRM.secondaryAnimation`; VRM 1.0 specification, `VRMC_springBone` and
`VRMC_node_constraint`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.swinging_names import swinging_nodes

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joints:
    """The J joints of an avatar; the first ``len(BONES)`` are the canonical bones, in their order.

    Args:
        names: of each joint: the bone's, or the file's own.
        parents: int64, (J,), index of each joint's parent, always smaller than its own; -1 for the hips.
        bone: int64, (J,), the canonical bone that each joint is or descends from.
        rest: float64, (J, 4, 4), each joint's own axes and place in the T-pose, canonical axes, metres.
    """

    names: tuple[str, ...]
    parents: I64
    bone: I64
    rest: F64

    def __len__(self) -> int:
        return len(self.names)

    def levels(self) -> tuple[I64, ...]:
        """Return the joints beyond the canonical bones, grouped so that parents stand in earlier groups."""
        depth = np.zeros(len(self), np.int64)
        for joint in range(len(BONES), len(self)):
            depth[joint] = depth[self.parents[joint]] + 1
        return tuple(np.flatnonzero(depth == level) for level in range(1, int(depth.max(initial=0)) + 1))


def self_moving_nodes(document: dict[str, Any], children: list[list[int]]) -> set[int]:
    """Return the indices of the nodes that springs or constraints move, or would if the file had any springs.

    Args:
        document: the file's JSON.
        children: the indices of each node's children.
    """
    extensions = document.get("extensions", {})
    moving: set[int] = set()
    for group in extensions.get("VRM", {}).get("secondaryAnimation", {}).get("boneGroups", []):
        waiting = [int(node) for node in group.get("bones", [])]
        while waiting:  # in VRM 0.x a group names roots; what hangs below swings too
            node = waiting.pop()
            if 0 <= node < len(children) and node not in moving:
                moving.add(node)
                waiting.extend(children[node])
    for spring in extensions.get("VRMC_springBone", {}).get("springs", []):
        moving |= {int(joint["node"]) for joint in spring.get("joints", []) if 0 <= int(joint["node"]) < len(children)}
    moving |= {
        index
        for index, node in enumerate(document.get("nodes", []))
        if "VRMC_node_constraint" in node.get("extensions", {})
    }
    return moving | swinging_nodes(document, children).keys()


def joint_matrices(joints: Joints, bones: F32, turns: F32 | None = None) -> F32:
    """Return the skinning matrices of all joints, float32 (J, 4, 4).

    Args:
        joints: the avatar's.
        bones: float32, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.
        turns: float32, (J - len(BONES), 3, 3), each further joint's rotation against its parent, about its own place,
            in the T-pose's axes; none: they follow their bones rigidly.
    """
    matrices = bones[joints.bone]
    if turns is None:
        return np.asarray(matrices, np.float32)
    first = len(BONES)
    if turns.shape != (len(joints) - first, 3, 3):
        raise ValueError(f"turns: got shape {turns.shape}, expected {(len(joints) - first, 3, 3)}")
    place = joints.rest[:, :3, 3]
    for level in joints.levels():
        turn = np.zeros((len(level), 4, 4))
        turn[:, :3, :3] = turns[level - first]
        turn[:, :3, 3] = place[level] - np.einsum("nij,nj->ni", turn[:, :3, :3], place[level])
        turn[:, 3, 3] = 1.0
        matrices[level] = matrices[joints.parents[level]] @ turn
    return np.asarray(matrices, np.float32)

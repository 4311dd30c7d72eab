"""The humanoid rig of a VRM file of either generation, read into the canonical skeleton.

VRM 0.x characters look along -Z; half a turn about +Y brings them into canonical axes, in which those of VRM 1.0 are
already.  Nodes that are neither a humanoid bone nor moved by a spring or a constraint follow their nearest ancestor
that is.

Source: VRM 0.x specification, `VRM.humanoid`; VRM 1.0 specification, `VRMC_vrm.humanoid`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.glb import Glb
from engines.skeleton import BONE_INDEX, BONES, PARENT
from engines.studio.joints import Joints, self_moving_nodes
from engines.studio.rest_pose import complete, straighten

F64 = npt.NDArray[np.float64]

#: Half a turn about +Y, from VRM 0.x's axes to the canonical ones.
_TURN = np.diag([-1.0, 1.0, -1.0, 1.0])
_REQUIRED = ("hips", "head", "left_upper_arm", "left_lower_arm", "right_upper_arm", "right_lower_arm")
_FOLDED = {"upper_chest": "chest", "left_toes": "left_foot", "right_toes": "right_foot", "jaw": "head"}
#: VRM 1.0 calls a thumb's bones by what they are in anatomy, VRM 0.x by their order.
_THUMBS_1 = {
    f"{side}_thumb_{newer}": f"{side}_thumb_{older}"
    for side in ("left", "right")
    for newer, older in (("metacarpal", "proximal"), ("proximal", "intermediate"))
}
#: Far beyond any figure, and far from where single precision ends.
_FARTHEST_M = 1e6
#: Bounds far above what avatars have: the largest of ours has 244 nodes, of which 130 swing.
MAX_NODES = 65_536
MAX_MOVING = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Where a file's nodes and bones are.

    Args:
        node_matrices: float64, (nodes, 4, 4), node to canonical axes, as the file rests.
        bone_of_node: int64, (nodes,), index into BONES of the bone that each node follows.
        joint_of_node: int64, (nodes,), index of the joint that each node is or follows.
        node_of_joint: int64, (J,), -1 for bones that the file lacks.
        bone_positions: float64, (len(BONES), 3), in the T-pose; missing bones are placed near their parent.
        corrections: float64, (len(BONES), 4, 4), from the file's rest pose to the T-pose.
        joints: the canonical bones and what moves by itself.
    """

    node_matrices: F64
    bone_of_node: npt.NDArray[np.int64]
    joint_of_node: npt.NDArray[np.int64]
    node_of_joint: npt.NDArray[np.int64]
    bone_positions: F64
    corrections: F64
    joints: Joints


def read_rig(glb: Glb) -> Rig:
    """Return the file's rig.

    Raises:
        AvatarError: it is no VRM humanoid, or bones that every humanoid has are missing.
    """
    nodes = glb.json.get("nodes", [])
    if len(nodes) > MAX_NODES:
        raise AvatarError(f"{glb.name}: has {len(nodes)} nodes, at most {MAX_NODES} are read; is it an avatar?")
    human = _human_bones(glb)
    to_canonical = np.eye(4) if is_vrm_1(glb) else _TURN
    missing = [name for name in _REQUIRED if not 0 <= human.get(name, -1) < len(nodes)]
    if missing:
        raise AvatarError(f"{glb.name}: humanoid bones missing: {', '.join(missing)}; assign them and export again")

    parents = _parents(nodes, glb.name)
    children: list[list[int]] = [[int(child) for child in node.get("children", [])] for node in nodes]
    matrices = np.zeros((len(nodes), 4, 4))
    bone_of_node = np.full(len(nodes), -1, np.int64)
    bone_at = {node: BONE_INDEX[_FOLDED.get(name, name)] for name, node in human.items()
               if _FOLDED.get(name, name) in BONE_INDEX}  # fmt: skip
    order = _parents_first(parents, glb.name)
    for index in order:
        parent = int(parents[index])
        local = _local_matrix(nodes[index])
        matrices[index] = (to_canonical if parent < 0 else matrices[parent]) @ local
        inherited = BONE_INDEX["hips"] if parent < 0 else bone_of_node[parent]
        bone_of_node[index] = bone_at.get(index, inherited)
    lost = np.flatnonzero(~(np.abs(matrices) < _FARTHEST_M).all(axis=(1, 2)))
    if len(lost):
        raise AvatarError(f"{glb.name}: node {lost[0]} lies nowhere near the figure; repair it and export again")

    positions = {name: matrices[node][:3, 3] for name, node in human.items() if name in BONE_INDEX}
    resting = complete(positions)
    corrections = straighten(resting)
    placed = np.einsum("bij,bj->bi", corrections[:, :3, :3], resting) + corrections[:, :3, 3]

    self_moving = self_moving_nodes(glb.json, children)
    moving = [index for index in order if index in self_moving and index not in bone_at]
    if len(moving) > MAX_MOVING:
        raise AvatarError(f"{glb.name}: {len(moving)} nodes swing or turn by themselves, at most {MAX_MOVING} can")
    joint_of_node = bone_of_node.copy()
    joint_at = {index: len(BONES) + place for place, index in enumerate(moving)}
    for index in order:
        parent = int(parents[index])
        if index in joint_at:
            joint_of_node[index] = joint_at[index]
        elif index not in bone_at and parent >= 0:
            joint_of_node[index] = joint_of_node[parent]
    node_of_joint = np.full(len(BONES) + len(moving), -1, np.int64)
    for node, bone in bone_at.items():
        if node_of_joint[bone] < 0 or human.get(BONES[bone]) == node:
            node_of_joint[bone] = node
    node_of_joint[len(BONES) :] = moving
    return Rig(
        node_matrices=matrices,
        bone_of_node=bone_of_node,
        joint_of_node=joint_of_node,
        node_of_joint=node_of_joint,
        bone_positions=placed,
        corrections=corrections,
        joints=_joints(nodes, parents, matrices, corrections, bone_of_node, joint_of_node, node_of_joint, placed),
    )


def is_vrm_1(glb: Glb) -> bool:
    """Return whether the file is VRM 1.0; a file that carries both generations is read as the newer one."""
    return "VRMC_vrm" in glb.json.get("extensions", {})


def _human_bones(glb: Glb) -> dict[str, int]:
    """Return our names of the file's humanoid bones -> node index."""
    extensions = glb.json.get("extensions", {})
    if is_vrm_1(glb):
        bones = extensions["VRMC_vrm"].get("humanoid", {}).get("humanBones", {})
        named = {_snake(name): int(bone["node"]) for name, bone in bones.items()}
        return {_THUMBS_1.get(name, name): node for name, node in named.items()}
    if "VRM" not in extensions:
        raise AvatarError(f"{glb.name}: has no VRM extension, neither 0.x's nor 1.0's; export it as VRM")
    bones = extensions["VRM"].get("humanoid", {}).get("humanBones", [])
    return {_snake(bone["bone"]): int(bone["node"]) for bone in bones}


def _joints(
    nodes: list[dict[str, Any]],
    parents: npt.NDArray[np.int64],
    matrices: F64,
    corrections: F64,
    bone_of_node: npt.NDArray[np.int64],
    joint_of_node: npt.NDArray[np.int64],
    node_of_joint: npt.NDArray[np.int64],
    bone_positions: F64,
) -> Joints:
    names, above, bone = list(BONES), list(PARENT), list(range(len(BONES)))
    rest = np.tile(np.eye(4), (len(node_of_joint), 1, 1))
    for joint, node in enumerate(node_of_joint.tolist()):
        if node >= 0:
            rest[joint] = corrections[bone_of_node[node]] @ matrices[node]
        if joint >= len(BONES):
            names.append(str(nodes[node].get("name", f"node {node}")))
            above.append(int(joint_of_node[parents[node]]) if parents[node] >= 0 else BONE_INDEX["hips"])
            bone.append(int(bone_of_node[node]))
    rest[: len(BONES), :3, 3] = bone_positions
    return Joints(names=tuple(names), parents=np.array(above), bone=np.array(bone), rest=rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _parents(nodes: list[dict[str, Any]], name: str) -> npt.NDArray[np.int64]:
    """Return each node's parent, -1 for roots."""
    parents = np.full(len(nodes), -1, np.int64)
    for index, node in enumerate(nodes):
        for child in node.get("children", []):
            if not 0 <= int(child) < len(nodes):
                raise AvatarError(f"{name}: node {index} has child {child} of {len(nodes)} nodes; export it again")
            parents[int(child)] = index
    return parents


def _parents_first(parents: npt.NDArray[np.int64], name: str) -> list[int]:
    children: list[list[int]] = [[] for _ in parents]
    for index, parent in enumerate(parents.tolist()):
        if parent >= 0:
            children[parent].append(index)
    order: list[int] = []
    level = np.flatnonzero(parents < 0).tolist()
    while level:
        order.extend(level)
        level = sorted(child for index in level for child in children[index])
    if len(order) < len(parents):
        raise AvatarError(f"{name}: its node tree has a loop; export the file again")
    return order


def _local_matrix(node: dict[str, list[float]]) -> F64:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", [0.0, 0.0, 0.0, 1.0])
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(node.get("scale", [1.0, 1.0, 1.0]))
    matrix[:3, 3] = node.get("translation", [0.0, 0.0, 0.0])
    return matrix

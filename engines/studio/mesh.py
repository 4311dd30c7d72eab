"""All of a VRM file's triangles as one mesh in the canonical T-pose.

Primitives are baked through their skin into canonical axes, stripped of vertices that no triangle uses, and put
one behind the other in draw order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.glb import Glb
from engines.studio.materials import Material
from engines.studio.rig import Rig

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
F64 = npt.NDArray[np.float64]

_TRIANGLES_MODE = 4
_INFLUENCES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A run of triangles with one material: `count` of them from `first`."""

    material: int
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Where a primitive's vertices went.

    Args:
        mesh: index of the glTF mesh.
        primitive: the primitive's JSON.
        first: its first vertex in the merged mesh.
        used: int64, (n,), which of its own vertices were kept, in order.
        to_canonical: float64, (n, 3, 3), turns its directions into canonical axes.
    """

    mesh: int
    primitive: dict[str, Any]
    first: int
    used: npt.NDArray[np.int64]
    to_canonical: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The merged mesh; arrays as in :class:`engines.studio.avatar.Avatar`."""

    positions: F32
    normals: F32
    uvs: F32
    joint_ids: I32
    joint_weights: F32
    triangles: I32
    draws: tuple[Draw, ...]
    pieces: tuple[Piece, ...]


def read_mesh(glb: Glb, rig: Rig, materials: tuple[Material, ...], leave_out: Collection[str] = ()) -> Mesh:
    """Return the merged mesh, without the glTF nodes and meshes named in `leave_out`.

    Raises:
        AvatarError: nothing visible is left.
    """
    meshes = glb.json.get("meshes", [])
    found: list[tuple[int, int, int, dict[str, Any]]] = []
    for index, node in enumerate(glb.json.get("nodes", [])):
        if "mesh" not in node or {node.get("name"), meshes[node["mesh"]].get("name")} & set(leave_out):
            continue
        for primitive in meshes[node["mesh"]]["primitives"]:
            material = int(primitive.get("material", -1))
            if primitive.get("mode", _TRIANGLES_MODE) != _TRIANGLES_MODE or not 0 <= material < len(materials):
                continue
            if not materials[material].invisible:
                found.append((materials[material].render_queue, index, material, primitive))
    if not found:
        raise AvatarError(f"{glb.name}: has no visible triangles; was it exported with its meshes?")
    found.sort(key=lambda item: item[0])

    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: [] for name in ("positions", "normals", "uvs", "joint_ids", "joint_weights", "triangles")
    }
    draws: list[Draw] = []
    pieces: list[Piece] = []
    vertices = triangles = 0
    for _, node, material, primitive in found:
        piece, arrays = _bake(glb, rig, node, primitive, vertices)
        arrays["uvs"] = materials[material].uv_transform.apply(arrays["uvs"])
        for name, array in arrays.items():
            columns[name].append(array)
        count = len(arrays["triangles"])
        if draws and draws[-1].material == material:
            draws[-1] = Draw(material=material, first=draws[-1].first, count=draws[-1].count + count)
        else:
            draws.append(Draw(material=material, first=triangles, count=count))
        pieces.append(piece)
        vertices += len(arrays["positions"])
        triangles += count
    merged = {name: np.ascontiguousarray(np.concatenate(arrays)) for name, arrays in columns.items()}
    return Mesh(**merged, draws=tuple(draws), pieces=tuple(pieces))


def _bake(
    glb: Glb, rig: Rig, node: int, primitive: dict[str, Any], first: int
) -> tuple[Piece, dict[str, npt.NDArray[Any]]]:
    attributes = primitive["attributes"]
    positions = glb.accessor(attributes["POSITION"])
    if "indices" in primitive:
        indices = glb.accessor(primitive["indices"])[:, 0].astype(np.int64)
    else:
        indices = np.arange(len(positions))
    indices = indices[: len(indices) // 3 * 3]
    if len(indices) and int(indices.max()) >= len(positions):
        raise AvatarError(f"{glb.name}: a triangle uses vertex {indices.max()} of {len(positions)}; export it again")
    used, local = np.unique(indices, return_inverse=True)
    count = len(used)

    gltf_node = glb.json["nodes"][node]
    if "skin" in gltf_node and "JOINTS_0" in attributes:
        skin = glb.json["skins"][gltf_node["skin"]]
        nodes = np.array(skin["joints"], np.int64)
        matrices = rig.node_matrices[nodes]
        if "inverseBindMatrices" in skin:
            inverse_bind = glb.accessor(skin["inverseBindMatrices"]).astype(np.float64)
            matrices = matrices @ inverse_bind.reshape(-1, 4, 4).transpose(0, 2, 1)
        joints = glb.accessor(attributes["JOINTS_0"])[used].astype(np.int64)
        weights = glb.accessor(attributes["WEIGHTS_0"])[used].astype(np.float64)
    else:
        nodes, matrices = np.array([node]), rig.node_matrices[[node]]
        joints, weights = np.zeros((count, 1), np.int64), np.ones((count, 1))
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, weights / np.maximum(total, 1e-9), np.eye(weights.shape[1])[0])
    bones = rig.bone_of_node[nodes]
    corrected = rig.corrections[bones] @ matrices  # (J, 4, 4)
    blended = np.einsum("nk,nkij->nij", weights, corrected[joints])

    def turned(vectors: npt.NDArray[Any]) -> F64:
        return np.asarray(np.einsum("nij,nj->ni", blended[:, :3, :3], vectors.astype(np.float64)))

    placed = turned(positions[used]) + blended[:, :3, 3]
    if "NORMAL" in attributes:
        normals = turned(glb.accessor(attributes["NORMAL"])[used])
    else:
        normals = _face_normals(placed, local.reshape(-1, 3))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    uvs = glb.accessor(attributes["TEXCOORD_0"])[used] if "TEXCOORD_0" in attributes else np.zeros((count, 2))

    dense = np.zeros((count, len(rig.joints)))
    for column in range(joints.shape[1]):
        np.add.at(dense, (np.arange(count), rig.joint_of_node[nodes][joints[:, column]]), weights[:, column])
    joint_ids = np.argsort(-dense, axis=1, kind="stable")[:, :_INFLUENCES]
    joint_weights = np.take_along_axis(dense, joint_ids, axis=1)
    joint_weights /= joint_weights.sum(axis=1, keepdims=True)
    joint_ids = np.where(joint_weights > 0, joint_ids, 0)
    piece = Piece(mesh=gltf_node["mesh"], primitive=primitive, first=first, used=used, to_canonical=blended[:, :3, :3])
    return piece, {
        "positions": placed.astype(np.float32),
        "normals": normals.astype(np.float32),
        "uvs": uvs.astype(np.float32),
        "joint_ids": joint_ids.astype(np.int32),
        "joint_weights": joint_weights.astype(np.float32),
        "triangles": (local.reshape(-1, 3) + first).astype(np.int32),
    }


def _face_normals(positions: F64, triangles: npt.NDArray[Any]) -> F64:
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return normals

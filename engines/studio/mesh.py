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
from engines.studio.influences import columns, expect_finite, influences, strongest
from engines.studio.materials import Material
from engines.studio.rig import Rig

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_TRIANGLES_MODE = 4
#: Bounds far above what avatars have: the largest of ours has 46,000 triangles and 33,000 vertices.
MAX_VERTICES = 1_000_000
MAX_TRIANGLES = 2_000_000
MAX_PIECES = 4_096


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
        node: index of the node that it hangs on.
        mesh: index of the glTF mesh.
        primitive: the primitive's JSON.
        first: its first vertex in the merged mesh.
        used: int64, (n,), which of its own vertices were kept, in order.
        to_canonical: float64, (n, 3, 3), turns its directions into canonical axes.
    """

    node: int
    mesh: int
    primitive: dict[str, Any]
    first: int
    used: npt.NDArray[np.int64]
    to_canonical: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The merged mesh; arrays as in :class:`engines.studio.avatar.Avatar`."""

    positions: F32
    apart: F32
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
    found = _visible(glb, materials, leave_out)
    if not found:
        raise AvatarError(f"{glb.name}: has no visible triangles; was it exported with its meshes?")
    found.sort(key=lambda item: item[0])

    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: [] for name in ("positions", "apart", "normals", "uvs", "joint_ids", "joint_weights", "triangles")
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
        if triangles > MAX_TRIANGLES:
            raise AvatarError(_too_large(glb))
    if not triangles:
        raise AvatarError(f"{glb.name}: has no visible triangles; was it exported with its meshes?")
    merged = {name: np.ascontiguousarray(np.concatenate(arrays)) for name, arrays in columns.items()}
    return Mesh(**merged, draws=tuple(draws), pieces=tuple(pieces))


def _visible(
    glb: Glb, materials: tuple[Material, ...], leave_out: Collection[str]
) -> list[tuple[int, int, int, dict[str, Any]]]:
    """Return (render queue, node, material, primitive) of all that is to be drawn."""
    meshes = glb.json.get("meshes", [])
    found: list[tuple[int, int, int, dict[str, Any]]] = []
    for index, node in enumerate(glb.json.get("nodes", [])):
        if "mesh" not in node:
            continue
        if not 0 <= int(node["mesh"]) < len(meshes):
            raise AvatarError(f"{glb.name}: node {index} shows mesh {node['mesh']} of {len(meshes)}; export it again")
        if {str(node.get("name")), str(meshes[node["mesh"]].get("name"))} & set(leave_out):
            continue
        for primitive in meshes[node["mesh"]]["primitives"]:
            material = int(primitive.get("material", -1))
            if primitive.get("mode", _TRIANGLES_MODE) != _TRIANGLES_MODE or not 0 <= material < len(materials):
                continue
            if not materials[material].invisible:
                found.append((materials[material].render_queue, index, material, primitive))
            if len(found) > MAX_PIECES:
                raise AvatarError(f"{glb.name}: has more than {MAX_PIECES} pieces; join its meshes and export again")
    return found


def _bake(
    glb: Glb, rig: Rig, node: int, primitive: dict[str, Any], first: int
) -> tuple[Piece, dict[str, npt.NDArray[Any]]]:
    attributes = primitive["attributes"]
    positions = columns(glb, attributes, "POSITION", 3)
    if "indices" in primitive:
        indices = glb.accessor(primitive["indices"])[:, 0].astype(np.int64)
    else:
        indices = np.arange(len(positions))
    indices = indices[: len(indices) // 3 * 3]
    if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < len(positions):
        raise AvatarError(f"{glb.name}: a triangle uses vertex {indices.max()} of {len(positions)}; export it again")
    if len(indices) > 3 * MAX_TRIANGLES:
        raise AvatarError(_too_large(glb))
    used, local = np.unique(indices, return_inverse=True)

    if first + len(used) > MAX_VERTICES:
        raise AvatarError(_too_large(glb))
    nodes, matrices, joints, weights = influences(glb, rig, node, attributes, used)
    corrected = rig.corrections[rig.bone_of_node[nodes]] @ matrices  # (J, 4, 4)
    blended = np.zeros((len(used), 4, 4))
    for column in range(joints.shape[1]):  # all at once would take a kilobyte per vertex
        blended += weights[:, column, None, None] * corrected[joints[:, column]]

    def turned(vectors: npt.NDArray[Any]) -> F64:
        return np.asarray(np.einsum("nij,nj->ni", blended[:, :3, :3], vectors.astype(np.float64)))

    placed = turned(positions[used]) + blended[:, :3, 3]
    normals = turned(columns(glb, attributes, "NORMAL", 3, len(positions))[used]) if "NORMAL" in attributes else None
    if normals is None or not np.isfinite(normals).all():
        normals = _face_normals(placed, local.reshape(-1, 3))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    uvs = np.zeros((len(used), 2))
    if "TEXCOORD_0" in attributes:
        uvs = columns(glb, attributes, "TEXCOORD_0", 2, len(positions))[used]
    expect_finite(glb, placed.astype(np.float32), "its vertices")
    expect_finite(glb, uvs.astype(np.float32), "its texture coordinates")

    apart = np.empty((*joints.shape, 3))
    for column in range(joints.shape[1]):
        one = corrected[joints[:, column]]
        apart[:, column] = np.einsum("nij,nj->ni", one[:, :3, :3], positions[used].astype(np.float64)) + one[:, :3, 3]
    joint_ids, joint_weights, apart = strongest(rig.joint_of_node[nodes][joints], weights, apart)
    piece = Piece(
        node=node, mesh=glb.json["nodes"][node]["mesh"], primitive=primitive, first=first, used=used,
        to_canonical=blended[:, :3, :3],
    )  # fmt: skip
    return piece, {
        "positions": placed.astype(np.float32),
        "apart": apart.astype(np.float32),
        "normals": normals.astype(np.float32),
        "uvs": uvs.astype(np.float32),
        "joint_ids": joint_ids.astype(np.int32),
        "joint_weights": joint_weights.astype(np.float32),
        "triangles": (local.reshape(-1, 3) + first).astype(np.int32),
    }


def _too_large(glb: Glb) -> str:
    bounds = f"{MAX_VERTICES} vertices or {MAX_TRIANGLES} triangles"
    return f"{glb.name}: has more than {bounds}; reduce its mesh and export again"


def _face_normals(positions: F64, triangles: npt.NDArray[Any]) -> F64:
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return normals

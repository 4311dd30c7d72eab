"""What a primitive's vertices hang on, and their other attributes, checked.

Source: glTF 2.0 specification, "Skins" and "Meshes" (section 3.7).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.glb import Glb
from engines.studio.rig import Rig

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_INFLUENCES = 4
#: JOINTS_0 and JOINTS_1: eight influences, of which the strongest four count.
_INFLUENCE_SETS = 2
#: Far beyond what a figure needs, in metres, textures or weights; squares and products stay within single precision.
_LARGEST = 1e6


def influences(glb: Glb, rig: Rig, node: int, attributes: dict[str, Any], used: I64) -> tuple[I64, F64, I64, F64]:
    """Return what vertices hang on: nodes (J,), their matrices (J, 4, 4), and per vertex joints and weights (n, K).

    Args:
        glb: the file.
        rig: its rig.
        node: the one that shows the mesh; vertices without a skin hang on it.
        attributes: the primitive's.
        used: which vertices are asked for.

    Raises:
        AvatarError: the skin points outside the file, or weights are no finite numbers.
    """
    gltf_node = glb.json["nodes"][node]
    if "skin" not in gltf_node or "JOINTS_0" not in attributes:
        return np.array([node]), rig.node_matrices[[node]], np.zeros((len(used), 1), np.int64), np.ones((len(used), 1))
    skin = glb.json["skins"][gltf_node["skin"]]
    nodes = np.array([int(joint) for joint in skin["joints"]], np.int64)
    if not len(nodes) or not 0 <= nodes.min() <= nodes.max() < len(rig.node_matrices):
        raise AvatarError(f"{glb.name}: a skin's joints point to no nodes; export it again")
    matrices = rig.node_matrices[nodes]
    if "inverseBindMatrices" in skin:
        inverse_bind = glb.accessor(skin["inverseBindMatrices"]).astype(np.float64)
        if len(inverse_bind) < len(nodes):
            raise AvatarError(
                f"{glb.name}: a skin of {len(nodes)} joints has {len(inverse_bind)} matrices; export it again"
            )
        matrices = matrices @ inverse_bind[: len(nodes)].reshape(-1, 4, 4).transpose(0, 2, 1)
    sets = [number for number in range(_INFLUENCE_SETS) if f"JOINTS_{number}" in attributes]
    joints, weights = (
        np.concatenate([_rows(glb, attributes, f"{name}_{number}", used) for number in sets], axis=1)
        for name in ("JOINTS", "WEIGHTS")
    )
    joints, weights = joints.astype(np.int64), weights.astype(np.float64)
    expect_finite(glb, weights, "its vertices' weights")
    joints = np.where(weights > 0, joints, 0)  # exporters leave rubbish where nothing weighs
    if joints.size and not 0 <= joints.min() <= joints.max() < len(nodes):
        raise AvatarError(f"{glb.name}: a vertex hangs on joint {joints.max()} of {len(nodes)}; export it again")
    weights = np.maximum(weights, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, weights / np.maximum(total, 1e-9), np.eye(weights.shape[1])[0])
    return nodes, matrices, joints, weights


def strongest(joints: I64, weights: F64, places: F64) -> tuple[I64, F64, F64]:
    """Return the four joints (n, 4) that weigh most, each once, their weights, which sum to 1, and their places.

    Args:
        joints: int64, (n, K).
        weights: float64, (n, K).
        places: float64, (n, K, 3), where each joint alone would put the vertex; what the four make of them together
            is what all made of them.
    """
    weights, places = weights.copy(), places.copy()
    together = np.einsum("nk,nki->ni", weights, places)
    for later in range(1, joints.shape[1]):
        for earlier in range(later):
            same = (joints[:, later] == joints[:, earlier]) & (weights[:, later] > 0)
            both = weights[same, earlier] + weights[same, later]
            part = (weights[same, later] / both)[:, None]
            places[same, earlier] += (places[same, later] - places[same, earlier]) * part
            weights[same, earlier], weights[same, later] = both, 0.0
    missing = max(_INFLUENCES - joints.shape[1], 0)
    joints = np.pad(joints, ((0, 0), (0, missing)))
    weights = np.pad(weights, ((0, 0), (0, missing)))
    places = np.pad(places, ((0, 0), (0, missing), (0, 0)))
    order = np.lexsort((joints, -weights), axis=1)[:, :_INFLUENCES]
    joints, weights = np.take_along_axis(joints, order, axis=1), np.take_along_axis(weights, order, axis=1)
    places = np.take_along_axis(places, order[:, :, None], axis=1)
    weights /= weights.sum(axis=1, keepdims=True)
    places += (together - np.einsum("nk,nki->ni", weights, places))[:, None]
    return np.where(weights > 0, joints, 0), weights, places


def _rows(glb: Glb, attributes: dict[str, Any], name: str, used: I64) -> npt.NDArray[Any]:
    return columns(glb, attributes, name, 4, int(used.max(initial=-1)) + 1)[used]


def columns(glb: Glb, attributes: dict[str, Any], name: str, components: int, rows: int = 0) -> npt.NDArray[Any]:
    """Return a vertex attribute, (at least `rows`, `components`); raises as :func:`influences` does."""
    values = glb.accessor(attributes[name])
    if values.shape[1] != components or len(values) < rows:
        expected = (
            f"expected {components} numbers for each of {rows} vertices" if rows else f"expected {components} a row"
        )
        raise AvatarError(f"{glb.name}: {name} has {values.shape[1]} numbers for {len(values)} vertices, {expected}")
    return values


def expect_finite(glb: Glb, values: npt.NDArray[Any], what: str) -> None:
    """Raise an AvatarError unless all values are finite, and of a size that can be drawn."""
    if not (np.abs(values) < _LARGEST).all():
        raise AvatarError(
            f"{glb.name}: {what} are not all finite numbers below {_LARGEST:g}; repair the mesh and export it again"
        )

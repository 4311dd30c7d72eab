"""From a control vector to a posed avatar: morph weights, morphed rest mesh, skinning matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.controls import EXPRESSIONS, INDEX, SIDES, VISEMES, ControlVector
from engines.skeleton import forward_kinematics
from engines.studio.avatar import Avatar

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """An avatar in a pose, before skinning.

    Args:
        positions: float32, (N, 3), the T-pose with the face's morphs applied.
        skinning: float32, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.
    """

    positions: F32
    skinning: F32


def expression_weights(vector: ControlVector) -> dict[str, float]:
    """Return morph name -> weight, 0..1, of the control vector; weights of 0 are left out.

    Joy closes the eyes and opens the mouth by itself, so blinks and visemes fade as it grows; visemes
    that sum to more than 1 are scaled down to 1.
    """

    def value(name: str) -> float:
        return float(vector[INDEX[name]])

    keep = 1.0 - min(max(value("joy"), 0.0), 1.0)
    viseme_sum = sum(value(name) for name in VISEMES)
    viseme_scale = keep / max(viseme_sum, 1.0)
    weights = {name: value(name) for name in (*EXPRESSIONS, "smile")}
    weights |= {name: value(name) * viseme_scale for name in VISEMES}
    for side in SIDES:
        weights[f"blink_{side}"] = value(f"blink_{side}") * keep
        brow = value(f"brow_{side}")
        weights[f"brow_up_{side}"] = max(brow, 0.0)
        weights[f"brow_down_{side}"] = max(-brow, 0.0)
    return {name: weight for name, weight in weights.items() if weight > 0.0}


def morphed_positions(avatar: Avatar, vector: ControlVector) -> F32:
    """Return the T-pose with the face's expressions applied, (N, 3), metres."""
    positions = avatar.positions.copy()
    for name, weight in expression_weights(vector).items():
        morph = avatar.expressions.get(name)
        if morph is not None:
            positions[morph.vertices] += morph.deltas * np.float32(weight)
    return positions


def posed(avatar: Avatar, vector: ControlVector) -> Posed:
    """Return the avatar in the pose of the control vector."""
    return Posed(
        positions=morphed_positions(avatar, vector),
        skinning=forward_kinematics(vector, avatar.proportions),
    )


def skinned(avatar: Avatar, pose: Posed, vertices: npt.NDArray[np.integer[Any]] | slice | None = None) -> F32:
    """Return posed vertex positions, (n, 3), metres, by linear blend skinning; all vertices by default."""
    chosen = slice(None) if vertices is None else vertices
    ids, weights = avatar.bone_ids[chosen], avatar.bone_weights[chosen]
    rest = pose.positions[chosen]
    rows = np.ascontiguousarray(pose.skinning[:, :3].reshape(len(pose.skinning), 12))
    blended = rows[ids[:, 0]] * weights[:, :1]
    for column in range(1, ids.shape[1]):
        touched = np.nonzero(weights[:, column])[0]
        blended[touched] += rows[ids[touched, column]] * weights[touched, column : column + 1]
    matrices = blended.reshape(-1, 3, 4)
    return np.asarray(np.einsum("nij,nj->ni", matrices[:, :, :3], rest) + matrices[:, :, 3], np.float32)


def posed_positions(avatar: Avatar, vector: ControlVector) -> F32:
    """Return every vertex in the pose of the control vector, (N, 3), metres."""
    return skinned(avatar, posed(avatar, vector))

"""From a control vector to a posed avatar: joint matrices, and every vertex by linear blend skinning.

The mesh is posed on the CPU, once per pose: all passes over a picture and all of its labels then share the result.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from engines.controls import ControlVector
from engines.expression import expression_weights
from engines.skeleton import forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.expression_traits import held_back
from engines.studio.joints import joint_matrices

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posed:
    """An avatar in a pose.

    Args:
        joints: float32, (J, 4, 4), skinning matrices: T-pose to posed, canonical axes, metres.
        positions: float32, (N, 3), metres.
        normals: float32, (N, 3), not normalised.
        weights: of the expressions that it shows, 0..1, for what they do to materials.
    """

    joints: F32
    positions: F32
    normals: F32
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Skin:
    """Sparse matrices that, times the joints' columns, give vertex positions and normals."""

    positions: sparse.csr_matrix  # (N, J * 4)
    normals: sparse.csr_matrix  # (N, J * 3)


_skins: weakref.WeakKeyDictionary[Avatar, _Skin] = weakref.WeakKeyDictionary()


def posed(avatar: Avatar, vector: ControlVector, turns: F32 | None = None) -> Posed:
    """Return the avatar in the pose of the control vector.

    Args:
        avatar: whom to pose.
        vector: the pose.
        turns: float32, (J - len(BONES), 3, 3), what springs and constraints add; see
            :func:`engines.studio.joints.joint_matrices`.  None: those joints follow their bones.
    """
    skin = _skin(avatar)
    matrices = joint_matrices(avatar.joints, forward_kinematics(vector, avatar.proportions), turns)
    columns = matrices[:, :3].transpose(0, 2, 1)  # (J, 4, 3)
    positions = skin.positions @ columns.reshape(-1, 3)
    weights = held_back(expression_weights(vector, avatar.look_at), avatar.traits)
    for name, weight in weights.items():
        morph = avatar.expressions.get(name)
        if morph is None:
            continue
        ids, shares = avatar.joint_ids[morph.vertices], avatar.joint_weights[morph.vertices] * np.float32(weight)
        turned = np.einsum("nk,nkij,nj->ni", shares, matrices[ids, :3, :3], morph.deltas, optimize=True)
        positions[morph.vertices] += turned
    normals = skin.normals @ np.ascontiguousarray(columns[:, :3]).reshape(-1, 3)
    return Posed(
        joints=matrices,
        positions=np.asarray(positions, np.float32),
        normals=np.asarray(normals, np.float32),
        weights=weights,
    )


def _skin(avatar: Avatar) -> _Skin:
    skin = _skins.get(avatar)
    if skin is None:
        places = avatar.positions[:, None] if avatar.apart is None else avatar.apart
        homogeneous = np.concatenate([places, np.ones((*places.shape[:2], 1), np.float32)], axis=2)
        skin = _Skin(positions=_matrix(avatar, homogeneous), normals=_matrix(avatar, avatar.normals[:, None]))
        _skins[avatar] = skin
    return skin


def _matrix(avatar: Avatar, vectors: F32) -> sparse.csr_matrix:
    """Return the matrix (N, J * D) that, times the joints' columns, skins vectors, (N, 4, D) or (N, 1, D) for all."""
    count, _, size = vectors.shape
    influences = avatar.joint_ids.shape[1]
    values = (avatar.joint_weights[:, :, None] * vectors).reshape(-1)
    columns = (avatar.joint_ids[:, :, None] * size + np.arange(size)).reshape(-1)
    rows = np.repeat(np.arange(count), influences * size)
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(count, len(avatar.joints) * size), dtype=np.float32)
    matrix.eliminate_zeros()
    return matrix

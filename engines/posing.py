"""From a control vector to a posed figure: joints, hair and cloth, expressions, and every vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.expression import expression_weights
from engines.figure import Figure
from engines.skeleton import BONES, Proportions, forward_kinematics
from engines.springs import settled

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosedFigure:
    """A figure in a pose.

    Args:
        joints: float32, (J, 3, 4), skinning matrices: T-pose to posed, metres.
        positions: float32, (N, 3), metres.
        normals: float32, (N, 3), about unit length.
    """

    joints: F32
    positions: F32
    normals: F32


def posed_figure(
    figure: Figure, proportions: Proportions, vector: ControlVector, turns: F32 | None = None
) -> PosedFigure:
    """Return a figure in the pose of a control vector.

    Args:
        figure: whose.
        proportions: the character's.
        vector: the pose.
        turns: float32, (J - len(BONES), 3, 3), what :class:`engines.springs.Swinging` returns: how hair and cloth are
            turned; None: they hang at rest.

    Raises:
        ValueError: there are not as many turns as joints beyond the bones.
    """
    bones = forward_kinematics(vector, proportions)
    if turns is None:
        turns = settled(figure.joints, bones)
    free = len(figure.joints.parents) - len(BONES)
    if turns.shape != (free, 3, 3):
        raise ValueError(f"turns: got shape {turns.shape}, expected {(free, 3, 3)}")
    joints = np.zeros((len(BONES) + free, 3, 4), np.float32)
    joints[: len(BONES)] = bones[:, :3]
    _hang(figure.joints.parents, figure.joints.places, np.ascontiguousarray(turns, np.float32), joints)
    places = figure.places
    weights = expression_weights(vector, figure.look_at)
    if any(name in figure.morphs for name in weights):
        places = places.copy()
        for name, weight in weights.items():
            morph = figure.morphs.get(name)
            if morph is not None:
                places[morph.vertices] += (morph.deltas * np.float32(weight))[:, None]
    positions, normals = np.empty((len(places), 3), np.float32), np.empty((len(places), 3), np.float32)
    _skin(places, figure.normals, figure.joint_ids, figure.joint_weights, joints, positions, normals)
    return PosedFigure(joints=joints, positions=positions, normals=normals)


@numba.njit(nogil=True, cache=True)
def _hang(parents: npt.NDArray[np.int32], places: npt.NDArray[np.float64], turns: F32, joints: F32) -> None:
    """Fill in the joints beyond the bones: their parent's, turned about their own place."""
    first = len(joints) - len(turns)
    for number in range(len(turns)):
        joint = first + number
        turn, place, parent = turns[number], places[joint], joints[parents[joint]]
        for i in range(3):
            offset = np.float64(parent[i, 3])
            for j in range(3):
                joints[joint, i, j] = parent[i, 0] * turn[0, j] + parent[i, 1] * turn[1, j] + parent[i, 2] * turn[2, j]
                offset += (parent[i, j] - joints[joint, i, j]) * place[j]
            joints[joint, i, 3] = offset


@numba.njit(nogil=True, cache=True, fastmath=True, parallel=True)
def _skin(
    places: F32,
    normals: F32,
    ids: npt.NDArray[np.int32],
    weights: F32,
    joints: F32,
    positions: F32,
    turned: F32,
) -> None:
    """Pose every vertex by linear blend skinning."""
    apart = places.shape[1] > 1
    for n in numba.prange(len(places)):
        x = y = z = u = v = w = np.float32(0.0)
        nx, ny, nz = normals[n, 0], normals[n, 1], normals[n, 2]
        for k in range(4):
            share = weights[n, k]
            if share > 0.0:
                m = joints[ids[n, k]]
                p = places[n, k if apart else 0]
                x += share * (m[0, 0] * p[0] + m[0, 1] * p[1] + m[0, 2] * p[2] + m[0, 3])
                y += share * (m[1, 0] * p[0] + m[1, 1] * p[1] + m[1, 2] * p[2] + m[1, 3])
                z += share * (m[2, 0] * p[0] + m[2, 1] * p[1] + m[2, 2] * p[2] + m[2, 3])
                u += share * (m[0, 0] * nx + m[0, 1] * ny + m[0, 2] * nz)
                v += share * (m[1, 0] * nx + m[1, 1] * ny + m[1, 2] * nz)
                w += share * (m[2, 0] * nx + m[2, 1] * ny + m[2, 2] * nz)
        positions[n, 0], positions[n, 1], positions[n, 2] = x, y, z
        length = np.float32(1.0) / max(np.sqrt(u * u + v * v + w * w), np.float32(1e-6))
        turned[n, 0], turned[n, 1], turned[n, 2] = u * length, v * length, w * length

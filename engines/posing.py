"""From a control vector to a posed figure: joints, hair and cloth at rest, expressions, and every vertex.

Hair and cloth hang where springs would let them settle, found from the pose by a polynomial that was fitted to the
springs when the figure was made: an engine that keeps no state between pictures can draw them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.expression import expression_weights
from engines.figure import Figure
from engines.skeleton import BONE_INDEX, BONES, Proportions, forward_kinematics

F32 = npt.NDArray[np.float32]

#: Bones whose place in space decides how things hang, and how many numbers that gives: down, in each bone's axes.
_HUNG_ON = ("hips", "chest", "head")
_LINEAR = 3 * len(_HUNG_ON) + 3
#: Numbers that the polynomial of :func:`settling_features` has.
SETTLING_FEATURES = 1 + _LINEAR + _LINEAR * (_LINEAR + 1) // 2


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


def settling_features(bones: F32) -> F32:
    """Return the features, (SETTLING_FEATURES,), that decide how hair and cloth hang.

    They are 1, which way is down for hips, chest and head (less what it is in the T-pose), how the head is turned
    against the chest (the rotation's antisymmetric part), and all products of two of these.

    Args:
        bones: float32, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.
    """
    turned = [bones[BONE_INDEX[name], :3, :3] for name in _HUNG_ON]
    down = [-rotation[1] + _UP for rotation in turned]  # R^T (0, -1, 0), which is (0, -1, 0) in the T-pose
    against = turned[1].T @ turned[2]
    twist = np.array([against[2, 1] - against[1, 2], against[0, 2] - against[2, 0], against[1, 0] - against[0, 1]]) / 2
    linear = np.concatenate([*down, twist])
    return np.concatenate([_ONE, linear, np.outer(linear, linear)[_UPPER]]).astype(np.float32)


_UP = np.array([0.0, 1.0, 0.0], np.float32)
_ONE = np.ones(1, np.float32)
_UPPER = np.triu_indices(_LINEAR)


def posed_figure(
    figure: Figure, proportions: Proportions, vector: ControlVector, turns: F32 | None = None
) -> PosedFigure:
    """Return a figure in the pose of a control vector.

    Args:
        figure: whose.
        proportions: the character's.
        vector: the pose.
        turns: float32, (J - len(BONES), 3), radians: how further joints are turned, where that is known; None: as the
            figure's polynomial says.
    """
    bones = forward_kinematics(vector, proportions)
    free = len(figure.joint_parents) - len(BONES)
    if turns is None:
        turns = np.tensordot(settling_features(bones), figure.settling, 1) if free else np.zeros((0, 3), np.float32)
    joints = np.zeros((len(figure.joint_parents), 3, 4), np.float32)
    joints[: len(BONES)] = bones[:, :3]
    _hang(figure.joint_parents, figure.joint_places, turns.astype(np.float32), joints)
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
def _hang(parents: npt.NDArray[np.int32], places: F32, turns: F32, joints: F32) -> None:
    """Fill in the joints beyond the bones: their parent's, turned about their own place by rotation vectors."""
    first = len(joints) - len(turns)
    turn = np.empty((3, 4), np.float32)
    for number in range(len(turns)):
        x, y, z = turns[number, 0], turns[number, 1], turns[number, 2]
        angle = np.sqrt(x * x + y * y + z * z)
        # Rodrigues' formula.
        sine = np.float32(1.0) if angle < 1e-6 else np.sin(angle) / angle
        versine = np.float32(0.5) if angle < 1e-6 else (1 - np.cos(angle)) / (angle * angle)
        turn[0, 0] = 1 - versine * (y * y + z * z)
        turn[0, 1] = -sine * z + versine * x * y
        turn[0, 2] = sine * y + versine * x * z
        turn[1, 0] = sine * z + versine * x * y
        turn[1, 1] = 1 - versine * (x * x + z * z)
        turn[1, 2] = -sine * x + versine * y * z
        turn[2, 0] = -sine * y + versine * x * z
        turn[2, 1] = sine * x + versine * y * z
        turn[2, 2] = 1 - versine * (x * x + y * y)
        joint = first + number
        place, parent = places[joint], joints[parents[joint]]
        for i in range(3):
            turn[i, 3] = place[i] - turn[i, 0] * place[0] - turn[i, 1] * place[1] - turn[i, 2] * place[2]
        for i in range(3):
            for j in range(4):
                total = parent[i, 0] * turn[0, j] + parent[i, 1] * turn[1, j] + parent[i, 2] * turn[2, j]
                joints[joint, i, j] = total + (parent[i, 3] if j == 3 else np.float32(0.0))


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

"""A pose in three-vrm's words: rotations of its normalised humanoid bones, and weights of its expressions.

Source: `VRMHumanoidRig` and `VRMExpressionLoaderPlugin` of @pixiv/three-vrm-core.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.expression import expression_weights
from engines.glb import Glb
from engines.skeleton import Proportions, forward_kinematics
from engines.studio.rig import Rig

F64 = npt.NDArray[np.float64]

#: VRM 0.x characters look along -Z: x and z of a rotation's axis change their sign.
_VRM0_SIGN = np.array([-1.0, 1.0, -1.0, 1.0])
#: The bones of a VRM 0.x file in three-vrm's order, parents first, where its name for them is another.
_THUMB = {"ThumbProximal": "ThumbMetacarpal", "ThumbIntermediate": "ThumbProximal"}
_EXPRESSIONS = {
    "blink_left": "blinkLeft",
    "blink_right": "blinkRight",
    "joy": "happy",
    "angry": "angry",
    "sorrow": "sad",
    "aa": "aa",
    "ih": "ih",
    "ou": "ou",
    "ee": "ee",
    "oh": "oh",
}


def bone_quaternions(glb: Glb, rig: Rig, vector: ControlVector, proportions: Proportions) -> dict[str, list[float]]:
    """Return three-vrm's bone name -> quaternion (x, y, z, w) of its normalised local rotation.

    The file's own bones get, one after the other, what brings them where :mod:`engines.skeleton` has them: bones that
    the file lacks, and arms that the loader straightens, come out right.

    Args:
        glb: a VRM 0.x file.
        rig: the file's.
        vector: the pose.
        proportions: the avatar's.
    """
    world = forward_kinematics(vector, proportions)[:, :3, :3].astype(np.float64) @ rig.corrections[:, :3, :3]
    human = {str(bone["bone"]): int(bone["node"]) for bone in glb.json["extensions"]["VRM"]["humanoid"]["humanBones"]}
    bone_at = {node: name for name, node in human.items()}
    parents = {int(child): index for index, node in enumerate(glb.json["nodes"]) for child in node.get("children", [])}
    quaternions = {}
    for name, node in human.items():
        above = parents.get(node)
        while above is not None and above not in bone_at:
            above = parents.get(above)
        own = world[rig.bone_of_node[node]]
        local = own if above is None else world[rig.bone_of_node[above]].T @ own
        quaternions[_three_name(name)] = (quaternion(local) * _VRM0_SIGN).tolist()
    return quaternions


def three_expressions(vector: ControlVector) -> dict[str, float]:
    """Return three-vrm's preset name -> weight, for the expressions of the vector that VRM 0.x has presets for."""
    return {_EXPRESSIONS[name]: weight for name, weight in expression_weights(vector).items() if name in _EXPRESSIONS}


def camera_bounds(camera: npt.NDArray[np.float32]) -> Mapping[str, float]:
    """Return the bounds of the unit square in the world, in metres, for a camera (2, 3) that does not turn."""
    (width, _, x), (_, height, y) = camera.astype(np.float64).tolist()
    return {"left": -x / width, "right": (1 - x) / width, "top": -y / height, "bottom": (1 - y) / height}


def quaternion(rotation: F64) -> F64:
    """Return the unit quaternion (x, y, z, w), w >= 0, of a rotation matrix (3, 3)."""
    # The eigenvector of this symmetric matrix is the quaternion, also near half a turn (Bar-Itzhack, 2000).
    m = rotation
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    vector = np.linalg.eigh(k)[1][:, -1]
    return np.asarray(vector if vector[3] >= 0 else -vector)


def _three_name(name: str) -> str:
    for old, new in _THUMB.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name

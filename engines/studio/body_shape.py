"""The body as a few capsules and a sphere, measured on the mesh: what invented springs must not enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONE_INDEX, BONES
from engines.studio.colliders import Colliders, Side
from engines.studio.joints import Joints
from engines.studio.mesh import Mesh

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: Fewer vertices than this do not tell a bone's thickness.
_ENOUGH = 12
#: A part's thickness is where this part of its vertices lies within: more is cloth that stands off.
_WITHIN = 0.7
#: A neck that no vertices tell is half as thick as its head.
_NECK_PART = 0.5
#: A trunk is this many capsules high between hips and neck.
_TRUNK_CAPSULES = 6
_SMALLEST_M = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Capsule:
    bone: str
    start: F64
    end: F64
    radius: float


#: Which parts there are, and the bones that each is fixed to.
PARTS: dict[str, tuple[str, ...]] = {
    "head": ("head",),
    "neck": ("neck",),
    "trunk": ("hips", "spine", "chest"),
    "arms": ("left_upper_arm", "right_upper_arm", "left_lower_arm", "right_lower_arm"),
    "legs": ("left_upper_leg", "right_upper_leg", "left_lower_leg", "right_lower_leg"),
}


def body_shape(joints: Joints, mesh: Mesh) -> tuple[Colliders, dict[str, list[int]]]:
    """Return colliders for a body, and which of them belong to each of :data:`PARTS`.

    The head is a sphere as wide as the face at the height of the eyes; the trunk a stack of capsules that lie from
    side to side; arms and legs a capsule per bone.

    Args:
        joints: the avatar's.
        mesh: its merged mesh, in the T-pose.
    """
    places = {bone: joints.rest[BONE_INDEX[bone], :3, 3] for bone in BONES}
    # What swings is not the body; by the canonical bone that each vertex hangs on most.
    mostly = mesh.joint_ids[:, 0]
    vertices = {bone: mesh.positions[mostly == BONE_INDEX[bone]].astype(np.float64) for bone in BONES}
    capsules = [*_head(places, vertices), *_trunk(places, mesh.positions[np.isin(mostly, _trunk_bones())])]
    for side in ("left", "right"):
        for bone, following in (
            (f"{side}_upper_arm", f"{side}_lower_arm"),
            (f"{side}_lower_arm", f"{side}_hand"),
            (f"{side}_upper_leg", f"{side}_lower_leg"),
            (f"{side}_lower_leg", f"{side}_foot"),
        ):
            capsules += _limb(bone, places[bone], places[following], vertices[bone])
    colliders = Colliders(
        joint=np.array([BONE_INDEX[capsule.bone] for capsule in capsules], np.int64),
        side=np.full(len(capsules), Side.OUTSIDE, np.int64),
        start=np.array([capsule.start for capsule in capsules]).reshape(-1, 3),
        end=np.array([capsule.end for capsule in capsules]).reshape(-1, 3),
        radius=np.array([capsule.radius for capsule in capsules]),
    )
    members = {
        part: [index for index, capsule in enumerate(capsules) if capsule.bone in bones]
        for part, bones in PARTS.items()
    }
    return colliders, members


def _trunk_bones() -> list[int]:
    return [BONE_INDEX[bone] for bone in PARTS["trunk"]]


def _head(places: dict[str, F64], vertices: dict[str, F64]) -> list[_Capsule]:
    head, eyes = places["head"], (places["left_eye"] + places["right_eye"]) / 2
    face = vertices["head"]
    # The face's width at the height of the eyes is the skull's; hair that hangs on the head lies outside of it.
    near = face[(np.abs(face[:, 1] - eyes[1]) < 0.02) & (face[:, 2] > eyes[2] - 0.02)] if len(face) else face
    if len(near) >= _ENOUGH:
        radius = float(np.quantile(np.abs(near[:, 0] - head[0]), 0.9))
    else:
        radius = float(np.linalg.norm(eyes - head)) * 1.1
    radius = max(radius, _SMALLEST_M)
    centre = np.array([head[0], eyes[1] + 0.15 * radius, eyes[2] - 0.25 * radius])
    neck, chest = places["neck"], places["chest"]
    throat = vertices["neck"]
    thick = radius * _NECK_PART
    if len(throat) >= _ENOUGH:
        thick = float(np.clip(np.quantile(np.abs(throat[:, 0] - neck[0]), _WITHIN), 0.3 * radius, 0.8 * radius))
    low = neck + (chest - neck) * 0.1
    return [
        _Capsule(bone="head", start=centre, end=centre, radius=radius),
        _Capsule(bone="neck", start=low, end=head, radius=thick),
    ]


def _trunk(places: dict[str, F64], vertices: npt.NDArray[np.float32]) -> list[_Capsule]:
    capsules: list[_Capsule] = []
    low, high = places["hips"][1], places["neck"][1]
    height = (high - low) / _TRUNK_CAPSULES
    levels = {bone: places[bone][1] for bone in PARTS["trunk"]}
    for index in range(_TRUNK_CAPSULES):
        y = low + (index + 0.5) * height
        ring = vertices[np.abs(vertices[:, 1] - y) < height * 0.6]
        if len(ring) < _ENOUGH:
            continue
        front, back = np.quantile(ring[:, 2], (1 - _WITHIN) / 2), np.quantile(ring[:, 2], (1 + _WITHIN) / 2)
        radius = max(float(back - front) / 2, _SMALLEST_M)
        middle = float(front + back) / 2
        wide = float(np.quantile(np.abs(ring[:, 0] - places["hips"][0]), _WITHIN + 0.15))
        reach = max(wide - radius, 0.0)
        bone = max((bone for bone in levels if levels[bone] <= y + 1e-6), key=levels.__getitem__, default="hips")
        x = places["hips"][0]
        capsules.append(
            _Capsule(
                bone=bone, start=np.array([x + reach, y, middle]), end=np.array([x - reach, y, middle]), radius=radius
            )
        )
    return capsules


def _limb(bone: str, start: F64, end: F64, vertices: F64) -> list[_Capsule]:
    axis = end - start
    length = float(np.linalg.norm(axis))
    if length < _SMALLEST_M or len(vertices) < _ENOUGH:
        return []
    away = vertices - start
    along = away @ axis / length
    beside = np.linalg.norm(away - along[:, None] * axis / length, axis=1)[(along > 0) & (along < length)]
    if len(beside) < _ENOUGH:
        return []
    radius = float(np.clip(np.quantile(beside, _WITHIN), _SMALLEST_M, length / 2))
    return [_Capsule(bone=bone, start=start, end=end, radius=radius)]

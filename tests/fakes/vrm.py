"""A small VRM 0.x file made of boxes, and ways to spoil it."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

F64 = npt.NDArray[np.float64]

#: Bone -> (parent, place) in VRM 0.x's own axes: the figure looks along -Z, its left is at -X.
_JOINTS: dict[str, tuple[str | None, tuple[float, float, float]]] = {
    "hips": (None, (0, 0.9, 0)),
    "spine": ("hips", (0, 1.0, 0)),
    "chest": ("spine", (0, 1.1, 0)),
    "neck": ("chest", (0, 1.35, 0)),
    "head": ("neck", (0, 1.42, 0)),
    "hair": ("head", (0, 1.6, 0)),  # no humanoid bone
}
for _side, _sign in (("left", -1), ("right", 1)):
    _JOINTS |= {
        f"{_side}Eye": ("head", (0.05 * _sign, 1.5, -0.05)),
        f"{_side}UpperArm": ("chest", (0.15 * _sign, 1.3, 0)),
        f"{_side}LowerArm": (f"{_side}UpperArm", (0.40 * _sign, 1.3, 0)),
        f"{_side}Hand": (f"{_side}LowerArm", (0.62 * _sign, 1.3, 0)),
        f"{_side}UpperLeg": ("hips", (0.08 * _sign, 0.85, 0)),
        f"{_side}LowerLeg": (f"{_side}UpperLeg", (0.08 * _sign, 0.45, 0)),
        f"{_side}Foot": (f"{_side}LowerLeg", (0.08 * _sign, 0.08, 0)),
    }

#: Further nodes on demand: bones that the generations name differently or lack, a tuft to swing and a joint to twist.
_MORE_JOINTS: dict[str, tuple[str | None, tuple[float, float, float]]] = {
    "hairTip": ("hair", (0, 1.72, 0)),
    "leftTwist": ("leftUpperArm", (-0.3, 1.3, 0)),
    "leftToes": ("leftFoot", (-0.08, 0.02, -0.1)),
    "leftThumbProximal": ("leftHand", (-0.65, 1.3, -0.03)),
    "leftThumbIntermediate": ("leftThumbProximal", (-0.68, 1.3, -0.05)),
    "leftThumbDistal": ("leftThumbIntermediate", (-0.70, 1.3, -0.06)),
}
#: Nodes that are no humanoid bones.
NO_BONES = frozenset(("hair", "hairTip", "leftTwist"))

#: Bone, centre, half size, material.
_BOXES: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float], int], ...] = (
    ("chest", (0, 1.12, 0), (0.15, 0.22, 0.08), 0),
    ("head", (0, 1.52, 0), (0.1, 0.1, 0.1), 1),
    ("hair", (0, 1.66, 0), (0.03, 0.04, 0.03), 0),
    ("leftUpperArm", (-0.275, 1.3, 0), (0.12, 0.04, 0.04), 2),
    ("leftLowerArm", (-0.51, 1.3, 0), (0.11, 0.035, 0.035), 2),
    ("leftHand", (-0.67, 1.3, 0), (0.05, 0.02, 0.04), 2),
    ("rightUpperArm", (0.275, 1.3, 0), (0.12, 0.04, 0.04), 3),
    ("rightLowerArm", (0.51, 1.3, 0), (0.11, 0.035, 0.035), 3),
    ("rightHand", (0.67, 1.3, 0), (0.05, 0.02, 0.04), 3),
    ("leftEye", (-0.05, 1.54, -0.11), (0.02, 0.02, 0.005), 4),
    ("rightEye", (0.05, 1.54, -0.11), (0.02, 0.02, 0.005), 4),
    ("head", (0, 1.46, -0.11), (0.03, 0.008, 0.005), 4),
    ("chest", (0, 1.1, -0.2), (0.06, 0.06, 0.005), 5),  # a pane of glass
    ("chest", (0, 1.1, -0.3), (0.5, 0.5, 0.005), 6),  # alpha 0: must not be drawn
)
_LEFT_EYE_BOX, _RIGHT_EYE_BOX, _MOUTH_BOX = 9, 10, 11
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
#: Faces of the cube, counter-clockwise from outside, as indices into _CORNERS.
_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
#: Name, sRGB and alpha, blend mode (0 opaque, 1 cutout, 2 blend), outline.
_MATERIALS: tuple[tuple[str, tuple[float, float, float, float], int, bool], ...] = (
    ("cloth", (0.9, 0.9, 0.2, 1), 0, True),
    ("skin", (1.0, 0.85, 0.75, 1), 0, True),
    ("left", (0.1, 0.9, 0.1, 1), 0, True),
    ("right", (0.1, 0.1, 0.9, 1), 0, True),
    ("eye", (0.2, 0.0, 0.0, 1), 1, False),
    ("glass", (0.0, 0.8, 1.0, 0.4), 2, False),
    ("hidden", (1.0, 0.0, 1.0, 0.0), 2, False),
)


@dataclass(slots=True)
class _Buffer:
    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)

    def view(self, data: bytes) -> int:
        self.data.extend(b"\0" * (-len(self.data) % 4))
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)})
        self.data.extend(data)
        return len(self.views) - 1

    def accessor(self, array: npt.NDArray[Any], kind: str) -> int:
        component = {"f": 5126, "H": 5123, "B": 5121}[array.dtype.char]
        view = self.view(np.ascontiguousarray(array).tobytes())
        self.accessors.append({"bufferView": view, "componentType": component, "count": len(array), "type": kind})
        return len(self.accessors) - 1

    def sparse(self, count: int, rows: npt.NDArray[np.uint16], values: npt.NDArray[np.float32]) -> int:
        indices = {"bufferView": self.view(rows.tobytes()), "componentType": 5123}
        self.accessors.append(
            {
                "componentType": 5126,
                "count": count,
                "type": "VEC3",
                "sparse": {
                    "count": len(rows),
                    "indices": indices,
                    "values": {"bufferView": self.view(values.tobytes())},
                },
            }
        )
        return len(self.accessors) - 1


def build_vrm(*, arm_droop_deg: float = 0.0, swap_blinks: bool = False, turned_nodes: bool = False) -> bytes:
    """Return the file.

    Args:
        arm_droop_deg: rests in an A-pose whose arms hang by this much instead of the T-pose.
        swap_blinks: left and right blink are bound the wrong way round, as in some rebuilt files.
        turned_nodes: the nodes carry arbitrary rotations, which the skin undoes.
    """
    document, buffer = build_document(arm_droop_deg=arm_droop_deg, swap_blinks=swap_blinks, turned_nodes=turned_nodes)
    return pack(document, bytes(buffer))


def build_document(
    *,
    arm_droop_deg: float = 0.0,
    swap_blinks: bool = False,
    turned_nodes: bool = False,
    more_bones: bool = False,
    faces_front: bool = False,
) -> tuple[dict[str, Any], bytes]:
    """Return the file's JSON and its binary chunk, to spoil before :func:`pack`.

    Args:
        arm_droop_deg: as for :func:`build_vrm`.
        swap_blinks: the same.
        turned_nodes: the same.
        more_bones: it has a thumb, toes, a tuft's tip and a twisting joint on its left.
        faces_front: it looks along +Z, as VRM 1.0 wants it.
    """
    skeleton = _JOINTS | _MORE_JOINTS if more_bones else _JOINTS
    buffer, bones = _Buffer(), list(skeleton)
    turn = np.diag([-1.0, 1.0, -1.0] if faces_front else [1.0, 1.0, 1.0])
    places = {bone: np.array(place, np.float64) for bone, (_, place) in skeleton.items()}
    droop = {side: _about_z(sign * np.radians(arm_droop_deg)) for side, sign in (("left", 1), ("right", -1))}

    def drooped(bone: str, points: F64) -> F64:
        of_arm = any(part in bone for part in ("Arm", "Hand", "Thumb", "Twist"))
        side = next((side for side in droop if of_arm and bone.startswith(side)), None)
        if side is None:
            return points
        pivot = places[f"{side}UpperArm"]
        return np.asarray((points - pivot) @ droop[side].T + pivot)

    rng = np.random.default_rng(1)
    world = {}
    for bone in bones:
        world[bone] = np.eye(4)
        world[bone][:3, 3] = turn @ drooped(bone, places[bone])
        if turned_nodes:
            rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
            world[bone][:3, :3] = rotation * np.linalg.det(rotation)
    nodes: list[dict[str, Any]] = []
    for bone, (parent, _) in skeleton.items():
        local = world[bone] if parent is None else np.linalg.inv(world[parent]) @ world[bone]
        children = [bones.index(other) for other, (above, _) in skeleton.items() if above == bone]
        nodes.append({"name": bone, "matrix": local.T.reshape(-1).tolist(), "children": children})
    nodes.append({"name": "mesh", "mesh": 0, "skin": 0})
    inverse_bind = np.stack([np.linalg.inv(world[bone]).T.reshape(-1) for bone in bones]).astype(np.float32)

    primitives = []
    for index, (bone, centre, half, material) in enumerate(_BOXES):
        corners = drooped(bone, np.array(centre) + _CORNERS * np.array(half)) @ turn
        positions = np.concatenate([corners[list(face)] for face in _FACES])
        edges = positions.reshape(6, 4, 3)
        normals = np.cross(edges[:, 1] - edges[:, 0], edges[:, 2] - edges[:, 0])
        normals = np.repeat(normals / np.linalg.norm(normals, axis=1, keepdims=True), 4, axis=0)
        triangles = np.concatenate([np.array([0, 1, 2, 0, 2, 3]) + 4 * face for face in range(6)])
        joints = np.zeros((24, 4), np.uint8)
        joints[:, 0] = bones.index(bone)
        weights = np.tile(np.array([1, 0, 0, 0], np.float32), (24, 1))
        shifts = {_LEFT_EYE_BOX: "blink_l", _RIGHT_EYE_BOX: "blink_r", _MOUTH_BOX: "a"}
        targets = []
        for name in ("blink_l", "blink_r", "a"):
            rows = np.arange(24 if shifts.get(index) == name else 0, dtype=np.uint16)
            moved = np.tile(np.array([0, -0.03, 0], np.float32), (len(rows), 1))
            targets.append({"POSITION": buffer.sparse(24, rows, moved)})
        primitives.append(
            {
                "attributes": {
                    "POSITION": buffer.accessor(positions.astype(np.float32), "VEC3"),
                    "NORMAL": buffer.accessor(normals.astype(np.float32), "VEC3"),
                    "TEXCOORD_0": buffer.accessor(
                        np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32), (6, 1)), "VEC2"
                    ),
                    "JOINTS_0": buffer.accessor(joints, "VEC4"),
                    "WEIGHTS_0": buffer.accessor(weights, "VEC4"),
                },
                "indices": buffer.accessor(triangles.astype(np.uint16), "SCALAR"),
                "material": material,
                "targets": targets,
            }
        )
    skin = {"joints": list(range(len(bones))), "inverseBindMatrices": buffer.accessor(inverse_bind, "MAT4")}
    image = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 255, 255, 255)).save(image, "PNG")
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0, len(bones)]}],
        "nodes": nodes,
        "meshes": [{"name": "figure", "primitives": primitives}],
        "skins": [skin],
        "images": [{"mimeType": "image/png", "bufferView": buffer.view(image.getvalue())}],
        "textures": [{"source": 0}],
        "materials": [{"name": name} for name, *_ in _MATERIALS],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
        "extensionsUsed": ["VRM"],
        "extensions": {"VRM": _vrm(bones, swap_blinks)},
    }
    return document, bytes(buffer.data)


def pack(document: dict[str, Any], binary: bytes) -> bytes:
    """Return JSON and binary chunk as a binary glTF file."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _about_z(angle: float) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _vrm(bones: list[str], swap_blinks: bool) -> dict[str, Any]:
    order = {"blink_l": 1, "blink_r": 0, "a": 2} if swap_blinks else {"blink_l": 0, "blink_r": 1, "a": 2}
    return {
        "meta": {"title": "Boxes", "author": "Nobody", "licenseName": "CC0", "allowedUserName": "Everyone"},
        "humanoid": {
            "humanBones": [{"bone": bone, "node": bones.index(bone)} for bone in bones if bone not in NO_BONES]
        },
        "blendShapeMaster": {
            "blendShapeGroups": [
                {"name": name, "presetName": name, "binds": [{"mesh": 0, "index": index, "weight": 100}]}
                for name, index in order.items()
            ]
        },
        "materialProperties": [
            {
                "name": name,
                "shader": "VRM/MToon",
                "renderQueue": (2000, 2450, 3000)[blend],
                "floatProperties": {
                    "_BlendMode": blend,
                    "_ZWrite": int(blend != 2),
                    "_CullMode": 2,
                    "_OutlineWidthMode": int(outline),
                    "_OutlineWidth": 0.1,
                    "_ShadeShift": 0,
                    "_ShadeToony": 0.9,
                },
                "vectorProperties": {
                    "_Color": list(colour),
                    "_ShadeColor": [0.5 * value for value in colour[:3]] + [1],
                },
                "textureProperties": {"_MainTex": 0, "_ShadeTexture": 0},
            }
            for name, colour, blend, outline in _MATERIALS
        ],
    }

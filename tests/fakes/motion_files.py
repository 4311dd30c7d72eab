"""Motion files that tests write: BVH of several families, VMD and VRM animations."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from engines.controls import INDEX, SIDES
from engines.motion.body import HIP, SHIN, THIGH
from engines.motion.rotation import swing
from engines.skeleton import BONE_INDEX, BONES, PARENT
from tests.fakes.motion import world_rotations
from tests.fakes.vrm import pack

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: One hip height in the BVH files' unit.
BVH_HIP_HEIGHT = 90.0
Z_UP: F64 = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
_CENTRAL = (("hips", None), ("spine", "hips"), ("chest", "spine"), ("neck", "chest"), ("head", "neck"))
_SIDED = (
    ("shoulder", "chest", (0.03, 0.2, 0.0)),
    ("upper_arm", "shoulder", (0.1, 0.0, 0.0)),
    ("lower_arm", "upper_arm", (0.26, 0.0, 0.0)),
    ("hand", "lower_arm", (0.25, 0.0, 0.0)),
    ("upper_leg", "hips", tuple(HIP)),
    ("lower_leg", "upper_leg", (0.0, float(-np.linalg.norm(THIGH)), 0.0)),
    ("foot", "lower_leg", (0.0, float(-np.linalg.norm(SHIN)), 0.0)),
)
MIXAMO = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "neck": "Neck", "head": "Head", "shoulder": "Shoulder",
    "upper_arm": "Arm", "lower_arm": "ForeArm", "hand": "Hand", "upper_leg": "UpLeg", "lower_leg": "Leg",
    "foot": "Foot",
}  # fmt: skip
BIOVISION = MIXAMO | {
    "chest": "Chest", "shoulder": "Collar", "upper_arm": "Shoulder", "lower_arm": "Elbow", "hand": "Wrist",
    "upper_leg": "Hip", "lower_leg": "Knee", "foot": "Ankle",
}  # fmt: skip


def build_bvh(
    vectors: F32,
    *,
    names: Mapping[str, str] = MIXAMO,
    axes: F64 | None = None,
    order: str = "ZXY",
    hanging: bool = False,
    fps: float = 30.0,
) -> bytes:
    """Return a BVH file in which a figure moves as control vectors (T, len(SPEC)) say.

    Args:
        vectors: the movement.
        names: bone without side -> joint name without side.
        axes: (3, 3), what turns canonical axes into the file's; none by default.
        order: the order of the rotation channels.
        hanging: whether the arms rest hanging instead of in the T-pose.
        fps: frames per second.
    """
    axes = np.eye(3) if axes is None else axes
    joints: list[tuple[str, str | None, F64]] = [
        (bone, parent, np.array([0.0, 0.12 if parent else 0.0, 0.0])) for bone, parent in _CENTRAL
    ]
    for side in SIDES:
        mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
        for bone, parent, offset in _SIDED:
            above = parent if parent in dict(_CENTRAL) else f"{side}_{parent}"
            joints.append((f"{side}_{bone}", above, np.array(offset) * mirror))
    rest = {
        bone: swing([1 if bone.startswith("left") else -1, 0, 0], [0, -1, 0])
        if hanging and bone.endswith(("_arm", "_hand"))
        else np.eye(3)
        for bone, _, _ in joints
    }
    worlds = [world_rotations(vector) for vector in vectors]
    lines = ["HIERARCHY", *_branch("hips", joints, names, axes, order, rest, 0)]
    lines += ["MOTION", f"Frames: {len(vectors)}", f"Frame Time: {1 / fps:.6f}"]
    depth_first = _depth_first("hips", joints)
    above_of = {bone: parent for bone, parent, _ in joints}
    for vector, world in zip(vectors, worlds, strict=True):
        root = np.array([vector[INDEX["root_x"]], 1 + vector[INDEX["root_y"]], 0.0])
        row = list(axes @ root * BVH_HIP_HEIGHT)
        for bone in depth_first:
            owner = above_of[bone]
            turned = world[BONE_INDEX[bone]] @ rest[bone].T
            base = world[BONE_INDEX[owner]] @ rest[owner].T if owner else np.eye(3)
            local = axes @ base.T @ turned @ axes.T
            row += list(Rotation.from_matrix(local).as_euler(order, degrees=True))
        lines.append(" ".join(f"{number:.5f}" for number in row))
    return "\n".join(lines).encode()


def _depth_first(bone: str, joints: Sequence[tuple[str, str | None, F64]]) -> list[str]:
    found = [bone]
    for child, parent, _ in joints:
        if parent == bone:
            found += _depth_first(child, joints)
    return found


def _branch(
    bone: str,
    joints: Sequence[tuple[str, str | None, F64]],
    names: Mapping[str, str],
    axes: F64,
    order: str,
    rest: Mapping[str, F64],
    depth: int,
) -> list[str]:
    offset, parent = next((offset, parent) for name, parent, offset in joints if name == bone)
    placed = axes @ (rest[parent] if parent else np.eye(3)) @ offset * BVH_HIP_HEIGHT
    side, _, part = bone.partition("_")
    label = side.capitalize() + names[part] if part else names[bone]
    pad = "  " * depth
    rotations = " ".join(f"{axis}rotation" for axis in order)
    channels = f"6 Xposition Yposition Zposition {rotations}" if parent is None else f"3 {rotations}"
    lines = [f"{pad}{'JOINT' if parent else 'ROOT'} {label}", pad + "{"]
    lines += [f"{pad}  OFFSET {' '.join(f'{number:.5f}' for number in placed)}", f"{pad}  CHANNELS {channels}"]
    children = [name for name, above, _ in joints if above == bone]
    for child in children:
        lines += _branch(child, joints, names, axes, order, rest, depth + 1)
    if not children:
        lines += [f"{pad}  End Site", f"{pad}  " + "{", f"{pad}    OFFSET 0 1 0", f"{pad}  " + "}"]
    return [*lines, pad + "}"]


def build_vmd(
    bones: Mapping[str, Sequence[tuple[int, Sequence[float], Sequence[float]]]],
    morphs: Mapping[str, Sequence[tuple[int, float]]] | None = None,
    *,
    model: str = "model",
    curve: tuple[int, int, int, int] = (20, 20, 107, 107),
) -> bytes:
    """Return a VMD file.

    Args:
        bones: name -> keys (frame, place in MMD units, quaternion x y z w), in MikuMikuDance's axes.
        morphs: name -> keys (frame, weight).
        model: the model's name.
        curve: x1, y1, x2, y2 of every key's interpolation, 0 to 127.
    """
    flat = [value for value in curve for _ in range(4)]
    curves = bytes(byte for skip in range(4) for byte in (flat[skip:] + [0] * skip))
    rows = [
        _shift_jis(name) + struct.pack("<I7f", frame, *place, *turn) + curves
        for name, keys in bones.items()
        for frame, place, turn in keys
    ]
    faces = [
        _shift_jis(name) + struct.pack("<If", frame, weight)
        for name, keys in (morphs or {}).items()
        for frame, weight in keys
    ]
    header = b"Vocaloid Motion Data 0002".ljust(30, b"\0") + model.encode("cp932").ljust(20, b"\0")
    counted = struct.pack("<I", len(rows)) + b"".join(rows) + struct.pack("<I", len(faces)) + b"".join(faces)
    return header + counted + struct.pack("<3I", 0, 0, 0)


def _shift_jis(name: str) -> bytes:
    return name.encode("cp932")[:15].ljust(15, b"\0")


def build_vrma(
    vectors: F32,
    joints: F32,
    *,
    fps: float = 30.0,
    expressions: Mapping[str, Sequence[float]] | None = None,
    seed: int = 0,
) -> bytes:
    """Return a VRM animation in which a figure moves as control vectors say; its nodes rest at random rotations.

    Args:
        vectors: the movement, (T, len(SPEC)).
        joints: where the figure's joints rest, (len(BONES), 3), metres.
        fps: keys per second.
        expressions: preset -> weight at each key.
        seed: of the rest rotations.
    """
    rests = Rotation.random(len(BONES), random_state=seed).as_matrix()
    worlds = np.stack([world_rotations(vector) for vector in vectors]) @ rests
    data, views, accessors, nodes, channels, samplers = bytearray(), [], [], [], [], []

    def add(values: npt.ArrayLike, kind: str) -> int:
        array = np.asarray(values, "<f4")
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": array.nbytes})
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "count": len(array), "type": kind})
        data.extend(array.tobytes())
        return len(accessors) - 1

    times = add(np.arange(len(vectors)) / fps, "SCALAR")

    def animate(node: int, path: str, values: npt.ArrayLike, kind: str) -> None:
        samplers.append({"input": times, "output": add(values, kind), "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    for bone, parent in enumerate(PARENT):
        above, origin = (rests[parent], joints[parent]) if parent >= 0 else (np.eye(3), np.zeros(3))
        moved = worlds[:, parent] if parent >= 0 else np.eye(3)[None]
        node: dict[str, Any] = {
            "name": BONES[bone],
            "translation": (above.T @ (joints[bone] - origin)).tolist(),
            "rotation": Rotation.from_matrix(above.T @ rests[bone]).as_quat().tolist(),
            "children": [child for child, owner in enumerate(PARENT) if owner == bone],
        }
        nodes.append(node if node["children"] else {key: value for key, value in node.items() if key != "children"})
        local = np.swapaxes(moved, 1, 2) @ worlds[:, bone]
        animate(bone, "rotation", Rotation.from_matrix(local).as_quat(), "VEC4")
    presets = {}
    for name, weights in (expressions or {}).items():
        nodes.append({"name": name})
        presets[name] = {"node": len(nodes) - 1}
        animate(len(nodes) - 1, "translation", [[weight, 0, 0] for weight in weights], "VEC3")
    document = {
        "asset": {"version": "2.0"},
        "extensionsUsed": ["VRMC_vrm_animation"],
        "extensions": {
            "VRMC_vrm_animation": {
                "specVersion": "1.0",
                "humanoid": {"humanBones": {vrm_name(bone): {"node": index} for index, bone in enumerate(BONES)}},
                "expressions": {"preset": presets},
            }
        },
        "nodes": nodes,
        "animations": [{"channels": channels, "samplers": samplers}],
        "buffers": [{"byteLength": len(data)}],
        "bufferViews": views,
        "accessors": accessors,
    }
    return pack(document, bytes(data))


def vrm_name(bone: str) -> str:
    """Return our name of a bone as VRM 1.0 writes it."""
    if "thumb" in bone:
        side, _, phalanx = bone.split("_")
        return f"{side}Thumb{ {'proximal': 'Metacarpal', 'intermediate': 'Proximal', 'distal': 'Distal'}[phalanx] }"
    first, *others = bone.split("_")
    return first + "".join(word.capitalize() for word in others)

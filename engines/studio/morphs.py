"""A VRM file's expressions as sparse morphs under the names of the control spec.

VRM 0.x's presets come first, then ARKit's 52 names, then VRoid's `Fcl_*` morph targets.  What a file has in none
of these ways is absent.

Source: VRM 0.x specification, `VRM.blendshape` (binds by mesh index, weights 0..100).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engines.glb import Glb
from engines.studio.mesh import Piece

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

#: Deltas below this length in metres are an exporter's rounding.
_NOISE_M = 1e-6
_PRESETS = {
    "blink_left": "blink_l",
    "blink_right": "blink_r",
    "aa": "a",
    "ih": "i",
    "ou": "u",
    "ee": "e",
    "oh": "o",
    "joy": "joy",
    "angry": "angry",
    "sorrow": "sorrow",
    "surprised": "surprised",
    "look_left": "lookleft",
    "look_right": "lookright",
    "look_up": "lookup",
    "look_down": "lookdown",
}
_Side = Literal["left", "right", "both"]
_WIDE_EYED = ("eyeWideLeft", "eyeWideRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
#: Fallbacks in order of preference; each is a sum of morph targets, of which only one side may count.
_TARGETS: dict[str, tuple[tuple[tuple[str, _Side], ...], ...]] = {
    "blink_left": ((("eyeBlinkLeft", "both"),), (("Fcl_EYE_Close_L", "both"),), (("Fcl_EYE_Close", "left"),)),
    "blink_right": ((("eyeBlinkRight", "both"),), (("Fcl_EYE_Close_R", "both"),), (("Fcl_EYE_Close", "right"),)),
    "aa": ((("Fcl_MTH_A", "both"),), (("jawOpen", "both"),)),
    "ih": ((("Fcl_MTH_I", "both"),),),
    "ou": ((("Fcl_MTH_U", "both"),), (("mouthPucker", "both"),)),
    "ee": ((("Fcl_MTH_E", "both"),),),
    "oh": ((("Fcl_MTH_O", "both"),), (("mouthFunnel", "both"),)),
    "joy": ((("Fcl_ALL_Joy", "both"),),),
    "angry": ((("Fcl_ALL_Angry", "both"),),),
    "sorrow": ((("Fcl_ALL_Sorrow", "both"),),),
    "surprised": (
        (("Fcl_ALL_Surprised", "both"),),
        tuple((name, "both") for name in (*_WIDE_EYED, "mouth_surprise_geo")),
        tuple((name, "both") for name in (*_WIDE_EYED, "mouthFunnel")),
        (("face_surprise", "both"),),
    ),
    "smile": (
        (("mouthSmileLeft", "both"), ("mouthSmileRight", "both")),
        (("Fcl_MTH_Fun", "both"),),
        (("lip_up", "both"),),
    ),
    "look_left": ((("eyeLookOutLeft", "both"), ("eyeLookInRight", "both")), (("look_left", "both"),)),
    "look_right": ((("eyeLookInLeft", "both"), ("eyeLookOutRight", "both")), (("look_right", "both"),)),
    "look_up": ((("eyeLookUpLeft", "both"), ("eyeLookUpRight", "both")), (("look_up", "both"),)),
    "look_down": ((("eyeLookDownLeft", "both"), ("eyeLookDownRight", "both")), (("look_down", "both"),)),
    "brow_up_left": (
        (("browOuterUpLeft", "both"), ("browInnerUp", "left")),
        (("Fcl_BRW_Surprised", "left"),),
        (("eye_brow_up_L", "both"),),
    ),
    "brow_up_right": (
        (("browOuterUpRight", "both"), ("browInnerUp", "right")),
        (("Fcl_BRW_Surprised", "right"),),
        (("eye_brow_up_R", "both"),),
    ),
    "brow_down_left": (
        (("browDownLeft", "both"),),
        (("Fcl_BRW_Angry", "left"),),
        (("eye_brow_down_L", "both"),),
    ),
    "brow_down_right": (
        (("browDownRight", "both"),),
        (("Fcl_BRW_Angry", "right"),),
        (("eye_brow_down_R", "both"),),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Morph:
    """An expression at weight 1.

    Args:
        vertices: int32, (n,), which vertices move, each once.
        deltas: float32, (n, 3), by how much, in metres, canonical axes, rest pose.
    """

    vertices: I32
    deltas: F32


def read_expressions(glb: Glb, pieces: tuple[Piece, ...], positions: F32) -> dict[str, Morph]:
    """Return the file's expressions by name; `positions` are the merged mesh's, (N, 3)."""
    dense_cache: dict[tuple[int, int], F32] = {}

    def target(mesh: int, index: int) -> F32:
        if (mesh, index) not in dense_cache:
            dense_cache[mesh, index] = _target_deltas(glb, pieces, len(positions), mesh, index)
        return dense_cache[mesh, index]

    groups = glb.json["extensions"]["VRM"].get("blendShapeMaster", {}).get("blendShapeGroups", [])
    presets: dict[str, dict[str, Any]] = {}
    for group in groups:
        key = str(group.get("presetName", "unknown")).lower()
        presets.setdefault(str(group.get("name", "")).lower() if key == "unknown" else key, group)
    names = _target_names(glb)
    x = positions[:, :1]
    on_side = {"both": np.ones_like(x, bool), "left": x > 0, "right": x < 0}
    expressions: dict[str, Morph] = {}
    for name, recipes in _TARGETS.items():
        deltas = np.zeros_like(positions)
        preset = _PRESETS.get(name)
        if preset is not None and presets.get(preset, {}).get("binds"):
            for bind in presets[preset]["binds"]:
                deltas += target(bind["mesh"], bind["index"]) * np.float32(bind.get("weight", 100.0) / 100.0)
        else:
            for recipe in recipes:
                if not all(part in names for part, _ in recipe):
                    continue
                for part, side in recipe:
                    for mesh, index in names[part]:
                        deltas += target(mesh, index) * on_side[side]
                break
        moved = np.nonzero(np.abs(deltas).max(axis=1) > _NOISE_M)[0]
        if len(moved):
            expressions[name] = Morph(vertices=moved.astype(np.int32), deltas=deltas[moved])
    _put_sides_right(expressions, positions)
    return expressions


def _put_sides_right(expressions: dict[str, Morph], positions: F32) -> None:
    """Swap a left and a right expression where the left one moves the right side (+X is left)."""
    for stem in ("blink", "brow_up", "brow_down"):
        left, right = expressions.get(f"{stem}_left"), expressions.get(f"{stem}_right")
        if left and right and _mean_x(left, positions) < 0 < _mean_x(right, positions):
            expressions[f"{stem}_left"], expressions[f"{stem}_right"] = right, left


def _mean_x(morph: Morph, positions: F32) -> float:
    weights = np.linalg.norm(morph.deltas, axis=1)
    return float(np.average(positions[morph.vertices, 0], weights=weights))


def _target_names(glb: Glb) -> dict[str, list[tuple[int, int]]]:
    """Return morph target name -> (mesh, index) pairs; VRoid's `Face.M_F00_000_00_` prefix is cut off."""
    found: dict[str, list[tuple[int, int]]] = {}
    for mesh_index, mesh in enumerate(glb.json.get("meshes", [])):
        primitive = mesh["primitives"][0]
        names = (primitive.get("extras") or {}).get("targetNames") or (mesh.get("extras") or {}).get("targetNames")
        for index, name in enumerate(names or []):
            found.setdefault(re.sub(r"^.*(?=Fcl_)", "", name), []).append((mesh_index, index))
    return found


def _target_deltas(glb: Glb, pieces: tuple[Piece, ...], count: int, mesh: int, index: int) -> F32:
    deltas = np.zeros((count, 3), np.float32)
    for piece in pieces:
        targets = piece.primitive.get("targets", [])
        if piece.mesh != mesh or index >= len(targets) or "POSITION" not in targets[index]:
            continue
        own = glb.accessor(targets[index]["POSITION"])[piece.used]
        deltas[piece.first : piece.first + len(own)] += np.einsum("nij,nj->ni", piece.to_canonical, own)
    return deltas

"""The small figure of boxes as a VRM 1.0 file."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.fakes.vrm import NO_BONES, build_document, pack

#: VRM 0.x's names of bones that VRM 1.0 calls otherwise.
_RENAMED = {"leftThumbProximal": "leftThumbMetacarpal", "leftThumbIntermediate": "leftThumbProximal"}
_PRESETS = {"blink_l": "blinkLeft", "blink_r": "blinkRight", "a": "aa"}
_GAMMA = 2.2


def build_vrm1(**options: Any) -> bytes:
    """Return the file; options as for :func:`build_document1`."""
    return pack(*build_document1(**options))


def build_document1(
    *,
    turned_nodes: bool = True,
    arm_droop_deg: float = 0.0,
    springs: bool = True,
    constraint: bool = True,
    look_by: str = "bone",
    modification: str = "allowModificationRedistribution",
) -> tuple[dict[str, Any], bytes]:
    """Return the file's JSON and its binary chunk, to spoil before packing.

    Args:
        turned_nodes: the nodes carry arbitrary rotations, written as quaternions.
        arm_droop_deg: its arms hang by this much; a T-pose is what VRM 1.0 asks for.
        springs: its hair swings, held off a sphere in its head.
        constraint: a joint in its left upper arm rolls with the lower one.
        look_by: "bone" or "expression".
        modification: what its terms say of that.
    """
    document, binary = build_document(
        turned_nodes=turned_nodes, arm_droop_deg=arm_droop_deg, more_bones=True, faces_front=True
    )
    older = document["extensions"].pop("VRM")
    node_of = {node["name"]: index for index, node in enumerate(document["nodes"])}
    for node in document["nodes"]:
        if "matrix" in node:
            _as_trs(node)
    document["materials"] = [_material(entry) for entry in older["materialProperties"]]
    groups = older["blendShapeMaster"]["blendShapeGroups"]
    document["extensions"]["VRMC_vrm"] = {
        "specVersion": "1.0",
        "meta": _meta(modification),
        "humanoid": {
            "humanBones": {
                _RENAMED.get(name, name): {"node": index}
                for name, index in node_of.items()
                if name not in NO_BONES and name != "mesh"
            }
        },
        "expressions": {
            "preset": {
                _PRESETS[group["name"]]: {
                    "morphTargetBinds": [
                        {"node": node_of["mesh"], "index": bind["index"], "weight": bind["weight"] / 100.0}
                        for bind in group["binds"]
                    ]
                }
                for group in groups
            }
            | {"happy": _happy(node_of["mesh"])}
            | ({"lookLeft": _look(node_of["mesh"])} if look_by == "expression" else {}),
            "custom": {"cheekPuff": {"morphTargetBinds": [{"node": node_of["mesh"], "index": 2, "weight": 0.25}]}},
        },
        "lookAt": {"type": look_by, "offsetFromHeadBone": [0.0, 0.06, 0.0]}
        | {
            f"rangeMap{where}": {"inputMaxValue": 60.0, "outputScale": 1.0 if look_by == "expression" else 10.0}
            for where in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
        },
    }
    used = ["VRMC_vrm", "VRMC_materials_mtoon"]
    if springs:
        document["extensions"]["VRMC_springBone"] = _springs(node_of)
        used.append("VRMC_springBone")
    if constraint:
        roll = {"roll": {"source": node_of["leftLowerArm"], "rollAxis": "X", "weight": 0.5}}
        document["nodes"][node_of["leftTwist"]]["extensions"] = {
            "VRMC_node_constraint": {"specVersion": "1.0", "constraint": roll}
        }
        used.append("VRMC_node_constraint")
    document["extensionsUsed"] = used
    return document, binary


def _as_trs(node: dict[str, Any]) -> None:
    """Write a node's matrix as translation and rotation, as exporters do."""
    matrix = np.array(node.pop("matrix")).reshape(4, 4).T
    # The quaternion of a rotation is the eigenvector of this matrix (Bar-Itzhack 2000).
    m = matrix[:3, :3]
    upper = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    node["translation"] = matrix[:3, 3].tolist()
    node["rotation"] = np.linalg.eigh(upper)[1][:, -1].tolist()


def _linear(colour: list[float]) -> list[float]:
    return [value**_GAMMA for value in colour[:3]] + list(colour[3:])


def _material(older: dict[str, Any]) -> dict[str, Any]:
    floats, vectors = older["floatProperties"], older["vectorProperties"]
    outlined = bool(floats["_OutlineWidthMode"])
    return {
        "name": older["name"],
        "alphaMode": ("OPAQUE", "MASK", "BLEND")[floats["_BlendMode"]],
        "pbrMetallicRoughness": {"baseColorFactor": _linear(vectors["_Color"]), "baseColorTexture": {"index": 0}},
        "extensions": {
            "KHR_materials_unlit": {},
            "VRMC_materials_mtoon": {
                "specVersion": "1.0",
                "shadeColorFactor": _linear(vectors["_ShadeColor"])[:3],
                "shadeMultiplyTexture": {"index": 0},
                # What VRM 0.x's shift 0 and toony 0.9 are in these terms.
                "shadingShiftFactor": -0.05,
                "shadingToonyFactor": 0.95,
                "outlineWidthMode": "worldCoordinates" if outlined else "none",
                "outlineWidthFactor": floats["_OutlineWidth"] * 0.01,
                "outlineLightingMixFactor": 0.0,
                "parametricRimFresnelPowerFactor": 1.0,
                "rimLightingMixFactor": 0.0,
            },
        },
    }


def _meta(modification: str) -> dict[str, Any]:
    return {
        "name": "Boxes",
        "authors": ["Nobody", "Somebody"],
        "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "avatarPermission": "everyone",
        "commercialUsage": "corporation",
        "allowRedistribution": True,
        "modification": modification,
        "creditNotation": "required",
    }


def _happy(mesh: int) -> dict[str, Any]:
    """Return an expression that uses everything that one can have."""
    return {
        "isBinary": True,
        "overrideBlink": "block",
        "overrideMouth": "blend",
        "overrideLookAt": "none",
        "morphTargetBinds": [{"node": mesh, "index": 2, "weight": 0.5}],
        "materialColorBinds": [{"material": 1, "type": "color", "targetValue": [1.0, 0.5, 0.5, 1.0]}],
        "textureTransformBinds": [{"material": 4, "scale": [0.5, 1.0], "offset": [0.5, 0.0]}],
    }


def _look(mesh: int) -> dict[str, Any]:
    return {"morphTargetBinds": [{"node": mesh, "index": 0, "weight": 0.2}]}


def _springs(node_of: dict[str, int]) -> dict[str, Any]:
    settings = {"hitRadius": 0.02, "stiffness": 0.8, "gravityPower": 0.1, "gravityDir": [0, -1, 0], "dragForce": 0.3}
    return {
        "specVersion": "1.0",
        "colliders": [{"node": node_of["head"], "shape": {"sphere": {"offset": [0, 0.1, 0], "radius": 0.1}}}],
        "colliderGroups": [{"name": "head", "colliders": [0]}],
        "springs": [
            {
                "name": "hair",
                "joints": [{"node": node_of["hair"], **settings}, {"node": node_of["hairTip"]}],
                "colliderGroups": [0],
            }
        ],
    }

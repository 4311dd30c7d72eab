"""A VRM file's expressions as sparse morphs under the names of the control spec.

The file's presets come first, then ARKit's 52 names, then VRoid's `Fcl_*` morph targets; a name is looked for among
the morph targets and then among the file's own expressions.  What a file has in none of these ways is absent.

Source: VRM 0.x specification, `VRM.blendshape`; VRM 1.0 specification, `VRMC_vrm.expressions`; Apple,
"ARFaceAnchor.BlendShapeLocation"; VRoid Studio's exports.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.controls import EXPRESSIONS, SIDES, VISEMES
from engines.studio.expression_file import Bind, FileExpression
from engines.studio.morph_targets import Morph, MorphTargets, Side

F32 = npt.NDArray[np.float32]

_WAYS = ("left", "right", "up", "down")
#: Controls that a preset of the file stands for.
_PRESETS = frozenset((*VISEMES, *EXPRESSIONS, *(f"blink_{side}" for side in SIDES), *(f"look_{way}" for way in _WAYS)))
#: Both lids together, whatever the file calls it.
_BLINK = "the preset blink"
_WIDE_EYED = ("eyeWideLeft", "eyeWideRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
#: Fallbacks in order of preference; each is a sum of morph targets, of which only one side may count.
_TARGETS: dict[str, tuple[tuple[tuple[str, Side], ...], ...]] = {
    "blink_left": (
        (("eyeBlinkLeft", "both"),),
        (("Fcl_EYE_Close_L", "both"),),
        (("Fcl_EYE_Close", "left"),),
        ((_BLINK, "left"),),
    ),
    "blink_right": (
        (("eyeBlinkRight", "both"),),
        (("Fcl_EYE_Close_R", "both"),),
        (("Fcl_EYE_Close", "right"),),
        ((_BLINK, "right"),),
    ),
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


def read_expressions(targets: MorphTargets, found: tuple[FileExpression, ...]) -> dict[str, Morph]:
    """Return the file's expressions by the control spec's names.

    Args:
        targets: the file's morph targets.
        found: what the file calls expressions, presets first.
    """
    presets: dict[str, tuple[Bind, ...]] = {}
    for expression in found:
        presets.setdefault(expression.stands_for, expression.binds)
    named = targets.names | {
        expression.name: expression.binds
        for expression in found
        if expression.binds and expression.name not in targets.names
    }
    if presets.get("blink"):
        named[_BLINK] = presets["blink"]
    expressions: dict[str, Morph] = {}
    for name, recipes in _TARGETS.items():
        parts: list[tuple[tuple[Bind, ...], Side]] = []
        if name in _PRESETS and presets.get(name):
            parts = [(presets[name], "both")]
        else:
            for recipe in recipes:
                if all(part in named for part, _ in recipe):
                    parts = [(named[part], side) for part, side in recipe]
                    break
        morph = targets.morph(parts)
        if morph is not None:
            expressions[name] = morph
    _put_sides_right(expressions, targets.positions)
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

"""Reads how a file's avatar looks somewhere: by its eye bones, or by expressions; see `engines.expression`.

Source: VRM 0.x specification, `VRM.firstPerson` (`lookAtTypeName`, degree maps); VRM 1.0 specification,
`VRMC_vrm.lookAt` (range maps; for expressions the outer horizontal one counts).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engines.controls import HIGH, INDEX
from engines.expression import INPUT_DEG, LOOKS, OUTPUT, LookAt, RangeMap
from engines.skeleton import BONE_INDEX
from engines.studio.colliders import finite
from engines.studio.rig import Rig


def read_look_at(document: dict[str, Any], rig: Rig, expressions: Collection[str]) -> LookAt:
    """Return how the file's avatar looks.

    A file without eye bones, whatever it says, looks by its expressions if it has any that look somewhere.

    Args:
        document: the file's JSON, of either generation.
        rig: the file's.
        expressions: names of the avatar's morphs.

    Raises:
        AvatarError: a range is no finite number.
    """
    has_eye_bones = all(rig.node_of_joint[BONE_INDEX[bone]] >= 0 for bone in ("left_eye", "right_eye"))
    extensions = document.get("extensions", {})
    newer = extensions.get("VRMC_vrm", {}).get("lookAt")
    older = extensions.get("VRM", {}).get("firstPerson") or {}
    if newer is not None:
        asked, source, keys = newer.get("type") == "expression", newer, ("inputMaxValue", "outputScale")
        names = ("rangeMapHorizontalOuter", "rangeMapVerticalUp", "rangeMapVerticalDown")
    else:
        asked, source, keys = older.get("lookAtTypeName") == "BlendShape", older, ("xRange", "yRange")
        names = ("lookAtHorizontalOuter", "lookAtVerticalUp", "lookAtVerticalDown")
    can = not set(LOOKS).isdisjoint(expressions)
    if not can or (has_eye_bones and not asked):
        return LookAt(has_eye_bones=has_eye_bones)
    if asked:
        sideways, up, down = (_range_map(source.get(name) or {}, keys, name) for name in names)
    else:
        # Its ranges are in degrees of eye bones that it has not: each expression is a gaze at the control's limit.
        sideways, up = (
            RangeMap(input_deg=float(HIGH[INDEX["gaze_yaw"]])),
            RangeMap(input_deg=float(HIGH[INDEX["gaze_pitch"]])),
        )
        down = up
    return LookAt(by_expression=True, has_eye_bones=has_eye_bones, sideways=sideways, up=up, down=down)


def _range_map(source: dict[str, Any], keys: tuple[str, str], name: str) -> RangeMap:
    input_deg = finite(source.get(keys[0], INPUT_DEG), f"lookAt, {name}.{keys[0]}")
    return RangeMap(input_deg=input_deg, output=finite(source.get(keys[1], OUTPUT), f"lookAt, {name}.{keys[1]}"))

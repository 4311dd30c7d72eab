"""How an avatar looks somewhere: by its eye bones, or by expressions that move or exchange its irises.

Eye bones turn by the gain of :class:`engines.skeleton.Proportions`, the same apparent gaze for all avatars; the
file's own ranges for bones are not used.

Source: VRM 0.x specification, `VRM.firstPerson` (`lookAtTypeName`, degree maps); VRM 1.0 specification,
`VRMC_vrm.lookAt` (range maps; for expressions the outer horizontal one counts).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engines.controls import HIGH, INDEX, ControlVector
from engines.skeleton import BONE_INDEX
from engines.studio.colliders import finite
from engines.studio.rig import Rig

#: The morphs' names.
LOOKS = ("look_left", "look_right", "look_up", "look_down")
#: What the specifications take where a file gives no range for expressions.
_INPUT_DEG, _OUTPUT = 90.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeMap:
    """Gaze in degrees to an expression's weight: linear up to the greatest input, constant beyond."""

    input_deg: float = _INPUT_DEG
    output: float = _OUTPUT

    def weight(self, gaze_deg: float) -> float:
        """Return the weight, 0..1, for a gaze of so many degrees, 0 or more."""
        part = 1.0 if self.input_deg <= 0.0 else min(gaze_deg / self.input_deg, 1.0)
        return min(max(part * self.output, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAt:
    """How an avatar looks.

    Args:
        by_expression: its expressions do it; else its eye bones.
        has_eye_bones: whether the file has both.
        sideways: to either side.
        up: upwards.
        down: downwards.
    """

    by_expression: bool = False
    has_eye_bones: bool = True
    sideways: RangeMap = RangeMap()
    up: RangeMap = RangeMap()
    down: RangeMap = RangeMap()

    def weights(self, vector: ControlVector) -> dict[str, float]:
        """Return the weights, 0..1, of the expressions in :data:`LOOKS`; those of 0 are left out."""
        if not self.by_expression:
            return {}
        yaw, pitch = float(vector[INDEX["gaze_yaw"]]), float(vector[INDEX["gaze_pitch"]])
        weights = {
            "look_left" if yaw > 0 else "look_right": self.sideways.weight(abs(yaw)),
            "look_down" if pitch > 0 else "look_up": (self.down if pitch > 0 else self.up).weight(abs(pitch)),
        }
        return {name: weight for name, weight in weights.items() if weight > 0.0}


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
    input_deg = finite(source.get(keys[0], _INPUT_DEG), f"lookAt, {name}.{keys[0]}")
    return RangeMap(input_deg=input_deg, output=finite(source.get(keys[1], _OUTPUT), f"lookAt, {name}.{keys[1]}"))

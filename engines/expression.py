"""From a control vector to a face: the weights of a character's expressions, and how it looks somewhere.

Eye bones turn by the gain of :class:`engines.skeleton.Proportions`, the same apparent gaze for everybody; where there
are none, or a file wants it so, expressions move the irises.
"""

from __future__ import annotations

from dataclasses import dataclass

from engines.controls import EXPRESSIONS, INDEX, SIDES, VISEMES, ControlVector

#: Names of the expressions that look somewhere.
LOOKS = ("look_left", "look_right", "look_up", "look_down")
#: What the specifications take where a file gives no range for expressions.
INPUT_DEG, OUTPUT = 90.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeMap:
    """Gaze in degrees to an expression's weight: linear up to the greatest input, constant beyond."""

    input_deg: float = INPUT_DEG
    output: float = OUTPUT

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


def expression_weights(vector: ControlVector, look_at: LookAt | None = None) -> dict[str, float]:
    """Return morph name -> weight, 0..1, of the control vector; weights of 0 are left out.

    Joy closes the eyes and opens the mouth by itself, so blinks and visemes fade as it grows; visemes
    that sum to more than 1 are scaled down to 1.

    Args:
        vector: the pose.
        look_at: how the avatar looks; where expressions do it, the gaze is among them.
    """

    def value(name: str) -> float:
        return float(vector[INDEX[name]])

    keep = 1.0 - min(max(value("joy"), 0.0), 1.0)
    viseme_sum = sum(value(name) for name in VISEMES)
    viseme_scale = keep / max(viseme_sum, 1.0)
    weights = {name: value(name) for name in (*EXPRESSIONS, "smile")}
    weights |= {name: value(name) * viseme_scale for name in VISEMES}
    for side in SIDES:
        weights[f"blink_{side}"] = value(f"blink_{side}") * keep
        brow = value(f"brow_{side}")
        weights[f"brow_up_{side}"] = max(brow, 0.0)
        weights[f"brow_down_{side}"] = max(-brow, 0.0)
    if look_at is not None:
        weights |= look_at.weights(vector)
    return {name: weight for name, weight in weights.items() if weight > 0.0}

"""From a control vector to a face: the weights of the avatar's morphs."""

from __future__ import annotations

from engines.controls import EXPRESSIONS, INDEX, SIDES, VISEMES, ControlVector
from engines.studio.look_at import LookAt


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

"""What has the colour of skin, judged by the colour of a character's cheeks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

#: Skin: the hue of the cheeks within this, and so much of their chroma; blush and shade have more than cheeks.
_SKIN_HUE_DEG = 38.0
_SKIN_CHROMA = (0.4, 3.2)
_SKIN_MIN_LIGHTNESS = 0.64


def skin_likeness(lab: F32, skin: F32) -> F32:
    """Return how much colours look like skin whose cheeks have the colour `skin`, 0..1, (...) for CIELAB (..., 3)."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    own = max(float(np.hypot(skin[1], skin[2])), 1.0)
    turn = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) - np.degrees(np.arctan2(skin[2], skin[1]))
    turn = np.abs((turn + 180) % 360 - 180)
    low, high = _SKIN_CHROMA
    like = np.clip((_SKIN_HUE_DEG + 14 - turn) / 14, 0, 1)
    like = like * np.clip((chroma - low * own) / (0.25 * own) + 0.5, 0, 1)
    like = like * np.clip((high * own + 12 - chroma) / 12, 0, 1)
    darkest = _SKIN_MIN_LIGHTNESS * float(skin[0])
    return np.asarray(like * np.clip((lab[..., 0] - darkest) / 10 + 0.5, 0, 1), np.float32)


def skin_or_near(lab: F32, skin: F32) -> F32:
    """Return 1 for what may be skin, its shade, blush, lips and lines, and 0 for painted-on signs and whites, (n,)."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    turn = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]) - np.arctan2(skin[2], skin[1]))
    turn = np.abs((turn + 180) % 360 - 180)
    warm = np.clip((85 - turn) / 20, 0, 1)
    # What has almost no chroma has no hue either: near the skin's lightness it belongs to it.
    own = max(float(np.hypot(skin[1], skin[2])), 1.0)
    pale = np.clip(1 - chroma / (0.35 * own), 0, 1) * (np.abs(lab[:, 0] - skin[0]) < 12)
    return np.asarray(np.maximum(warm * np.clip(chroma / (0.35 * own), 0, 1), pale), np.float32)

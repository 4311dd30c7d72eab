"""From hand points in a picture to points in space, by the lengths of palm and fingers.

Which side of the hand is seen follows from the order of its knuckles; fingers bend to the palm's side, so their
foreshortening has a sign.
"""

from __future__ import annotations

import numpy as np

from realtime.recording.keypoints import F64, HAND_POINTS
from realtime.retargeting.limb import Side

WRIST, INDEX, MIDDLE, LITTLE = 0, 5, 9, 17
#: Metres from the wrist to the middle knuckle and from the index finger's to the little finger's, and of the bones from
#: each knuckle outwards.  Source: Buryanov and Kotiuk, "Proportions of Hand Segments", Int. J. Morphol. 28(3), 2010
#: (the thumb's three bones, then proximal, middle, distal); the palm: of the lengths about ANSUR II's palm (length 0.11
#: with flesh, breadth 0.08 with flesh), those that agree best with MediaPipe's hands in space on 20 sign clips.
_PALM_M, _KNUCKLES_M = 0.100, 0.055
_BONES_M: dict[int, tuple[float, float, float]] = {
    1: (0.046, 0.032, 0.022),
    5: (0.040, 0.022, 0.016),
    9: (0.045, 0.026, 0.017),
    13: (0.041, 0.026, 0.017),
    17: (0.033, 0.018, 0.016),
}
_ROOTS = {1: (0.25, 0.6), 5: (1.0, 0.5), 9: (1.0, 0.15), 13: (0.95, -0.2), 17: (0.9, -0.5)}


def lift_hand(side: Side, picture: F64, px_per_m: float | None) -> F64 | None:
    """Return a hand in space.

    Args:
        side: which hand, the subject's.
        picture: float64 (21, 2), pixels, y up.
        px_per_m: the body's scale, or None where there is no body: then the hand's own.

    Returns:
        float64 (21, 3), pixels, +Y up, +Z to the camera, from the wrist; None for a hand without extent.
    """
    along = picture[MIDDLE] - picture[WRIST]
    across = picture[INDEX] - picture[LITTLE]
    own = max(float(np.linalg.norm(along)) / _PALM_M, float(np.linalg.norm(across)) / _KNUCKLES_M)
    scale = max(px_per_m or 0.0, own)
    if own <= 0 or not np.isfinite(scale):
        return None
    # Fingers rather point to the camera than away; a hand on edge rather turns the index finger to it.
    up = _depth(float(np.linalg.norm(along)), _PALM_M * scale)
    over = _depth(float(np.linalg.norm(across)), _KNUCKLES_M * scale)
    if up > 0.2 * _PALM_M * scale:  # palm and knuckles are at right angles in space
        over = float(np.clip(-(along @ across) / up, -over, over))
    depth = np.zeros(HAND_POINTS)
    for root, (share_along, share_over) in _ROOTS.items():
        depth[root] = share_along * up + share_over * over
    turned = along[0] * across[1] - along[1] * across[0]
    # Seen from its palm, a left hand with the fingers up has the index finger on the picture's left.
    palm = float(np.sign(turned)) * (1.0 if side == "left" else -1.0)
    for root, bones in _BONES_M.items():
        for step, bone in enumerate(bones, start=root):
            looks = float(np.linalg.norm(picture[step + 1] - picture[step]))
            depth[step + 1] = depth[step] + palm * _depth(looks, bone * scale)
    return np.column_stack([picture, depth])


def _depth(looks: float, length: float) -> float:
    """Return the extent in depth of something of a length that looks shorter."""
    return float(np.sqrt(max(length**2 - looks**2, 0.0)))

"""Where a hand points and how far its fingers are curled, from the hand network's 21 points.

Points: 0 the wrist; thumb 1-4, index 5-8, middle 9-12, ring 13-16, little finger 17-20, each from the root to the tip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import FINGER_FLEXION_DEG
from realtime.retargeting.limb import Side, perpendicular, unit
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

_WRIST, _KNUCKLES = 0, (5, 9, 13, 17)
_INDEX_KNUCKLE, _LITTLE_KNUCKLE = 5, 17
_THUMB = (1, 2, 3, 4)
_FULL_DEG: F64 = np.array(FINGER_FLEXION_DEG)
#: What a flat hand reads at the three joints of a finger: knuckles lie above the line from the wrist.
_FLAT_DEG: F64 = np.array([12.0, 8.0, 5.0])
#: Flexion of the thumb's two outer joints together, stretched and folded.
_THUMB_BENT_DEG = (25.0, 95.0)
#: How far the thumb's tip lies beyond the index knuckle, in palm widths: spread, and on the folded fingers.
_THUMB_OVER = (0.55, -0.45)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFrame:
    """Where a hand points, in world space.

    Args:
        along: float64 (3,), unit, from the wrist to the knuckles.
        across: float64 (3,), unit, perpendicular to it, from the little finger's side to the thumb's.
    """

    along: F64
    across: F64

    @classmethod
    def of(cls, wrist: F64, index: F64, little: F64, middle: F64 | None = None) -> HandFrame | None:
        """Return the frame of a wrist and knuckles, (3,) each, or None where they lie in a line."""
        along = (index + little) / 2 - wrist if middle is None else middle - wrist
        across = perpendicular(index - little, unit(along))
        if np.linalg.norm(across) < 1e-6 or np.linalg.norm(along) < 1e-6:
            return None
        return cls(along=unit(along), across=unit(across))


def hand_frame(points: F64) -> HandFrame | None:
    """Return where a hand of 21 points, (21, 3), points."""
    return HandFrame.of(
        points[_WRIST], points[_INDEX_KNUCKLE], points[_LITTLE_KNUCKLE], points[list(_KNUCKLES)].mean(0)
    )


def curls(side: Side, points: F64) -> F64:
    """Return how far thumb, index, middle, ring and little finger are curled, (5,), 0..1; 1 is a fist.

    Args:
        side: which hand, the subject's.
        points: float64 (21, 3), any unit, +Y up and +Z to the camera.
    """
    frame = hand_frame(points)
    if frame is None:
        return np.zeros(5)
    back = np.cross(frame.across, frame.along) * (1.0 if side == "left" else -1.0)  # out of the hand's back
    found = [_thumb_curl(points, frame)]
    for root in _KNUCKLES:
        chain = points[[_WRIST, root, root + 1, root + 2, root + 3]]
        segments = np.diff(chain, axis=0)  # (4, 3)
        first = segments[1] - frame.across * (segments[1] @ frame.across)
        at_root = np.degrees(np.arctan2(-(first @ back), first @ frame.along))
        # A fist's first segment may read just past a right angle behind the palm; never as bent back.
        bends = np.array([at_root if at_root > -90 else at_root + 360, *map(_angle, segments[1:-1], segments[2:])])
        bends = np.maximum(bends - _FLAT_DEG, 0.0)
        found.append(float(np.clip(bends @ _FULL_DEG / (_FULL_DEG @ _FULL_DEG), 0.0, 1.0)))
    return np.array(found)


def _thumb_curl(points: F64, frame: HandFrame) -> float:
    chain = np.diff(points[list(_THUMB)], axis=0)
    bent = ramp(_angle(chain[0], chain[1]) + _angle(chain[1], chain[2]), *_THUMB_BENT_DEG)
    palm = max(float(np.linalg.norm(points[_INDEX_KNUCKLE] - points[_LITTLE_KNUCKLE])), 1e-9)
    over = float((points[_THUMB[-1]] - points[_INDEX_KNUCKLE]) @ frame.across) / palm
    return 0.5 * bent + 0.5 * ramp(-over, -_THUMB_OVER[0], -_THUMB_OVER[1])


def _angle(first: F64, second: F64) -> float:
    length = max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-12)
    return float(np.degrees(np.arccos(np.clip(first @ second / length, -1.0, 1.0))))

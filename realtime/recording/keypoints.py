"""What other estimators say of a person: points in the picture with confidences, and no depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

BODY_POINTS, FACE_POINTS, HAND_POINTS = 33, 68, 21
_SHAPES = {
    "body": (BODY_POINTS, 3),
    "face": (FACE_POINTS, 3),
    "pupils": (2, 3),
    "left_hand": (HAND_POINTS, 3),
    "right_hand": (HAND_POINTS, 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypoints:
    """One person in one picture; each point is x and y in pixels (y down) and a confidence 0..1, 0: not seen.

    Args:
        person_id: as the file says it, or None.
        body: float64 (33, 3), in MediaPipe's order; points that the estimator does not have are not seen.
        face: float64 (68, 3) or None, in the order of `realtime.recording.face_68`.
        pupils: float64 (2, 3) or None, right and left.
        left_hand: float64 (21, 3) or None: wrist, then thumb to little finger from root to tip.
        right_hand: the same of the right hand.
    """

    person_id: int | None
    body: F64
    face: F64 | None = None
    pupils: F64 | None = None
    left_hand: F64 | None = None
    right_hand: F64 | None = None

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"{name}: got shape {array.shape}, expected {shape}")

    @property
    def seen(self) -> F64:
        """All points that were seen at all, (N, 2), pixels."""
        parts = [part for part in (self.body, self.face, self.left_hand, self.right_hand) if part is not None]
        points = np.concatenate(parts)
        return np.asarray(points[points[:, 2] > 0, :2], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointFrame:
    """One picture's people.

    Args:
        time_s: seconds since the first picture.
        people: as the file lists them.
        image_size: (width, height) in pixels, or None where the file does not say.
    """

    time_s: float
    people: tuple[Keypoints, ...]
    image_size: tuple[int, int] | None

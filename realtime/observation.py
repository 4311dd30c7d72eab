"""What a tracker saw: one observation per person and frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonObservation:
    """One person in one frame, in MediaPipe's landmark order; left and right are the subject's.

    Args:
        person_id: stable for as long as the person is followed.
        pose: float32 (33, 3) or None: x, y normalised to the picture (0..1, y down), z in units of x.
        pose_world: float32 (33, 3) or None: metres, origin between the hips, x right, y down, z away.
        pose_visibility: float32 (33,) or None: 0..1.
        face: float32 (478, 3) or None: x, y normalised to the picture, z in units of x; 468.. are the irises.
        left_hand: float32 (21, 3) or None.
        right_hand: float32 (21, 3) or None.
        image_size: (width, height) of the picture in pixels, to undo the normalisation.
    """

    person_id: int
    pose: F32 | None
    pose_world: F32 | None
    pose_visibility: F32 | None
    face: F32 | None
    left_hand: F32 | None = None
    right_hand: F32 | None = None
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        for name, shape in (("pose", (33, 3)), ("pose_world", (33, 3)), ("pose_visibility", (33,)), ("face", (478, 3))):
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"{name}: got shape {array.shape}, expected {shape}")

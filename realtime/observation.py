"""What a tracker saw: one observation per person and frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_SHAPES: dict[str, tuple[int, ...]] = {
    "pose": (33, 3),
    "pose_world": (33, 3),
    "pose_visibility": (33,),
    "face": (478, 3),
    "left_hand": (21, 3),
    "right_hand": (21, 3),
    "left_hand_world": (21, 3),
    "right_hand_world": (21, 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonObservation:
    """One person in one frame, in MediaPipe's landmark order; left and right are the subject's.

    What was not looked for in this frame carries the *same* array object as in the frame before, so that a reader can
    tell by identity that nothing new was seen.

    Args:
        person_id: stable for as long as the person is followed.
        pose: float32 (33, 3) or None: x, y normalised to the picture (0..1, y down), z in units of x.
        pose_world: float32 (33, 3) or None: metres, origin between the hips, x right, y down, z away.
        pose_visibility: float32 (33,) or None: 0..1.
        face: float32 (478, 3) or None: x, y normalised to the picture, z in units of x; 468.. are the irises.
        left_hand: float32 (21, 3) or None: x, y normalised to the picture, z in units of x, from the wrist.
        right_hand: the same of the right hand.
        left_hand_world: float32 (21, 3) or None: metres, origin in the hand's middle, axes as `pose_world`.
        right_hand_world: the same of the right hand.
        image_size: (width, height) of the picture in pixels, to undo the normalisation.
        mask: uint8 (height, width) or None: 255 where the picture shows this person; only where it was asked for.
    """

    person_id: int
    pose: F32 | None
    pose_world: F32 | None
    pose_visibility: F32 | None
    face: F32 | None
    left_hand: F32 | None = None
    right_hand: F32 | None = None
    left_hand_world: F32 | None = None
    right_hand_world: F32 | None = None
    image_size: tuple[int, int]
    mask: U8 | None = None

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"{name}: got shape {array.shape}, expected {shape}")
        width, height = self.image_size
        if self.mask is not None and self.mask.shape != (height, width):
            raise ValueError(f"mask: got shape {self.mask.shape}, expected {(height, width)}")

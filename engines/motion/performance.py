"""What every reader of motion files returns: how a humanoid moved, before it is turned into controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX
from engines.errors import MotionError
from engines.skeleton import BONE_INDEX

F64 = npt.NDArray[np.float64]

#: Longer clips are refused: ten minutes at 120 frames a second, forty at 30; a gigabyte while they are solved.
MAX_FRAMES = 72_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A humanoid's movement in canonical axes (+X its left, +Y up, +Z front), T frames at an even rate.

    Args:
        name: what the clip is called.
        fps: frames per second.
        rotations: bone of `engines.skeleton.BONES` -> float64 (T, 3, 3), the bone's rotation in the world away from
            the T-pose.  A bone that is absent moves with its parent.
        root_x: float64 (T,), where the hips are, in hip heights towards the character's left at the start.
        ankles: float64 (T, 2, 2), for the left and the right ankle, in hip heights: where it is towards the left, from
            the same origin as `root_x`, and how far above where it is when standing; or None, and the root stays at
            its height.
        face: name of a control of the face -> float64 (T,), in the control's unit.
    """

    name: str
    fps: float
    rotations: Mapping[str, F64]
    root_x: F64
    ankles: F64 | None
    face: Mapping[str, F64]

    def __post_init__(self) -> None:
        frames = len(self.root_x)
        if not 0 < self.fps <= 1000 or not np.isfinite(self.fps):
            raise MotionError(f"{self.name}: {self.fps:g} frames a second, expected 1 to 1000; correct its frame time")
        if not 0 < frames <= MAX_FRAMES:
            raise MotionError(f"{self.name}: {frames} frames, expected 1 to {MAX_FRAMES}; cut the clip")
        for bone, rotation in self.rotations.items():
            if bone not in BONE_INDEX or rotation.shape != (frames, 3, 3):
                raise ValueError(f"{bone}: got shape {rotation.shape}, expected a bone's {(frames, 3, 3)}")
        for control, values in self.face.items():
            if control not in INDEX or values.shape != (frames,):
                raise ValueError(f"{control}: got shape {values.shape}, expected a control's {(frames,)}")
        arrays = [*self.rotations.values(), *self.face.values(), self.root_x]
        if self.ankles is not None:
            if self.ankles.shape != (frames, 2, 2):
                raise ValueError(f"ankles: got shape {self.ankles.shape}, expected {(frames, 2, 2)}")
            arrays.append(self.ankles)
        if not all(np.isfinite(array).all() for array in arrays):
            raise MotionError(f"{self.name}: holds numbers that are not finite; export the clip again")

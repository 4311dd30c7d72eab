"""A motion clip: controls over time, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.controls import HIGH, INDEX, LOW, SPEC
from engines.errors import MotionError
from engines.motion.performance import MAX_FRAMES

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: Between frames further apart than this a control has wrapped or been cut, and nothing lies between them.
_CUT_DEG = 150.0
_DEGREES = np.array([control.unit == "deg" for control in SPEC])


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Controls at an even rate.

    Args:
        name: what the clip is called.
        fps: frames per second, above 0.
        controls: float32 (T, len(SPEC)), T > 0, in the order of `engines.controls.SPEC`, inside the ranges.
        licence: what may be done with it, where the file says so.
        credit: whom to name, where the file says so.
    """

    name: str
    fps: float
    controls: F32
    licence: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        if self.controls.ndim != 2 or self.controls.shape[1] != len(SPEC) or self.controls.dtype != np.float32:
            got = f"{self.controls.dtype} {self.controls.shape}"
            raise ValueError(f"controls: got {got}, expected float32 (T, {len(SPEC)})")
        if not (self.fps > 0 and np.isfinite(self.fps)):
            raise MotionError(f"{self.name}: {self.fps:g} frames a second, expected more than 0")
        if not 0 < len(self.controls) <= MAX_FRAMES:
            raise MotionError(f"{self.name}: {len(self.controls)} frames, expected 1 to {MAX_FRAMES}")
        if not np.isfinite(self.controls).all():
            raise MotionError(f"{self.name}: holds numbers that are not finite; make the clip again")

    @property
    def duration_s(self) -> float:
        """How long the clip lasts, in seconds: each frame stands for ``1 / fps``."""
        return len(self.controls) / self.fps

    def resampled(self, fps: float) -> Clip:
        """Return the same motion at another frame rate, interpolated between frames.

        Raises:
            MotionError: `fps` is not above 0 or makes too many frames.
        """
        if not (fps > 0 and np.isfinite(fps)) or self.duration_s * fps > MAX_FRAMES:
            raise MotionError(f"{self.name}: cannot be resampled to {fps:g} frames a second; choose 1 to 240")
        last = len(self.controls) - 1
        frames = max(1, int(np.floor(last / self.fps * fps + 1e-6)) + 1)
        at = np.minimum(np.arange(frames) * (self.fps / fps), last)
        before = np.floor(at).astype(np.int64)
        after = np.minimum(before + 1, last)
        share = (at - before)[:, None]
        start, end = self.controls[before].astype(np.float64), self.controls[after].astype(np.float64)
        yaw = INDEX["root_yaw"]
        end[:, yaw] = start[:, yaw] + (end[:, yaw] - start[:, yaw] + 180.0) % 360.0 - 180.0
        cut = (np.abs(end - start) > _CUT_DEG) & _DEGREES
        mixed = np.where(cut, np.where(share < 0.5, start, end), start * (1 - share) + end * share)
        mixed[:, yaw] = (mixed[:, yaw] + 180.0) % 360.0 - 180.0
        return replace(self, fps=fps, controls=np.clip(mixed, LOW, HIGH).astype(np.float32))

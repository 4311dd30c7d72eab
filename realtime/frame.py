"""What travels down the live path: one object per camera frame, from decode to encode."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A camera frame.

    Args:
        image: uint8, (H, W, 3), RGB, 0-255, *not* mirrored.
        pts: presentation time stamp in units of `time_base`.
        time_base: seconds per `pts` unit.
        captured_s: when it reached us, on the session's monotonic clock.
    """

    image: U8
    pts: int
    time_base: Fraction
    captured_s: float

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            got = f"{self.image.dtype} {self.image.shape}"
            raise ValueError(f"frame image: got {got}, expected uint8 (H, W, 3)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimeFrame:
    """What the pipeline made of a camera frame.

    Args:
        image: uint8, (H, W, 3), RGB: the character composited over its background.
        source: the frame it answers, so that a frame and its result can never be mixed up.
        tracked: whether a person was seen in it (otherwise the character idles).
        stage_ms: how long each stage took, by stage name, in milliseconds.
        generated_s: when it was finished, on the session's monotonic clock.
        landmarks: what to draw over the self-view, normalised (N, 2) in 0..1, or None.
    """

    image: U8
    source: Frame
    tracked: bool
    stage_ms: dict[str, float]
    generated_s: float
    landmarks: npt.NDArray[np.float32] | None = None

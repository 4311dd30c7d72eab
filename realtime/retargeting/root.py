"""Where the hips are: which way they face, how far from the middle, how high above the ground.

The character's hips follow from its own legs: bent knees bring them down by as much as keeps the lower foot on the
ground, and only feet that leave the ground that they stood on a moment ago lift the whole figure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.motion.body import SHIN, THIGH
from engines.skeleton import rotation_from_vector
from realtime.retargeting.body_points import BodyPoints
from realtime.retargeting.leg import LegAngles
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

LEFT_HIP, RIGHT_HIP = 23, 24
FEET = (27, 28, 29, 30, 31, 32)
#: Hip joints above the ground of an adult, metres (ANSUR II: trochanterion height, median of men and women).
_HIP_HEIGHT_M = 0.9
#: Whoever stays somewhere else becomes the middle over this time.
_RECENTRE_S = 8.0
#: The ground is where the lower foot was for most of this time; a jump rises above it by more than the noise.
_GROUND_S, _GROUND_QUANTILE, _GROUND_NOISE = 1.2, 0.8, 0.04
#: Hips and chest of one body are turned against each other by less than this.
_MOST_TWIST_DEG = 60.0
#: Hips drop to one side by no more than this; of what the short line between them says, this share is believed.
_MOST_TILT_DEG, _ROLL_OF_TILT = 25.0, 0.7
#: A gap after which everything starts afresh.
_RESTART_S = 1.0


class Root:
    """Follows one person's hips."""

    def __init__(self) -> None:
        self._middle_px: float | None = None
        self._feet: deque[tuple[float, float]] = deque()
        self._time_s = -np.inf

    def __call__(self, body: BodyPoints, legs: Iterable[LegAngles], time_s: float) -> tuple[float, float]:
        """Return `root_x` and `root_y`, in hip heights, at a time in seconds."""
        hip_height_px = max(body.px_per_metre() * _HIP_HEIGHT_M, 1.0)
        hips_px = float(body.picture[[LEFT_HIP, RIGHT_HIP], 0].mean())
        step_s = time_s - self._time_s
        if self._middle_px is None or not 0 <= step_s <= _RESTART_S:
            self._middle_px, step_s = hips_px, 0.0
            self._feet.clear()
        self._time_s = time_s
        self._middle_px += (hips_px - self._middle_px) * (1 - float(np.exp(-step_s / _RECENTRE_S)))
        return (hips_px - self._middle_px) / hip_height_px, standing_height(legs) + self._jump(body, hip_height_px)

    def _jump(self, body: BodyPoints, hip_height_px: float) -> float:
        if not all(body.seen(foot) for foot in FEET):
            self._feet.clear()
            return 0.0
        lowest = float(body.picture[list(FEET), 1].min()) / hip_height_px
        self._feet.append((self._time_s, lowest))
        while self._time_s - self._feet[0][0] > _GROUND_S:
            self._feet.popleft()
        # y is up: the ground is among the lowest.
        ground = float(np.quantile([height for _, height in self._feet], 1 - _GROUND_QUANTILE))
        return max(lowest - ground - _GROUND_NOISE, 0.0)


def standing_height(legs: Iterable[LegAngles]) -> float:
    """Return how far the hips go down, in hip heights (0 or less), for the lower foot to stay on the ground.

    Source: the mean proportions of the avatars in `engines.motion.body`.
    """
    rest = float((THIGH + SHIN)[1])
    lowest = min((_ankle_y(leg) for leg in legs), default=rest)
    return min(rest - lowest, 0.0)


def _ankle_y(leg: LegAngles) -> float:
    thigh = np.asarray(rotation_from_vector(leg.upper_leg), np.float64)
    knee = np.asarray(rotation_from_vector([leg.knee, 0.0, 0.0]), np.float64)
    return float((thigh @ (THIGH + knee @ SHIN))[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class HipsSolve:
    """How the hips stand towards the camera: `root_yaw`, -180..180, and `root_roll`, degrees."""

    yaw: float
    roll: float


def solve_hips(body: BodyPoints, chest_yaw: float) -> HipsSolve:
    """Return how the hips stand.

    The line between two hip joints is short and its depth poor: half of the turn is taken from the chest, and all of
    it where the two cannot belong to one body.

    Args:
        body: both hips are seen.
        chest_yaw: where the chest faces, degrees.
    """
    across = body.world[LEFT_HIP] - body.world[RIGHT_HIP]
    apart = (float(np.degrees(np.arctan2(-across[2], across[0]))) - chest_yaw + 180.0) % 360.0 - 180.0
    yaw = chest_yaw if abs(apart) > _MOST_TWIST_DEG else chest_yaw + apart / 2
    line = body.picture[LEFT_HIP] - body.picture[RIGHT_HIP]
    tilt = float(np.degrees(np.arctan2(line[1], max(abs(float(line[0])), 1e-6)))) * (1.0 if line[0] > 0 else -1.0)
    roll = _ROLL_OF_TILT * float(np.clip(tilt, -_MOST_TILT_DEG, _MOST_TILT_DEG)) * (1 - ramp(abs(yaw), 25.0, 60.0))
    return HipsSolve(yaw=(yaw + 180.0) % 360.0 - 180.0, roll=roll)

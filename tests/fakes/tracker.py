"""A tracker and a motion that follow a bright spot instead of a person."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.controls import ControlVector
from realtime.frame import Frame
from realtime.observation import PersonObservation
from realtime.retargeting.calibration import Calibration, Calibrator
from realtime.retargeting.neutral import Neutral

#: Only the synthetic camera's spot is as bright as this, whatever the codec does to it.
BRIGHT = 200
#: The spot's place across the picture, 0..1, becomes this many degrees of head yaw on either side.
YAW_DEG = 60.0


class SpotTracker:
    """Sees one person, almost all of whose face lies at the middle of the bright spot.

    Args:
        delay_s: how long tracking a frame takes.
        fail_after: raise on the frame with this number, counted from 0.
    """

    def __init__(self, delay_s: float = 0.0, fail_after: int | None = None) -> None:
        self._delay_s = delay_s
        self._fail_after = fail_after
        self.sizes: list[tuple[int, int]] = []
        self.closed = False

    def track(self, frame: Frame) -> tuple[PersonObservation, ...]:
        """Return one person at the spot, or nobody in a dark picture."""
        if self._fail_after is not None and len(self.sizes) >= self._fail_after:
            raise RuntimeError("the tracker broke")
        height, width = frame.image.shape[:2]
        self.sizes.append((width, height))
        time.sleep(self._delay_s)
        rows, columns = np.nonzero(frame.image.min(axis=2) > BRIGHT)
        if not len(rows):
            return ()
        face = np.zeros((478, 3), np.float32)
        face[:, :2] = columns.mean() / width, rows.mean() / height
        face[1:3, 1] += (-0.1, 0.1)  # a fifth of the picture high: neither near nor far
        person = PersonObservation(
            person_id=0, pose=None, pose_world=None, pose_visibility=None, face=face, image_size=(width, height)
        )
        return (person,)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class SpotMotion:
    """Turns the head to where the spot is."""

    def __init__(self) -> None:
        self._controls = controls.NEUTRAL.copy()
        self._landmarks: npt.NDArray[np.float32] | None = None
        self._calibrator = Calibrator()
        self.neutral: Neutral | None = None

    @property
    def tracked(self) -> bool:
        """Whether the spot was seen."""
        return self._landmarks is not None

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        """Note where the spot is."""
        if not observations:
            self._landmarks = None
            self._calibrator.take({}, captured_s)
            return
        face = observations[0].face
        assert face is not None
        self._landmarks = face[:1, :2].copy()
        yaw = (float(face[0, 0]) - 0.5) * 2 * YAW_DEG
        straight = 0.0 if self.neutral is None else self.neutral.head_yaw or 0.0
        self._controls = controls.controls({"head_yaw": yaw - straight})
        seen = {"head_yaw": yaw, "head_pitch": 0.0, "head_roll": 0.0, "left_opening": 0.3, "right_opening": 0.3}
        self.neutral = self._calibrator.take(seen, captured_s) or self.neutral

    def controls_at(self, time_s: float) -> ControlVector:
        """Return the newest pose; no prediction."""
        return self._controls

    def landmarks(self) -> npt.NDArray[np.float32] | None:
        """Return the spot."""
        return self._landmarks

    def calibrate(self, now_s: float) -> None:
        """Begin a recording."""
        self._calibrator.begin(now_s, Neutral())

    def calibration(self, now_s: float) -> Calibration:
        """Return the newest recording."""
        return self._calibrator.at(now_s)

    def use_neutral(self, neutral: Neutral | None) -> None:
        """Remember it."""
        self.neutral = neutral

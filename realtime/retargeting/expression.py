"""From a face's measurements to the expression controls, relative to the user's own face at rest."""

from __future__ import annotations

import numpy as np

from realtime.retargeting.face_features import EyeFeatures, FaceFeatures
from realtime.retargeting.neutral import Neutral, RunningNeutral

# Ranges below were read off MediaPipe 0.10.21 on the sign clips and head-pose scenes: eye opening 0.23 to 0.33
# open and 0.10 to 0.15 shut, brows 0.22 to 0.30, closed mouth 0.50 to 0.58 wide, a broad smile 0.77 wide with the
# corners lifted by 0.09, inner lips 0.01 to 0.03 apart when shut.
#: Share of the open eye's opening at which a blink begins and is complete.
_LID_OPEN, _LID_SHUT = 0.82, 0.48
#: Lids follow the eye down: opening lost per degree of downward gaze.
_LID_PER_GAZE_DEG = 0.003
#: Two lids that differ by less than the first are one blink, by more than the second a wink: on faces 50 pixels
#: wide one eye alone reads up to half shut for a frame.
_WINK_FROM, _WINK_FULL = 0.35, 0.65
#: Brow height that makes a full raise, and a full frown.
_BROW_UP, _BROW_DOWN = 0.055, 0.040
#: What an upward tilt of the head adds to the measured brow height, per degree.
_BROW_PER_PITCH_DEG = 0.0008
_JAW_FULL = 0.22
#: Teeth shown by a broad smile open the lips by this much without the jaw.
_SMILE_OPENING = 0.12
#: Turned away by more than the first, the far eye is hidden in part; by more than the second, wholly.
_FAR_EYE_DEG = (20.0, 40.0)
#: Turned away by this much, brow heights say more about the depth estimate than about the brows.
_BROW_LOST_DEG = (25.0, 45.0)
#: Irises that disagree by more than this are not both right.
_GAZE_DISAGREEMENT_DEG = 12.0


class Expression:
    """Turns face measurements into expression controls, learning the user's rest face as it goes.

    Args:
        neutral: the face at rest that the user recorded, or None.
    """

    def __init__(self, neutral: Neutral | None = None) -> None:
        rest = neutral or Neutral()
        openings, brows = (rest.left_opening, rest.right_opening), (rest.left_brow, rest.right_brow)
        self._opening = tuple(
            RunningNeutral(prior=0.27, low=0.15, high=0.42, quantile=0.6, recorded=recorded) for recorded in openings
        )
        self._brow = tuple(RunningNeutral(prior=0.26, low=0.19, high=0.34, recorded=recorded) for recorded in brows)
        self._gaze_yaw = RunningNeutral(prior=0.0, low=-6.0, high=6.0, recorded=rest.gaze_yaw)
        self._gaze_pitch = RunningNeutral(prior=-4.0, low=-12.0, high=4.0, recorded=rest.gaze_pitch)
        self._mouth_width = RunningNeutral(prior=0.53, low=0.44, high=0.60, recorded=rest.mouth_width)
        self._corner_lift = RunningNeutral(prior=0.01, low=-0.04, high=0.04, recorded=rest.corner_lift)
        self._mouth_opening = RunningNeutral(
            prior=0.015, low=0.0, high=0.035, quantile=0.3, recorded=rest.mouth_opening
        )

    @property
    def running(self) -> dict[str, RunningNeutral]:
        """The estimates of the face at rest, by their names in `Neutral`."""
        return {
            "left_opening": self._opening[0],
            "right_opening": self._opening[1],
            "left_brow": self._brow[0],
            "right_brow": self._brow[1],
            "gaze_yaw": self._gaze_yaw,
            "gaze_pitch": self._gaze_pitch,
            "mouth_width": self._mouth_width,
            "corner_lift": self._corner_lift,
            "mouth_opening": self._mouth_opening,
        }

    def learn(self, face: FaceFeatures, pitch_deg: float, time_s: float, *, mouth: bool = True) -> None:
        """Take a reliable, roughly frontal view into the estimate of the face at rest."""
        for index, eye in enumerate((face.left, face.right)):
            self._opening[index].update(eye.opening, time_s)
            self._brow[index].update(_level_brow(eye, pitch_deg), time_s)
        self._gaze_yaw.update((face.left.gaze_yaw + face.right.gaze_yaw) / 2, time_s)
        self._gaze_pitch.update((face.left.gaze_pitch + face.right.gaze_pitch) / 2, time_s)
        if mouth:
            self._mouth_width.update(face.mouth_width, time_s)
            self._corner_lift.update(face.corner_lift, time_s)
            self._mouth_opening.update(face.mouth_opening, time_s)

    def eyes(self, face: FaceFeatures, yaw_deg: float, pitch_deg: float) -> dict[str, float]:
        """Return blink, gaze and brow controls; yaw and pitch are the head's towards the camera, degrees."""
        hidden = _ramp(abs(yaw_deg), *_FAR_EYE_DEG)
        # Turned to the subject's left, the left eye is the far one.
        share_left = 0.5 * (1 - hidden) if yaw_deg > 0 else 1 - 0.5 * (1 - hidden)
        gaze_pitch = self._mixed_gaze(face.left.gaze_pitch, face.right.gaze_pitch, share_left)
        gaze_pitch -= self._gaze_pitch.value
        gaze_yaw = self._mixed_gaze(face.left.gaze_yaw, face.right.gaze_yaw, share_left) - self._gaze_yaw.value
        left = self._shut(face.left, 0, gaze_pitch)
        right = self._shut(face.right, 1, gaze_pitch)
        both = left * share_left + right * (1 - share_left)
        apart = max(_ramp(abs(left - right), _WINK_FROM, _WINK_FULL) - hidden, 0.0)
        blink_left = both + (left - both) * apart
        blink_right = both + (right - both) * apart
        brows = [self._brow_control(eye, index, pitch_deg) for index, eye in enumerate((face.left, face.right))]
        brow_mean = brows[0] * share_left + brows[1] * (1 - share_left)
        turned = _ramp(abs(yaw_deg), *_BROW_LOST_DEG)
        # A shut eye hides its iris: look straight ahead instead of where noise points.
        seen = 1 - _ramp(both, 0.4, 0.8)
        return {
            "blink_left": blink_left,
            "blink_right": blink_right,
            "gaze_yaw": gaze_yaw * seen,
            "gaze_pitch": gaze_pitch * seen,
            "brow_left": (brows[0] + brow_mean) / 2 * (1 - turned),
            "brow_right": (brows[1] + brow_mean) / 2 * (1 - turned),
        }

    def mouth(self, face: FaceFeatures) -> dict[str, float]:
        """Return smile and visemes; `joy` and the other whole-face expressions stay with whoever sets them."""
        width = face.mouth_width / self._mouth_width.value - 1
        lift = face.corner_lift - self._corner_lift.value
        smile = 0.65 * _ramp(lift, 0.012, 0.075) + 0.35 * _ramp(width, 0.05, 0.28)
        opening = max(face.mouth_opening - self._mouth_opening.value, 0.0)
        jaw = _ramp(opening - _SMILE_OPENING * smile, 0.012, _JAW_FULL)
        parted = _ramp(opening, 0.012, 0.10)
        wide, narrow = _ramp(width, 0.06, 0.30), _ramp(-width, 0.07, 0.28)
        return {
            "aa": jaw * (1 - narrow) * (1 - 0.3 * wide),
            "oh": jaw * narrow,
            "ou": (1 - jaw) * narrow,
            "ee": 0.7 * parted * wide * (1 - jaw),
            "ih": 0.5 * parted * (1 - wide) * (1 - narrow) * (1 - jaw),
            "smile": smile,
        }

    def _shut(self, eye: EyeFeatures, index: int, gaze_pitch_deg: float) -> float:
        opening = eye.opening + _LID_PER_GAZE_DEG * float(np.clip(gaze_pitch_deg, 0.0, 12.0))
        return 1 - _ramp(opening / self._opening[index].value, _LID_SHUT, _LID_OPEN)

    def _brow_control(self, eye: EyeFeatures, index: int, pitch_deg: float) -> float:
        height = _level_brow(eye, pitch_deg) - self._brow[index].value
        # A quarter of the range is dead: brows twitch with every change of the eyelids.
        return _ramp(height, 0.25 * _BROW_UP, _BROW_UP) - _ramp(-height, 0.25 * _BROW_DOWN, _BROW_DOWN)

    @staticmethod
    def _mixed_gaze(left: float, right: float, share_left: float) -> float:
        if abs(left - right) > _GAZE_DISAGREEMENT_DEG and 0.25 < share_left < 0.75:
            return left if abs(left) < abs(right) else right
        return left * share_left + right * (1 - share_left)


def _level_brow(eye: EyeFeatures, pitch_deg: float) -> float:
    return eye.brow + _BROW_PER_PITCH_DEG * pitch_deg


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high` and a straight line between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))

"""From a face's measurements to the expression controls, relative to the user's own face at rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from realtime.retargeting.emotion import Shapes, emotions
from realtime.retargeting.eyelids import Eyelids
from realtime.retargeting.face_features import EyeFeatures, FaceFeatures
from realtime.retargeting.neutral import SAMPLE_EVERY_S, Neutral, RunningNeutral
from realtime.retargeting.ramp import ramp

# Ranges below were read off MediaPipe 0.10.21 on the sign clips and head-pose scenes, and on faces whose brows, lids
# and mouth were moved by known distances (`benchmarks/face_warps.py`): 6 mm of brow read as 0.021, 6 mm of the corners
# of the mouth as 0.058 of lift, 16 mm of jaw as 0.196, lips drawn in by 9 mm on each side as a third less wide.
#: Share of itself by which an eye seems wider for each degree that the head bows.
_LID_PER_PITCH_DEG = 0.002
#: Lids follow the eye down: share lost for each degree that the iris sinks, up to so many.
_LID_PER_GAZE_DEG, _LID_GAZE_DEG = 0.008, 8.0
#: Brow height that makes a full raise, and a full frown.
_BROW_UP, _BROW_DOWN = 0.030, 0.026
#: By how much the brows' inner ends seem to rise for each degree that the head bows.  Source: regression on five people
#: of the sign clips, 0.0006 to 0.0009; brow heights and corners of the mouth go up in some and down in others.
_SLOPE_PER_PITCH_DEG = 0.0008
#: How far the corners of the mouth sink when lips part by 1.
_LIFT_PER_OPENING = 0.25
_JAW_FULL = 0.20
#: Lips that read as less apart than the first are shut: a slit of half a pixel looks like a stitched mouth.
_LIPS_PART = (0.020, 0.035)
#: Seconds of frontal views after which the face at rest begins to be known, and is.
_LEARNT_S = (0.7, 2.0)
#: Teeth shown by a broad smile open the lips by this much without the jaw.
_SMILE_OPENING = 0.12
#: Turned away by more than the first, the far eye is hidden in part; by more than the second, wholly.
_FAR_EYE_DEG = (15.0, 40.0)
#: Turned away by this much, no brow is seen.
_BROW_LOST_DEG = (40.0, 60.0)
#: Bowed or raised by this much, brows and what the fit leaves of the bow are hard to tell apart: less than half counts.
_BROW_BOWED_DEG = (15.0, 30.0)
#: Irises that disagree by more than this are not both right.
_GAZE_DISAGREEMENT_DEG = 12.0
#: The network moves irises by about half of what eyes turn.  Source: irises of the portrait moved by up to 26 degrees
#: to the side (0.53 of it was read) and 13 up and down (0.3; with a gain of 3 there is more noise than gaze).
_GAZE_YAW_GAIN, _GAZE_PITCH_GAIN = 1.9, 2.0
#: Beyond so many degrees gaze grows ever less: the larger a face, the more of its irises' way is seen, and a glance
#: aside would become a squint.
_GAZE_YAW_DEG, _GAZE_PITCH_DEG = 30.0, 22.0
#: What the eyes of somebody who looks at the camera are read to turn back for each degree of the head.  Source:
#: regression on five people of the sign clips, -0.37 to -0.69 and -0.15 to -0.58.
_FIXED_YAW, _FIXED_PITCH = -0.45, -0.35


class Expression:
    """Turns face measurements into expression controls, learning the user's rest face as it goes.

    Args:
        neutral: the face at rest that the user recorded, or None.
    """

    def __init__(self, neutral: Neutral | None = None) -> None:
        rest = neutral or Neutral()
        openings, brows = (rest.left_opening, rest.right_opening), (rest.left_brow, rest.right_brow)
        self._opening = tuple(
            RunningNeutral(prior=0.27, low=0.10, high=0.42, quantile=0.6, recorded=recorded) for recorded in openings
        )
        self._brow = tuple(RunningNeutral(prior=0.26, low=0.22, high=0.285, recorded=recorded) for recorded in brows)
        self._brow_slope = RunningNeutral(prior=-0.05, low=-0.10, high=-0.01, recorded=rest.brow_slope)
        self._gaze_yaw = RunningNeutral(prior=0.0, low=-6.0, high=6.0, recorded=rest.gaze_yaw)
        self._gaze_pitch = RunningNeutral(prior=-4.0, low=-12.0, high=4.0, recorded=rest.gaze_pitch)
        #: By how much each iris sits further out than the other's mean.
        self._outwards = RunningNeutral(prior=4.5, low=0.0, high=9.0, recorded=rest.gaze_outwards)
        self._mouth_width = RunningNeutral(prior=0.53, low=0.44, high=0.60, recorded=rest.mouth_width)
        self._corner_lift = RunningNeutral(prior=0.01, low=-0.04, high=0.04, recorded=rest.corner_lift)
        self._mouth_opening = RunningNeutral(
            prior=0.015, low=0.0, high=0.035, quantile=0.3, recorded=rest.mouth_opening
        )
        self._learnt_s = 0.0 if None in openings + brows else _LEARNT_S[1]
        self._last_learnt_s = -np.inf
        self._lids = Eyelids(usual_known=None not in openings)

    @property
    def running(self) -> dict[str, RunningNeutral]:
        """The estimates of the face at rest, by their names in `Neutral`."""
        return {
            "left_opening": self._opening[0],
            "right_opening": self._opening[1],
            "left_brow": self._brow[0],
            "right_brow": self._brow[1],
            "brow_slope": self._brow_slope,
            "gaze_yaw": self._gaze_yaw,
            "gaze_pitch": self._gaze_pitch,
            "gaze_outwards": self._outwards,
            "mouth_width": self._mouth_width,
            "corner_lift": self._corner_lift,
            "mouth_opening": self._mouth_opening,
        }

    def learn(
        self,
        face: FaceFeatures,
        pitch_deg: float,
        time_s: float,
        *,
        turned_deg: tuple[float, float] = (0.0, 0.0),
        mouth: bool = True,
    ) -> None:
        """Take a reliable, roughly frontal view into the estimate of the face at rest.

        Most of the time people look at what they sit in front of, whichever way the head points.

        Args:
            face: what was measured.
            pitch_deg: the head's towards the camera.
            time_s: when it was seen.
            turned_deg: the head's yaw and pitch towards what the person sits in front of.
            mouth: whether the mouth is seen.
        """
        self._learnt_s += min(abs(time_s - self._last_learnt_s), SAMPLE_EVERY_S)
        self._last_learnt_s = time_s
        for index, eye in enumerate((face.left, face.right)):
            self._opening[index].update(_level_opening(eye, pitch_deg), time_s)
            self._brow[index].update(eye.brow, time_s)
        self._brow_slope.update(_brow_slope(face, pitch_deg), time_s)
        gaze_yaw, gaze_pitch = (face.left.gaze_yaw + face.right.gaze_yaw) / 2, _gaze_pitch(face, 0.5)
        self._gaze_yaw.update(gaze_yaw - _FIXED_YAW * turned_deg[0], time_s)
        self._gaze_pitch.update(gaze_pitch - _FIXED_PITCH * turned_deg[1], time_s)
        self._outwards.update((face.left.gaze_yaw - face.right.gaze_yaw) / 2, time_s)
        if mouth:
            self._mouth_width.update(face.mouth_width, time_s)
            self._corner_lift.update(_lift(face), time_s)
            self._mouth_opening.update(face.mouth_opening, time_s)

    def __call__(
        self, face: FaceFeatures, yaw_deg: float, pitch_deg: float, time_s: float, *, mouth: bool = True
    ) -> dict[str, float]:
        """Return the controls of eyes and brows and, where the mouth is seen, of mouth and whole-face expressions.

        Args:
            face: what was measured.
            yaw_deg: the head's towards the camera.
            pitch_deg: the same.
            time_s: when it was seen.
            mouth: whether the mouth is seen.
        """
        hidden = ramp(abs(yaw_deg), *_FAR_EYE_DEG)
        # Turned to the subject's left, the left eye is the far one.
        share_left = 0.5 * (1 - hidden) if yaw_deg > 0 else 1 - 0.5 * (1 - hidden)
        values = self._eyes(face, pitch_deg, time_s, share_left=share_left, hidden=hidden)
        brows = [self._brow_control(eye, index) for index, eye in enumerate((face.left, face.right))]
        brow_mean = brows[0] * share_left + brows[1] * (1 - share_left)
        seen = (1 - ramp(abs(yaw_deg), *_BROW_LOST_DEG)) * (1 - 0.6 * ramp(abs(pitch_deg), *_BROW_BOWED_DEG))
        for side, brow in zip(("left", "right"), brows, strict=True):
            values[f"brow_{side}"] = (brow + (brow_mean - brow) * max(hidden, 0.5)) * seen
        if not mouth:
            return values
        values |= self._mouth(face)
        shapes = self._shapes(face, brow_mean * seen, yaw_deg, pitch_deg, values["smile"], share_left)
        blinking = values["blink_left"] * share_left + values["blink_right"] * (1 - share_left)
        # Brows and lids are believed once the face at rest is known; a blink says nothing about them.
        known = ramp(self._learnt_s, *_LEARNT_S) * (1 - ramp(blinking, 0.2, 0.6))
        feelings = {name: weight * (1.0 if name == "joy" else known) for name, weight in emotions(shapes).items()}
        return _given_way(values, feelings)

    def _eyes(
        self, face: FaceFeatures, pitch_deg: float, time_s: float, *, share_left: float, hidden: float
    ) -> dict[str, float]:
        outwards = self._outwards.value
        gaze_yaw = self._mixed_gaze(face.left.gaze_yaw - outwards, face.right.gaze_yaw + outwards, share_left)
        gaze_yaw -= self._gaze_yaw.value
        gaze_pitch = _gaze_pitch(face, share_left) - self._gaze_pitch.value
        sunk = 1 + _LID_PER_GAZE_DEG * min(max(gaze_pitch, 0.0), _LID_GAZE_DEG)
        left, right = (_level_opening(eye, pitch_deg) * sunk for eye in (face.left, face.right))
        usual = (self._opening[0].value, self._opening[1].value)
        blinks = self._lids((left, right), usual, time_s, share_left=share_left, hidden=hidden)
        # A shut eye hides its iris: look straight ahead instead of where noise points.
        seen = 1 - ramp(blinks[0] * share_left + blinks[1] * (1 - share_left), 0.4, 0.8)
        return {
            "blink_left": blinks[0],
            "blink_right": blinks[1],
            "gaze_yaw": _softly(gaze_yaw * _GAZE_YAW_GAIN, _GAZE_YAW_DEG) * seen,
            "gaze_pitch": _softly(gaze_pitch * _GAZE_PITCH_GAIN, _GAZE_PITCH_DEG) * seen,
        }

    def _mouth(self, face: FaceFeatures) -> dict[str, float]:
        """Return smile and visemes."""
        width = face.mouth_width / self._mouth_width.value - 1
        lift = _lift(face) - self._corner_lift.value
        smile = ramp(lift, 0.012, 0.050) * (0.5 + 0.5 * ramp(width, 0.02, 0.16))
        opening = self._opened(face)
        jaw = ramp(opening - _SMILE_OPENING * smile, 0.012, _JAW_FULL)
        parted = ramp(opening, 0.012, 0.10)
        lips = ramp(opening, *_LIPS_PART)
        jaw, parted = jaw * lips, parted * lips
        wide, narrow = ramp(width, 0.06, 0.30), ramp(-width, 0.07, 0.28)
        return {
            "aa": jaw * (1 - narrow) * (1 - 0.3 * wide),
            "oh": jaw * narrow,
            "ou": (1 - jaw) * narrow,
            "ee": 0.7 * parted * wide * (1 - jaw),
            "ih": 0.5 * parted * (1 - wide) * (1 - narrow) * (1 - jaw),
            "smile": smile,
        }

    def _shapes(
        self, face: FaceFeatures, brow: float, yaw_deg: float, pitch_deg: float, smile: float, share_left: float
    ) -> Shapes:
        shares = (share_left, 1 - share_left)
        slit = sum(
            _level_opening(eye, pitch_deg) * share for eye, share in zip((face.left, face.right), shares, strict=True)
        )
        usual = sum(opening.value * share for opening, share in zip(self._opening, shares, strict=True))
        return Shapes(
            brow=brow,
            inner_brow=_brow_slope(face, pitch_deg) - self._brow_slope.value,
            opening=slit / usual,
            slit=slit,
            smile=smile,
            jaw=ramp(self._opened(face), 0.03, _JAW_FULL),
            corner_lift=_lift(face) - self._corner_lift.value,
            yaw_deg=yaw_deg,
            pitch_deg=pitch_deg,
        )

    def _opened(self, face: FaceFeatures) -> float:
        return max(face.mouth_opening - self._mouth_opening.value, 0.0)

    def _brow_control(self, eye: EyeFeatures, index: int) -> float:
        height = eye.brow - self._brow[index].value
        # A quarter of the range is dead: brows twitch with every change of the eyelids.
        return ramp(height, 0.25 * _BROW_UP, _BROW_UP) - ramp(-height, 0.25 * _BROW_DOWN, _BROW_DOWN)

    @staticmethod
    def _mixed_gaze(left: float, right: float, share_left: float) -> float:
        if abs(left - right) > _GAZE_DISAGREEMENT_DEG and 0.25 < share_left < 0.75:
            return left if abs(left) < abs(right) else right
        return left * share_left + right * (1 - share_left)


def _softly(value: float, limit: float) -> float:
    """Return the value, bent so that it never passes the limit."""
    return limit * float(np.tanh(value / limit))


def _given_way(values: dict[str, float], feelings: Mapping[str, float]) -> dict[str, float]:
    """Return all controls, with what an expression moves by itself taken back as it grows."""
    brows_free = 1 - max(feelings["angry"], feelings["sorrow"], feelings["surprised"])
    for side in ("left", "right"):
        values[f"brow_{side}"] *= brows_free
    values["smile"] *= 1 - feelings["joy"]
    for viseme in ("aa", "oh"):
        values[viseme] *= 1 - 0.7 * feelings["surprised"]
    return values | dict(feelings)


def _level_opening(eye: EyeFeatures, pitch_deg: float) -> float:
    return eye.opening / (1 + _LID_PER_PITCH_DEG * pitch_deg)


def _lift(face: FaceFeatures) -> float:
    return face.corner_lift + _LIFT_PER_OPENING * face.mouth_opening


def _brow_slope(face: FaceFeatures, pitch_deg: float) -> float:
    return (face.left.brow_slope + face.right.brow_slope) / 2 - _SLOPE_PER_PITCH_DEG * pitch_deg


def _gaze_pitch(face: FaceFeatures, share_left: float) -> float:
    return face.left.gaze_pitch * share_left + face.right.gaze_pitch * (1 - share_left)

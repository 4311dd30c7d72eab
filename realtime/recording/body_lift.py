"""From body points in a picture to points in space, by the lengths that limbs have.

A limb that looks shorter than it is points towards the camera or away from it.  How much follows from its length; which
of the two, from what bodies do: elbows and forearms are in front, knees too, and shins hang or fold back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realtime.recording.keypoints import BODY_POINTS, F64
from realtime.retargeting.neutral import RunningNeutral
from realtime.retargeting.ramp import ramp

Bools = npt.NDArray[np.bool_]

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP, NOSE = 11, 12, 23, 24, 0
#: Metres between joints of an adult of 1.70 m.  Source: Drillis and Contini, "Body Segment Parameters", 1966, as in
#: Winter, "Biomechanics and Motor Control of Human Movement", 4th ed., figure 4.1: trunk 0.288, forearm 0.146, thigh
#: 0.245 and shank 0.246 of the height.  Shoulders, upper arm and hips, where estimators put their points elsewhere
#: than anatomists: measured here in pictures of ten upright people, by the size of their faces.
_SHOULDERS_M, _HIPS_M, _TRUNK_M = 0.33, 0.21, 0.49
_UPPER_ARM_M, _FOREARM_M, _THIGH_M, _SHANK_M = 0.28, 0.25, 0.417, 0.418
_FOOT_M = 0.20
#: Limbs from the trunk outwards: start, end, length, and 1 where a foreshortened one points to the camera.
_LIMBS: tuple[tuple[int, int, float, float], ...] = (
    *((11, 13, _UPPER_ARM_M, 1.0), (13, 15, _FOREARM_M, 1.0), (12, 14, _UPPER_ARM_M, 1.0), (14, 16, _FOREARM_M, 1.0)),
    *((23, 25, _THIGH_M, 1.0), (25, 27, _SHANK_M, -1.0), (24, 26, _THIGH_M, 1.0), (26, 28, _SHANK_M, -1.0)),
    *((29, 31, _FOOT_M, 1.0), (30, 32, _FOOT_M, 1.0)),
)
#: Each elbow's wrist, and how far down a forearm points (1 is straight down) from which on an arm counts as hanging.
_FOREARMS = {13: 15, 14: 16}
_HANGS = (0.4, 0.9)
#: Points that move in depth with another: heels with ankles, the hand's points with the wrist.
_CARRIED = {29: 27, 30: 28, 17: 15, 19: 15, 21: 15, 18: 16, 20: 16, 22: 16}
#: Where points lie that were not seen, metres from another, +X picture right, +Y up: upright, arms hanging.
_UNSEEN: tuple[tuple[int, int, float, float], ...] = (
    *((23, 11, -0.06, -_TRUNK_M), (24, 12, 0.06, -_TRUNK_M), (0, 11, -_SHOULDERS_M / 2, 0.18)),
    *((13, 11, 0.03, -_UPPER_ARM_M), (14, 12, -0.03, -_UPPER_ARM_M), (15, 13, 0.0, -_FOREARM_M)),
    *((16, 14, 0.0, -_FOREARM_M), (25, 23, 0.0, -_THIGH_M), (26, 24, 0.0, -_THIGH_M), (27, 25, 0.0, -_SHANK_M)),
    *((28, 26, 0.0, -_SHANK_M), (29, 27, 0.0, -0.04), (30, 28, 0.0, -0.04), (31, 29, 0.0, 0.0), (32, 30, 0.0, 0.0)),
    *((2, 0, 0.03, 0.035), (5, 0, -0.03, 0.035), (7, 0, 0.07, 0.02), (8, 0, -0.07, 0.02)),
    *((1, 2, -0.01, 0.0), (3, 2, 0.012, 0.0), (4, 5, 0.01, 0.0), (6, 5, -0.012, 0.0)),
    *((9, 0, 0.025, -0.03), (10, 0, -0.025, -0.03)),
    *((17, 15, 0.0, -0.08), (19, 15, 0.0, -0.09), (21, 15, 0.0, -0.04)),
    *((18, 16, 0.0, -0.08), (20, 16, 0.0, -0.09), (22, 16, 0.0, -0.04)),
)
#: How far in front of the shoulders nose, eyes and ears lie, metres.  Source: as shoulders.
_HEAD_DEPTH_M: dict[int, float] = {
    7: 0.06,
    8: 0.06,
    **dict.fromkeys((0, 9, 10), 0.16),
    **dict.fromkeys(range(1, 7), 0.15),
}
#: Foreshortening by less than the first is a difference between people; by more than the second it is believed.
_LIMB_DEG, _TRUNK_DEG = (5.0, 15.0), (25.0, 45.0)
#: People's limbs differ from the mean by no more than this share, and a limb is now and then seen at its full length.
_DIFFERENCE, _FULL_QUANTILE = 0.15, 0.9
#: The body network reads people who face the camera as turned by this, and overstates a turn in the picture's own
#: depth: what `realtime.retargeting.torso` takes out again.
_READS_TURNED_DEG, _OVERSTATES = 5.0, 2.0


class BodyLift:
    """Lifts one person's body.  Learns how long this person's limbs are when nothing shortens them."""

    def __init__(self) -> None:
        self._shoulders = _full_length(_SHOULDERS_M)
        self._lengths = [_full_length(length) for _, _, length, _ in _LIMBS]

    def __call__(
        self, picture: F64, seen: Bools, face_px_per_m: float | None, time_s: float
    ) -> tuple[F64, F64, float] | None:
        """Return a body in space.

        Args:
            picture: float64 (33, 2), pixels, y up; what was not seen may be anything.
            seen: bool (33,).
            face_px_per_m: the scale that the face shows, or None.
            time_s: when, seconds.

        Returns:
            Points float64 (33, 3) in pixels, +Y up, +Z to the camera, complete; the same in metres from between the
            hips, with the depth of `pose_world`; and pixels per metre.  None where neither shoulders nor a face were
            seen.
        """
        if not (seen[LEFT_SHOULDER] and seen[RIGHT_SHOULDER]):
            return None
        scale = px_per_metre(picture, seen, face_px_per_m)
        if scale <= 0:
            return None
        points = _completed(picture, seen, scale)
        depth, trunk_deg = np.zeros(BODY_POINTS), self._turn_deg(points, scale, time_s)
        across = points[LEFT_SHOULDER, 0] - points[RIGHT_SHOULDER, 0]
        self._lay_trunk(depth, across / scale, trunk_deg + _READS_TURNED_DEG)
        for (start, end, _, sign), length in zip(_LIMBS, self._lengths, strict=True):
            looks = float(np.linalg.norm(points[end] - points[start])) / scale
            if seen[start] and seen[end]:
                length.update(looks, time_s)
            angle = float(np.degrees(np.arccos(np.clip(looks / length.value, 0.0, 1.0))))
            away = length.value * np.sin(np.radians(angle)) * ramp(angle, *_LIMB_DEG)
            if end in _FOREARMS:
                away *= 1 - _hanging(points, seen, end)
            depth[end] = depth[_CARRIED.get(start, start)] + sign * away
        for point, carrier in _CARRIED.items():
            depth[point] = depth[carrier]
        middle = points[[LEFT_HIP, RIGHT_HIP]].mean(0)
        world = np.column_stack([(points - middle) / scale, depth])
        self._lay_trunk(depth, across / scale, _OVERSTATES * trunk_deg + _READS_TURNED_DEG)
        return np.column_stack([points, depth * scale]), world, scale

    def _turn_deg(self, points: F64, scale: float, time_s: float) -> float:
        """Return by how much the trunk is turned to the subject's left, from how narrow the shoulders look."""
        looks = float(np.linalg.norm(points[LEFT_SHOULDER] - points[RIGHT_SHOULDER])) / scale
        full = self._shoulders.update(looks, time_s)
        turn = float(np.degrees(np.arccos(np.clip(looks / full, 0.0, 1.0))))
        # The nose is where the chest faces.
        ahead = points[NOSE, 0] - points[[LEFT_SHOULDER, RIGHT_SHOULDER], 0].mean()
        return turn * ramp(turn, *_TRUNK_DEG) * (1.0 if ahead > 0 else -1.0)

    @staticmethod
    def _lay_trunk(depth: F64, across_m: float, turn_deg: float) -> None:
        """Set the depth of shoulders, hips and head; a turn to the subject's left takes the left shoulder back."""
        back = abs(across_m) / 2 * float(np.tan(np.radians(np.clip(turn_deg, -80.0, 80.0))))
        depth[[LEFT_SHOULDER, LEFT_HIP]], depth[[RIGHT_SHOULDER, RIGHT_HIP]] = -back, back
        for point, ahead in _HEAD_DEPTH_M.items():
            depth[point] = ahead


def px_per_metre(picture: F64, seen: Bools, face_px_per_m: float | None) -> float:
    """Return the body's scale: turned shoulders and bent trunks look smaller, nothing looks larger.

    The face counts where the hips are not seen only: children's faces are large for their bodies.
    """
    shoulders = float(np.linalg.norm(picture[LEFT_SHOULDER] - picture[RIGHT_SHOULDER])) / _SHOULDERS_M
    if seen[LEFT_HIP] and seen[RIGHT_HIP]:
        trunk = picture[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(0) - picture[[LEFT_HIP, RIGHT_HIP]].mean(0)
        return max(shoulders, float(np.linalg.norm(trunk)) / _TRUNK_M)
    return max(shoulders, face_px_per_m or 0.0)


def _hanging(points: F64, seen: Bools, elbow: int) -> float:
    """Return how far an arm hangs, 0..1: then its elbow is beside the body or behind it, not in front."""
    wrist = _FOREARMS[elbow]
    if not seen[wrist]:
        return 1.0
    fore = points[wrist] - points[elbow]
    return ramp(float(-fore[1] / max(float(np.linalg.norm(fore)), 1e-9)), *_HANGS)


def _full_length(length: float) -> RunningNeutral:
    """Return the estimate of how long something is that is now and then seen at its full length, metres."""
    return RunningNeutral(
        prior=length, low=length * (1 - _DIFFERENCE), high=length * (1 + _DIFFERENCE), quantile=_FULL_QUANTILE
    )


def _completed(picture: F64, seen: Bools, scale: float) -> F64:
    points, known = picture.copy(), seen.copy()
    for point, start, right_m, up_m in _UNSEEN:
        if not known[point]:
            points[point] = points[start] + np.array([right_m, up_m]) * scale
            known[point] = True
    return points

"""How a person sits or stands compared with how they usually do: leaning, bowing, shoulders raised."""

from __future__ import annotations

import numpy as np

from realtime.retargeting.arm_depth import FOCAL
from realtime.retargeting.body_points import BodyPoints
from realtime.retargeting.face_geometry import HeadSolve
from realtime.retargeting.neutral import Neutral, RunningNeutral
from realtime.retargeting.ramp import ramp
from realtime.retargeting.torso import TorsoSolve

_EARS = (7, 8)
#: From hips to eyes when seated upright; half of the shoulders' breadth.  Source: ANSUR II medians, rounded.
_HIP_TO_EYE_CM, _HALF_SHOULDERS_CM = 75.0, 17.0
#: Beyond the second distance a lean drowns in the noise of the face's size.
_LEAN_NEAR_CM, _LEAN_FAR_CM = 100.0, 180.0
#: A spine foreshortened by less than the first bow is noise; the second and more is believed.
_BOW_DEG = (20.0, 35.0)


class Posture:
    """Learns one person's usual distance, shoulder height and trunk length, and returns what departs from them.

    Args:
        neutral: the posture at rest that the user recorded, or None.  It is where learning starts: people sit
            differently every day.
    """

    def __init__(self, neutral: Neutral | None = None) -> None:
        self._neutral = neutral or Neutral()
        self._distance_cm: RunningNeutral | None = None
        self._shoulder_drop_cm: RunningNeutral | None = None
        self._spine_m: RunningNeutral | None = None

    @property
    def running(self) -> dict[str, RunningNeutral]:
        """The estimates of the posture at rest that there are so far, by their names in `Neutral`."""
        found = {"distance_cm": self._distance_cm, "shoulder_drop_cm": self._shoulder_drop_cm}
        return {name: running for name, running in found.items() if running is not None}

    def lean(self, head: HeadSolve | None, image_size: tuple[int, int], time_s: float) -> float:
        """Return the torso's pitch in degrees from how much nearer the face came than it usually is."""
        if head is None:
            return 0.0
        distance = FOCAL * image_size[0] / head.scale_px
        if self._distance_cm is None:
            self._distance_cm = RunningNeutral(prior=self._neutral.distance_cm or distance, low=10.0, high=1000.0)
        usual = self._distance_cm.update(distance, time_s)
        nearer = usual - distance
        nearer -= float(np.clip(nearer, -2.0, 2.0))
        lean = float(np.degrees(np.arcsin(np.clip(nearer / _HIP_TO_EYE_CM, -0.3, 0.6))))
        return lean * (1 - ramp(usual, _LEAN_NEAR_CM, _LEAN_FAR_CM))

    def bow(self, body: BodyPoints, torso: TorsoSolve, time_s: float) -> float:
        """Return by how many degrees the trunk is bent forward, from how short it looks; 0 where hips are not seen."""
        if torso.spine_px is None or torso.faces_away:
            return 0.0
        length = torso.spine_px / body.px_per_metre()
        if self._spine_m is None:
            self._spine_m = RunningNeutral(prior=max(length, 0.2), low=0.2, high=0.8, quantile=0.7)
        share = length / self._spine_m.update(length, time_s)
        bow = float(np.degrees(np.arccos(np.clip(share, 0.0, 1.0))))
        return bow * ramp(bow, *_BOW_DEG)

    def shrug(self, body: BodyPoints, torso: TorsoSolve, head: HeadSolve | None, time_s: float) -> float:
        """Return by how many degrees both shoulders are raised, from their distance below the ears."""
        if head is None:
            return 0.0
        up = np.array([-np.sin(np.radians(torso.roll)), np.cos(np.radians(torso.roll))])
        ears = body.picture[list(_EARS), :2].mean(0)
        drop = float((ears - torso.shoulders_px.mean(0)) @ up) / head.scale_px
        if self._shoulder_drop_cm is None:
            self._shoulder_drop_cm = (
                RunningNeutral(prior=self._neutral.shoulder_drop_cm or drop, low=5.0, high=40.0)
                if 5 < drop < 40
                else None
            )
            return 0.0
        raised = self._shoulder_drop_cm.update(drop, time_s) - drop
        raised -= float(np.clip(raised, -1.5, 1.5))
        return float(np.clip(np.degrees(np.arctan(raised / _HALF_SHOULDERS_CM)), -8.0, 30.0))

"""How chest and collar bones stand, from the tracker's body points.

What is taken from where was decided by looking at 20 sign clips and the head-turn scenes: the picture's own
x and y are exact to a degree or two; the depth in `pose_world` is not.  A person standing upright with hanging
arms reads as leaning 25 to 30 degrees forward, and as upright again once a hand is raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.retargeting.body_points import BodyPoints
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 11, 12, 23, 24
#: Weights of the yaw read from `pose_world` and from `pose`, and what remains for people who face the camera
#: (measured: world 3 to 7 degrees, picture -1 to 16).  The picture's depth overshoots, the world's falls short.
_YAW_WORLD, _YAW_PICTURE, _YAW_BIAS_DEG = 0.6, 0.2, 4.0
#: From facing the camera to seen from the side: there the world's yaw is taken as it is, on its way round the back.
_TURNING_DEG = (45.0, 80.0)
#: Without hips a tilted shoulder line is mostly, but not wholly, a tilted chest.
_ROLL_OF_TILT = 0.8
#: The shoulders' line of people who sit or stand tilts by less than this.
_MAX_TILT_DEG = 40.0
_HEAD = slice(0, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class TorsoSolve:
    """The chest towards the camera.

    Args:
        yaw: degrees, -180..180; beyond 90 the back is turned.
        roll: degrees, as the control.
        tilt: degrees by which the line of the shoulders is rolled beyond the chest; > 0 raises the left one.
        depth_pitch: degrees of forward lean that `pose_world` claims; a bias to take out of its arms.
        spine_px: pixels between the middles of shoulders and hips, or None where the hips are not seen.
        shoulders_px: float64 (2, 2), left and right shoulder in pixels, y up.
        confidence: 0..1; 0 when head or a shoulder lies outside the picture.
    """

    yaw: float
    roll: float
    tilt: float
    depth_pitch: float
    spine_px: float | None
    shoulders_px: F64
    confidence: float

    @property
    def faces_away(self) -> bool:
        """Whether the back is turned to the camera."""
        return abs(self.yaw) > 90.0


def solve_torso(body: BodyPoints) -> TorsoSolve:
    """Return how the chest stands."""
    picture, world = body.picture, body.world
    across = picture[LEFT_SHOULDER] - picture[RIGHT_SHOULDER]
    across_world = world[LEFT_SHOULDER] - world[RIGHT_SHOULDER]
    spine_world = world[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(0) - world[[LEFT_HIP, RIGHT_HIP]].mean(0)
    yaw = _degrees(-across_world[2], abs(across_world[0]) * (1.0 if across[0] > 0 else -1.0))
    if across[0] > 0:
        facing = _YAW_WORLD * yaw + _YAW_PICTURE * _degrees(-across[2], abs(across[0])) - _YAW_BIAS_DEG
        yaw = facing + (yaw - facing) * ramp(abs(yaw), *_TURNING_DEG)
    line = float(np.clip(_degrees(across[1], abs(across[0])), -60.0, 60.0)) * (1.0 if across[0] > 0 else -1.0)
    roll, spine_px = _ROLL_OF_TILT * line, None
    if hips_seen(body):
        spine = picture[[LEFT_SHOULDER, RIGHT_SHOULDER], :2].mean(0) - picture[[LEFT_HIP, RIGHT_HIP], :2].mean(0)
        spine_px = float(np.linalg.norm(spine))
        roll = 0.6 * _degrees(-spine[0], max(float(spine[1]), 1e-6)) + 0.4 * line
    return TorsoSolve(
        yaw=yaw,
        roll=roll,
        tilt=line - roll,
        depth_pitch=float(np.clip(_degrees(spine_world[2], max(float(spine_world[1]), 1e-6)), -45.0, 45.0)),
        spine_px=spine_px,
        shoulders_px=picture[[LEFT_SHOULDER, RIGHT_SHOULDER], :2],
        confidence=_confidence(body, line),
    )


def _confidence(body: BodyPoints, tilt_deg: float) -> float:
    """Return how far the shoulders can be believed.

    People who walk into the picture are guessed whole from an elbow, with the rest of them outside it or aslant.
    """
    shoulders = body.normalised[[LEFT_SHOULDER, RIGHT_SHOULDER]]
    needed = np.vstack([shoulders, body.normalised[_HEAD].mean(0)])
    if not ((needed >= 0) & (needed <= 1)).all() or abs(tilt_deg) > _MAX_TILT_DEG:
        return 0.0
    return float(body.visibility[[LEFT_SHOULDER, RIGHT_SHOULDER]].min())


def hips_seen(body: BodyPoints) -> bool:
    """Return whether both hips are visible and inside the picture."""
    return body.seen(LEFT_HIP) and body.seen(RIGHT_HIP)


def _degrees(y: float, x: float) -> float:
    return float(np.degrees(np.arctan2(y, x)))

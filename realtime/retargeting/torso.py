"""How chest and collar bones stand, from the tracker's body points.

What is taken from where was decided by looking at 20 sign clips and the head-turn scenes: the picture's own
x and y are exact to a degree or two; the depth in `pose_world` is not.  A person standing upright with hanging
arms reads as leaning 25 to 30 degrees forward, and as upright again once a hand is raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import rotation_from_euler
from realtime.observation import F32, PersonObservation

F64 = npt.NDArray[np.float64]

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 11, 12, 23, 24
#: Weights of the yaw read from `pose_world` and from `pose`, and what remains for people who face the camera
#: (measured: world 3 to 7 degrees, picture -1 to 16).  The picture's depth overshoots, the world's falls short.
_YAW_WORLD, _YAW_PICTURE, _YAW_BIAS_DEG = 0.6, 0.2, 4.0
#: Without hips a tilted shoulder line is mostly, but not wholly, a tilted chest.
_ROLL_OF_TILT = 0.8
#: The shoulders' line of people who sit or stand tilts by less than this.
_MAX_TILT_DEG = 40.0
_HEAD = slice(0, 11)
_VISIBLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TorsoSolve:
    """The chest towards the camera.

    Args:
        yaw: degrees, as the control.
        roll: degrees, as the control.
        tilt: degrees by which the line of the shoulders is rolled beyond the chest; > 0 raises the left one.
        depth_pitch: degrees of forward lean that `pose_world` claims; a bias to take out of its arms.
        shoulders_px: float64 (2, 2), left and right shoulder in pixels, y up.
        confidence: 0..1; 0 when head or a shoulder lies outside the picture or the back is turned.
    """

    yaw: float
    roll: float
    tilt: float
    depth_pitch: float
    shoulders_px: F64
    confidence: float


def solve_torso(person: PersonObservation) -> TorsoSolve | None:
    """Return how the chest stands, or None when the body was not found."""
    if person.pose is None or person.pose_world is None or person.pose_visibility is None:
        return None
    picture = picture_points(person.pose, person.image_size)
    world = person.pose_world.astype(np.float64) * [1, -1, -1]
    visible = person.pose_visibility
    across = picture[LEFT_SHOULDER] - picture[RIGHT_SHOULDER]
    across_world = world[LEFT_SHOULDER] - world[RIGHT_SHOULDER]
    spine_world = world[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(0) - world[[LEFT_HIP, RIGHT_HIP]].mean(0)
    yaw = (
        _YAW_WORLD * _degrees(-across_world[2], abs(across_world[0]))
        + _YAW_PICTURE * _degrees(-across[2], abs(across[0]))
        - _YAW_BIAS_DEG
    )
    line = float(np.clip(_degrees(across[1], abs(across[0])), -60.0, 60.0))
    if hips_seen(person.pose, visible):
        spine = picture[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(0) - picture[[LEFT_HIP, RIGHT_HIP]].mean(0)
        roll = 0.6 * _degrees(-spine[0], max(float(spine[1]), 1e-6)) + 0.4 * line
    else:
        roll = _ROLL_OF_TILT * line
    return TorsoSolve(
        yaw=yaw,
        roll=roll,
        tilt=line - roll,
        depth_pitch=float(np.clip(_degrees(spine_world[2], max(float(spine_world[1]), 1e-6)), -45.0, 45.0)),
        shoulders_px=picture[[LEFT_SHOULDER, RIGHT_SHOULDER], :2],
        confidence=_confidence(person.pose, visible, line),
    )


def _confidence(pose: F32, visibility: F32, tilt_deg: float) -> float:
    """Return how far the shoulders can be believed.

    People who walk into the picture are guessed whole from an elbow, with the rest of them outside it or aslant;
    people who turn their back have the left shoulder on the left.
    """
    shoulders = pose[[LEFT_SHOULDER, RIGHT_SHOULDER], :2]
    needed = np.vstack([shoulders, pose[_HEAD, :2].mean(0)])
    if not ((needed >= 0) & (needed <= 1)).all() or shoulders[0, 0] <= shoulders[1, 0] or abs(tilt_deg) > _MAX_TILT_DEG:
        return 0.0
    return float(min(visibility[LEFT_SHOULDER], visibility[RIGHT_SHOULDER]))


def chest_rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F64:
    """Return the chest's rotation, (3, 3), with the hips facing the camera."""
    return np.asarray(rotation_from_euler(yaw_deg, pitch_deg, roll_deg), np.float64)


def picture_points(points: F32, image_size: tuple[int, int]) -> F64:
    """Return normalised points as pixels with y up and z towards the camera, (N, 3)."""
    width, height = image_size
    return np.asarray(points.astype(np.float64) * [width, -height, -width], np.float64)


def hips_seen(pose: F32, visibility: F32) -> bool:
    """Return whether both hips are visible and inside the picture."""
    hips = [LEFT_HIP, RIGHT_HIP]
    return bool((visibility[hips] > _VISIBLE).all() and (pose[hips, 1] < 1.0).all())


def _degrees(y: float, x: float) -> float:
    return float(np.degrees(np.arctan2(y, x)))

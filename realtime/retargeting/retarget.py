"""From what was seen of a person to the controls of a character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX, NEUTRAL, ControlVector, clipped
from engines.skeleton import euler_from_rotation
from realtime.control_group import Group
from realtime.observation import PersonObservation
from realtime.retargeting.arm import ArmAngles, Side, solve_arm
from realtime.retargeting.expression import Expression
from realtime.retargeting.face_features import measure_face
from realtime.retargeting.face_geometry import HeadSolve, solve_head
from realtime.retargeting.neutral import RunningNeutral
from realtime.retargeting.torso import TorsoSolve, chest_rotation, picture_points, solve_torso

F64 = npt.NDArray[np.float64]

_SIDES: tuple[Side, Side] = ("left", "right")
# MediaPipe's pose points: shoulder, elbow, wrist, little finger, index finger.
_ARM_POINTS: dict[Side, tuple[int, int, int, int, int]] = {"left": (11, 13, 15, 17, 19), "right": (12, 14, 16, 18, 20)}
_ARM_GROUP: dict[Side, Group] = {"left": Group.LEFT_ARM, "right": Group.RIGHT_ARM}
_EARS = (7, 8)
_HANDS = slice(15, 23)
_MOUTH_MIDDLE = (13, 14)
_VISIBLE = 0.5
#: How far outside the picture, in picture sizes, a joint may lie and still be believed: an elbow is inferred well
#: from a wrist that is seen, a wrist from nothing.
_ELBOW_MARGIN, _WRIST_MARGIN = 0.15, 0.03
#: Views from which the face at rest is learnt.
_FRONTAL_YAW_DEG, _FRONTAL_PITCH_DEG, _MAX_RESIDUAL_CM = 25.0, 22.0, 0.35
#: A fit worse than this is no face; turned by 48 degrees it is 0.6 on real people.
_LOST_RESIDUAL_CM = 1.2
#: A hand nearer to the mouth than this hides it.
_HAND_AT_MOUTH_CM = 9.0
#: Focal length over picture width of a webcam of 60 degrees horizontal field of view.
_FOCAL = 0.87
#: From hips to eyes when seated upright; half of the shoulders' breadth.  Source: ANSUR II medians, rounded.
_HIP_TO_EYE_CM, _HALF_SHOULDERS_CM = 75.0, 17.0
#: Beyond the second distance a lean drowns in the noise of the face's size.
_LEAN_NEAR_CM, _LEAN_FAR_CM = 100.0, 180.0
#: Half of the lean that `pose_world` claims is a bias that also tilts its arms.
_ARM_PITCH_BIAS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Retargeted:
    """Controls for one observation.

    Args:
        vector: the control vector, float32 (len(SPEC),), neutral where nothing was seen.
        confidence: by group, 0..1; a group that is absent or below 0.5 was not seen and its controls are neutral.
    """

    vector: ControlVector
    confidence: Mapping[Group, float]


class Retarget:
    """Turns the observations of one person into controls.  Keeps only what it learns of the user at rest.

    The root stays where it is: the hips are taken to face the camera, and the torso carries every turn of the
    body.  Legs, fingers and the whole-face expressions are left neutral.
    """

    def __init__(self) -> None:
        self._expression = Expression()
        self._distance_cm: RunningNeutral | None = None
        self._shoulder_drop_cm: RunningNeutral | None = None
        self._twist: dict[Side, float] = {"left": 0.0, "right": 0.0}

    def __call__(self, person: PersonObservation, time_s: float) -> Retargeted:
        """Return the controls of an observation that was captured at a time in seconds."""
        values: dict[str, float] = {}
        confidence: dict[Group, float] = {}
        head = solve_head(person.face, person.image_size) if person.face is not None else None
        if head is not None and head.residual_cm > _LOST_RESIDUAL_CM:
            head = None
        torso = solve_torso(person)
        pitch = self._lean(head, person.image_size, time_s)
        chest = np.eye(3)
        if torso is not None and torso.confidence > _VISIBLE:
            values |= {"torso_yaw": torso.yaw, "torso_pitch": pitch, "torso_roll": torso.roll}
            confidence[Group.TORSO] = torso.confidence
            chest = chest_rotation(torso.yaw, pitch, torso.roll)
            shrug = self._shrug(person, head, torso, time_s)
            for side in _SIDES:
                raised = float(np.clip(shrug + (torso.tilt if side == "left" else -torso.tilt), -15.0, 35.0))
                values[f"{side}_shoulder_raise"] = raised
                arm = _solve_side(side, person, torso, chest=chest, shoulder_raise_deg=raised)
                if arm is not None:
                    values |= self._arm_values(side, arm)
                    confidence[_ARM_GROUP[side]] = torso.confidence
        if head is not None:
            yaw, head_pitch, roll = euler_from_rotation(chest.T @ head.rotation)
            values |= {"head_yaw": yaw, "head_pitch": head_pitch, "head_roll": roll}
            confidence[Group.HEAD] = 1.0
            self._see_face(person, head, time_s, values, confidence)
        vector = NEUTRAL.copy()
        for name, value in values.items():
            vector[INDEX[name]] = value
        return Retargeted(vector=clipped(vector), confidence=confidence)

    def _see_face(
        self,
        person: PersonObservation,
        head: HeadSolve,
        time_s: float,
        values: dict[str, float],
        confidence: dict[Group, float],
    ) -> None:
        face = measure_face(head)
        yaw, pitch, _ = euler_from_rotation(head.rotation)
        covered = _hand_at_mouth(person, head)
        frontal = abs(yaw) < _FRONTAL_YAW_DEG and abs(pitch) < _FRONTAL_PITCH_DEG
        if frontal and head.residual_cm < _MAX_RESIDUAL_CM:
            self._expression.learn(face, pitch, time_s, mouth=not covered)
        values |= self._expression.eyes(face, yaw, pitch)
        confidence[Group.EYES] = 1.0
        if not covered:
            values |= self._expression.mouth(face)
            confidence[Group.MOUTH] = 1.0

    def _lean(self, head: HeadSolve | None, image_size: tuple[int, int], time_s: float) -> float:
        """Return the torso's pitch in degrees from how much nearer the face came than it usually is."""
        if head is None:
            return 0.0
        distance = _FOCAL * image_size[0] / head.scale_px
        if self._distance_cm is None:
            self._distance_cm = RunningNeutral(prior=distance, low=10.0, high=1000.0)
        usual = self._distance_cm.update(distance, time_s)
        nearer = usual - distance
        nearer -= float(np.clip(nearer, -2.0, 2.0))
        lean = float(np.degrees(np.arcsin(np.clip(nearer / _HIP_TO_EYE_CM, -0.3, 0.6))))
        trust = np.clip((_LEAN_FAR_CM - usual) / (_LEAN_FAR_CM - _LEAN_NEAR_CM), 0.0, 1.0)
        return lean * float(trust)

    def _shrug(self, person: PersonObservation, head: HeadSolve | None, torso: TorsoSolve, time_s: float) -> float:
        """Return by how many degrees both shoulders are raised, from their distance below the ears."""
        if head is None or person.pose is None:
            return 0.0
        up = np.array([-np.sin(np.radians(torso.roll)), np.cos(np.radians(torso.roll))])
        ears = picture_points(person.pose, person.image_size)[list(_EARS), :2].mean(0)
        drop = float((ears - torso.shoulders_px.mean(0)) @ up) / head.scale_px
        if self._shoulder_drop_cm is None:
            self._shoulder_drop_cm = RunningNeutral(prior=drop, low=5.0, high=40.0) if 5 < drop < 40 else None
            return 0.0
        raised = self._shoulder_drop_cm.update(drop, time_s) - drop
        raised -= float(np.clip(raised, -1.5, 1.5))
        return float(np.clip(np.degrees(np.arctan(raised / _HALF_SHOULDERS_CM)), -8.0, 30.0))

    def _arm_values(self, side: Side, arm: ArmAngles) -> dict[str, float]:
        values = {f"{side}_upper_arm_{axis}": float(angle) for axis, angle in zip("xyz", arm.upper_arm, strict=True)}
        values[f"{side}_elbow"] = arm.elbow
        if arm.forearm_twist is not None:
            # Past half a turn the palm's angle wraps: follow it rather than jump to the other end of the range.
            last = self._twist[side]
            twist = last + (arm.forearm_twist - last + 180.0) % 360.0 - 180.0
            self._twist[side] = float(np.clip(twist, -140.0, 140.0))
        values[f"{side}_forearm_twist"] = self._twist[side]
        return values


def _solve_side(
    side: Side, person: PersonObservation, torso: TorsoSolve, *, chest: F64, shoulder_raise_deg: float
) -> ArmAngles | None:
    """Return the angles of an arm, or None if its elbow is not seen."""
    if person.pose is None or person.pose_world is None or person.pose_visibility is None:
        return None
    shoulder, elbow, wrist, little, index = _ARM_POINTS[side]
    visible = person.pose_visibility > _VISIBLE
    wrist_seen = bool(visible[wrist]) and _inside(person.pose[wrist], _WRIST_MARGIN)
    if not visible[elbow] or not _inside(person.pose[elbow], _ELBOW_MARGIN if wrist_seen else _WRIST_MARGIN):
        return None
    picture = picture_points(person.pose, person.image_size)
    unlean = chest_rotation(0.0, -_ARM_PITCH_BIAS * torso.depth_pitch, 0.0)
    world = person.pose_world.astype(np.float64) * [1, -1, -1] @ unlean.T
    return solve_arm(
        side,
        chest=chest,
        shoulder_raise_deg=shoulder_raise_deg,
        upper=_direction(world, picture, shoulder, elbow),
        fore=_direction(world, picture, elbow, wrist) if wrist_seen else None,
        across=_direction(world, picture, little, index) if wrist_seen else None,
    )


def _direction(world: F64, picture: F64, start: int, end: int) -> F64:
    """Return a limb's vector: length and depth from the world points, direction in the picture from the picture."""
    vector = world[end] - world[start]
    seen = picture[end, :2] - picture[start, :2]
    length = float(np.linalg.norm(seen))
    if length > 1e-6:
        vector[:2] = seen / length * np.linalg.norm(vector[:2])
    return np.asarray(vector, np.float64)


def _inside(point: npt.NDArray[np.float32], margin: float) -> bool:
    return bool(-margin <= point[0] <= 1 + margin and -margin <= point[1] <= 1 + margin)


def _hand_at_mouth(person: PersonObservation, head: HeadSolve) -> bool:
    """Return whether a hand is in front of the mouth, where the face network guesses."""
    if person.pose is None or person.pose_visibility is None or person.face is None:
        return False
    mouth = picture_points(person.face, person.image_size)[list(_MOUTH_MIDDLE), :2].mean(0)
    hands = picture_points(person.pose, person.image_size)[_HANDS, :2]
    near = np.linalg.norm(hands - mouth, axis=1) < _HAND_AT_MOUTH_CM * head.scale_px
    return bool((near & (person.pose_visibility[_HANDS] > _VISIBLE)).any())

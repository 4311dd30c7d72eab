"""From what was seen of a body to the controls of trunk, arms, hands, legs and root."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS
from engines.skeleton import euler_from_rotation, rotation_from_euler
from realtime.control_group import Group
from realtime.observation import F32, PersonObservation
from realtime.retargeting.arm import ArmAngles, solve_arm
from realtime.retargeting.arm_depth import FOCAL, lifted
from realtime.retargeting.body_points import BodyPoints, picture_points
from realtime.retargeting.face_geometry import HeadSolve
from realtime.retargeting.hand import HandFrame, curls, hand_frame
from realtime.retargeting.leg import LegAngles, solve_leg
from realtime.retargeting.limb import SIDES, Side, from_frame, in_frame
from realtime.retargeting.neutral import Neutral, RunningNeutral
from realtime.retargeting.posture import Posture
from realtime.retargeting.reach import USUAL_FACE, FacePlace, carried_over
from realtime.retargeting.root import HipsSolve, Root, solve_hips
from realtime.retargeting.torso import TorsoSolve, hips_seen, solve_torso

F64 = npt.NDArray[np.float64]
Framing = Literal["portrait", "full"]

# MediaPipe's pose points: shoulder, elbow, wrist, little finger, index finger; hip, knee, ankle, heel, toes.
_ARM_POINTS: dict[Side, tuple[int, int, int, int, int]] = {"left": (11, 13, 15, 17, 19), "right": (12, 14, 16, 18, 20)}
_LEG_POINTS: dict[Side, tuple[int, int, int, int, int]] = {"left": (23, 25, 27, 29, 31), "right": (24, 26, 28, 30, 32)}
_ARM_GROUP: dict[Side, Group] = {"left": Group.LEFT_ARM, "right": Group.RIGHT_ARM}
_HAND_GROUP: dict[Side, Group] = {"left": Group.LEFT_HAND, "right": Group.RIGHT_HAND}
_LEG_GROUP: dict[Side, Group] = {"left": Group.LEFT_LEG, "right": Group.RIGHT_LEG}
#: How far outside the picture, in picture sizes, a joint may lie and still be believed: an elbow is inferred well
#: from a wrist that is seen, a wrist from nothing.
_ELBOW_MARGIN, _WRIST_MARGIN = 0.15, 0.03
_CONFIDENT = 0.5
#: Half of the lean that `pose_world` claims is a bias that also tilts its arms.
_ARM_PITCH_BIAS = 0.5
#: A head turns against its chest by less than this: a chest that reads as turned further has its sides confused.
_MOST_NECK_DEG = 80.0
#: Shoulders are taken to be foreshortened by no larger turn.
_MOST_FORESHORTENED_DEG = 50.0
#: The body network's three points of a hand are turned otherwise than the hand network's twenty-one: a hand that was
#: missed for a moment keeps its twist.
_HAND_REMEMBERED_S = 1.0
#: The share of a hand's breadth that must be seen for the body network's three points to say how it is turned.
_OPEN_SHARE = 0.6
#: A wrist at the picture's edge comes and goes.
_WRIST_REMEMBERED_S = 0.6
#: The face's points between the lips, and how far below the eyes' corners they are (measured mean face).
_MOUTH_MIDDLE, _EYES_ABOVE_MOUTH_CM = (13, 14), 6.4
#: A twist that leaves the spec's range is followed up to here, so that it does not jump to the other end.
_TWIST_DEG = 140.0


@dataclass(slots=True)
class BodyControls:
    """What a body shows.

    Args:
        values: named controls.
        confidence: by group, 0..1.
        chest: float64 (3, 3), the chest's rotation in the world, which the head's controls are relative to.
    """

    values: dict[str, float] = field(default_factory=dict)
    confidence: dict[Group, float] = field(default_factory=dict)
    chest: F64 = field(default_factory=lambda: np.eye(3))


class Body:
    """Follows one person's body.

    Where the picture shows no legs (`portrait`, or a webcam that ends at the waist) the hips are taken to face the
    camera, and the trunk carries every turn of the body.

    Args:
        framing: what the character's picture shows; legs and root follow in `full` only.
        neutral: the posture at rest that the user recorded, or None.
    """

    def __init__(self, framing: Framing, neutral: Neutral | None = None) -> None:
        self._framing = framing
        self._posture = Posture(neutral)
        self._root = Root()
        self._twist: dict[Side, float] = {"left": 0.0, "right": 0.0}
        self._wrist_s: dict[Side, float] = {"left": -np.inf, "right": -np.inf}
        self._hand_s: dict[Side, float] = {"left": -np.inf, "right": -np.inf}

    @property
    def running(self) -> dict[str, RunningNeutral]:
        """The estimates of the posture at rest that there are so far, by their names in `Neutral`."""
        return self._posture.running

    def __call__(self, person: PersonObservation, head: HeadSolve | None, time_s: float) -> BodyControls:
        """Return the controls of an observation that was captured at a time in seconds."""
        found = BodyControls()
        pitch = self._posture.lean(head, person.image_size, time_s)
        body = BodyPoints.of(person)
        torso = solve_torso(body) if body is not None else None
        if body is None or torso is None or torso.confidence <= _CONFIDENT:
            return found
        stands = self._framing == "full" and hips_seen(body)
        if not _possible(torso, head, stands=stands):
            return found
        facing = solve_hips(body, torso.yaw) if stands else HipsSolve(yaw=0.0, roll=0.0)
        hips = np.asarray(rotation_from_euler(facing.yaw, 0.0, facing.roll), np.float64)
        pitch = max(pitch, self._posture.bow(body, torso, time_s), key=abs)
        yaw = (torso.yaw - facing.yaw + 180.0) % 360.0 - 180.0
        roll = torso.roll - facing.roll
        found.values |= {"torso_yaw": yaw, "torso_pitch": pitch, "torso_roll": roll}
        found.confidence[Group.TORSO] = torso.confidence
        found.chest = hips @ np.asarray(rotation_from_euler(yaw, pitch, roll), np.float64)
        face = _face_place(person, head, torso)
        shrug = self._posture.shrug(body, torso, head, time_s)
        for side in SIDES:
            raised = float(np.clip(shrug + (torso.tilt if side == "left" else -torso.tilt), -15.0, 35.0))
            found.values[f"{side}_shoulder_raise"] = raised
            self._see_arm(side, person, body, torso, raised, face, time_s, found)
        if stands:
            self._see_legs(body, facing, hips, time_s, found)
        return found

    def _see_arm(
        self,
        side: Side,
        person: PersonObservation,
        body: BodyPoints,
        torso: TorsoSolve,
        shoulder_raise_deg: float,
        face: FacePlace,
        time_s: float,
        found: BodyControls,
    ) -> None:
        shoulder, elbow, wrist, little, index = _ARM_POINTS[side]
        wrist_seen = body.seen(wrist, _WRIST_MARGIN)
        if not body.seen(elbow, _ELBOW_MARGIN if wrist_seen else _WRIST_MARGIN):
            return
        if wrist_seen:
            self._wrist_s[side] = time_s
        elif 0 <= time_s - self._wrist_s[side] < _WRIST_REMEMBERED_S:
            return  # it may come back: an arm that straightens meanwhile would flail
        unlean = np.asarray(rotation_from_euler(0.0, -_ARM_PITCH_BIAS * torso.depth_pitch, 0.0), np.float64)
        points = hand_points(side, person)
        frame = hand_frame(points) if points is not None else None
        if frame is not None:
            self._hand_s[side] = time_s
        elif wrist_seen and not 0 <= time_s - self._hand_s[side] < _HAND_REMEMBERED_S and _is_open(body, little, index):
            around = [body.direction(wrist, end, unlean) for end in (index, little)]
            frame = HandFrame.of(np.zeros(3), *around)
        chain = [shoulder, elbow, wrist] if wrist_seen else [shoulder, elbow]
        seen = in_frame(side, found.chest, _arm_vectors(body, torso, chain, person.image_size, unlean))
        if wrist_seen:
            seen = np.stack(carried_over(side, seen[0], seen[1], face))
        upper, *rest = from_frame(side, found.chest, seen)
        fore = rest[0] if rest else None
        arm = solve_arm(
            side, chest=found.chest, shoulder_raise_deg=shoulder_raise_deg, upper=upper, fore=fore, hand=frame
        )
        found.values |= self._arm_values(side, arm)
        found.confidence[_ARM_GROUP[side]] = torso.confidence
        if points is not None and arm.wrist_flexion is not None and arm.wrist_deviation is not None:
            found.values[f"{side}_wrist_flexion"] = arm.wrist_flexion
            found.values[f"{side}_wrist_deviation"] = arm.wrist_deviation
            for finger, curl in zip(FINGERS, curls(side, points), strict=True):
                found.values[f"{side}_{finger}_curl"] = float(curl)
            found.confidence[_HAND_GROUP[side]] = torso.confidence

    def _arm_values(self, side: Side, arm: ArmAngles) -> dict[str, float]:
        values = {f"{side}_upper_arm_{axis}": float(angle) for axis, angle in zip("xyz", arm.upper_arm, strict=True)}
        values[f"{side}_elbow"] = arm.elbow
        if arm.forearm_twist is not None:
            # Past half a turn the palm's angle wraps: follow it rather than jump to the other end of the range.
            last = self._twist[side]
            twist = last + (arm.forearm_twist - last + 180.0) % 360.0 - 180.0
            self._twist[side] = float(np.clip(twist, -_TWIST_DEG, _TWIST_DEG))
        values[f"{side}_forearm_twist"] = self._twist[side]
        return values

    def _see_legs(self, body: BodyPoints, facing: HipsSolve, hips: F64, time_s: float, found: BodyControls) -> None:
        legs: dict[Side, LegAngles] = {}
        for side in SIDES:
            hip, knee, ankle, heel, toes = _LEG_POINTS[side]
            if not body.seen(knee):
                continue
            ankle_seen = body.seen(ankle)
            leg = legs[side] = solve_leg(
                side,
                hips=hips,
                upper=body.direction(hip, knee),
                lower=body.direction(knee, ankle) if ankle_seen else None,
                foot=body.direction(heel, toes) if body.seen(heel) and body.seen(toes) else None,
            )
            found.values |= {
                f"{side}_upper_leg_{axis}": float(angle) for axis, angle in zip("xyz", leg.upper_leg, strict=True)
            }
            found.values |= {f"{side}_knee": leg.knee, f"{side}_ankle": leg.ankle}
            found.confidence[_LEG_GROUP[side]] = found.confidence[Group.TORSO]
        x, y = self._root(body, legs.values(), time_s)
        found.values |= {"root_yaw": facing.yaw, "root_roll": facing.roll, "root_x": x, "root_y": y}
        found.confidence[Group.ROOT] = found.confidence[Group.TORSO]


def _arm_vectors(body: BodyPoints, torso: TorsoSolve, chain: list[int], size: tuple[int, int], unlean: F64) -> F64:
    """Return the vectors along an arm's joints, (N - 1, 3), in half shoulder widths."""
    half_px = _half_shoulders_px(torso)
    half_m = max(
        float(np.linalg.norm(body.world[_ARM_POINTS["left"][0]] - body.world[_ARM_POINTS["right"][0]])) / 2, 1e-3
    )
    depths = (np.diff(body.world[chain], axis=0) @ unlean.T)[:, 2] / half_m
    joints = body.picture[chain, :2] - torso.shoulders_px.mean(0)
    return lifted(joints, depths, half_shoulders_px=half_px, focal_px=FOCAL * size[0])


def _is_open(body: BodyPoints, little: int, index: int) -> bool:
    """Return whether a hand is seen from its back or palm; edge on, the network guesses how it is turned."""
    seen = float(np.linalg.norm(body.picture[index, :2] - body.picture[little, :2])) / body.px_per_metre()
    return seen > _OPEN_SHARE * float(np.linalg.norm(body.world[index] - body.world[little]))


def _half_shoulders_px(torso: TorsoSolve) -> float:
    across = float(np.linalg.norm(torso.shoulders_px[0] - torso.shoulders_px[1]))
    return max(across / 2 / float(np.cos(np.radians(min(abs(torso.yaw), _MOST_FORESHORTENED_DEG)))), 1.0)


def _face_place(person: PersonObservation, head: HeadSolve | None, torso: TorsoSolve) -> FacePlace:
    """Return where the face is that hands may touch."""
    if head is None or person.face is None:
        return USUAL_FACE
    mouth_px = picture_points(person.face[list(_MOUTH_MIDDLE)], person.image_size)[:, :2].mean(0)
    x, y = (mouth_px - torso.shoulders_px.mean(0)) / _half_shoulders_px(torso)
    eyes_above = _EYES_ABOVE_MOUTH_CM * head.scale_px / _half_shoulders_px(torso)
    return FacePlace(mouth=np.array([x, y, USUAL_FACE.mouth[2]]), eyes_above_mouth=eyes_above)


def _possible(torso: TorsoSolve, head: HeadSolve | None, *, stands: bool) -> bool:
    """Return whether trunk and head can belong together; a back needs its hips, and has no face."""
    if head is None:
        return stands or not torso.faces_away
    apart = (torso.yaw - euler_from_rotation(head.rotation)[0] + 180.0) % 360.0 - 180.0
    return abs(apart) < _MOST_NECK_DEG


def hand_points(side: Side, person: PersonObservation) -> F64 | None:
    """Return a hand's 21 points, (21, 3), +Y up and +Z to the camera, in metres where they are known, or None."""
    world: F32 | None = person.left_hand_world if side == "left" else person.right_hand_world
    if world is not None:
        return np.asarray(world.astype(np.float64) * [1, -1, -1], np.float64)
    picture: F32 | None = person.left_hand if side == "left" else person.right_hand
    return None if picture is None else picture_points(picture, person.image_size)

"""From what was seen of a body to the controls of trunk, arms, hands, legs and root."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engines.framing import Framing
from engines.skeleton import euler_from_rotation, rotation_from_euler
from realtime.control_group import Group
from realtime.observation import PersonObservation
from realtime.retargeting.body_points import BodyPoints
from realtime.retargeting.face_geometry import HeadSolve
from realtime.retargeting.leg import LegAngles, solve_leg
from realtime.retargeting.limb import SIDES, Side
from realtime.retargeting.neutral import Neutral, RunningNeutral
from realtime.retargeting.posture import Posture
from realtime.retargeting.root import HipsSolve, Root, solve_hips
from realtime.retargeting.side_arm import SideArm, Trunk, hand_points
from realtime.retargeting.torso import TorsoSolve, hips_seen, solve_torso

F64 = npt.NDArray[np.float64]

# MediaPipe's pose points: hip, knee, ankle, heel, toes.
_LEG_POINTS: dict[Side, tuple[int, int, int, int, int]] = {"left": (23, 25, 27, 29, 31), "right": (24, 26, 28, 30, 32)}
_ARM_GROUP: dict[Side, Group] = {"left": Group.LEFT_ARM, "right": Group.RIGHT_ARM}
_HAND_GROUP: dict[Side, Group] = {"left": Group.LEFT_HAND, "right": Group.RIGHT_HAND}
_LEG_GROUP: dict[Side, Group] = {"left": Group.LEFT_LEG, "right": Group.RIGHT_LEG}
_CONFIDENT = 0.5
#: A head turns against its chest by less than this: a chest that reads as turned further has its sides confused.
_MOST_NECK_DEG = 80.0


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
        self._arms = {side: SideArm(side) for side in SIDES}

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
        trunk = Trunk.of(person, body, torso, found.chest, head)
        shrug = self._posture.shrug(body, torso, head, time_s)
        for side in SIDES:
            raised = float(np.clip(shrug + (torso.tilt if side == "left" else -torso.tilt), -15.0, 35.0))
            found.values[f"{side}_shoulder_raise"] = raised
            arm = self._arms[side](trunk, hand_points(side, person), raised, time_s)
            if arm is not None:
                found.values |= arm.arm
                found.confidence[_ARM_GROUP[side]] = torso.confidence
                if arm.hand is not None:
                    found.values |= arm.hand
                    found.confidence[_HAND_GROUP[side]] = torso.confidence
        if stands:
            self._see_legs(body, facing, hips, time_s, found)
        return found

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


def _possible(torso: TorsoSolve, head: HeadSolve | None, *, stands: bool) -> bool:
    """Return whether trunk and head can belong together; a back needs its hips, and has no face."""
    if head is None:
        return stands or not torso.faces_away
    apart = (torso.yaw - euler_from_rotation(head.rotation)[0] + 180.0) % 360.0 - 180.0
    return abs(apart) < _MOST_NECK_DEG

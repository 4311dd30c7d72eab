"""One arm of a person: its controls and its hand's, and what is remembered of both for a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS
from engines.skeleton import rotation_from_euler
from realtime.observation import F32, PersonObservation
from realtime.retargeting.arm import solve_arm
from realtime.retargeting.arm_depth import FOCAL, lifted
from realtime.retargeting.body_points import BodyPoints, picture_points
from realtime.retargeting.face_geometry import HeadSolve
from realtime.retargeting.hand import HandFrame, curls, hand_frame
from realtime.retargeting.limb import Side, from_frame, in_frame
from realtime.retargeting.reach import USUAL_FACE, FacePlace, carried_over
from realtime.retargeting.torso import LEFT_SHOULDER, RIGHT_SHOULDER, TorsoSolve

F64 = npt.NDArray[np.float64]

# MediaPipe's pose points: shoulder, elbow, wrist, little finger, index finger.
_POINTS: dict[Side, tuple[int, int, int, int, int]] = {"left": (11, 13, 15, 17, 19), "right": (12, 14, 16, 18, 20)}
#: How far outside the picture, in picture sizes, a joint may lie and still be believed: an elbow is inferred well
#: from a wrist that is seen, a wrist from nothing.
_ELBOW_MARGIN, _WRIST_MARGIN = 0.15, 0.03
#: A wrist at the picture's edge comes and goes: an arm that straightens meanwhile would flail.
_WRIST_REMEMBERED_S = 0.6
#: The body network's three points of a hand are turned otherwise than the hand network's twenty-one: a hand that was
#: missed for a moment keeps its twist.
_HAND_REMEMBERED_S = 1.0
#: The share of a hand's breadth that must be seen for the body network's three points to say how it is turned.
_OPEN_SHARE = 0.6
#: Half of the lean that `pose_world` claims is a bias that also tilts its arms.
_PITCH_BIAS = 0.5
#: Shoulders are taken to be foreshortened by no larger turn.
_MOST_FORESHORTENED_DEG = 50.0
#: The face's points between the lips, and how far below the eyes' corners they are (measured mean face).
_MOUTH_MIDDLE, _EYES_ABOVE_MOUTH_CM = (13, 14), 6.4
#: A twist that leaves the spec's range is followed up to here, so that it does not jump to the other end.
_TWIST_DEG = 140.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """What arms hang from.

    Args:
        body: the body's points.
        torso: how the chest stands towards the camera.
        chest: float64 (3, 3), its rotation in the world, as the character takes it.
        face: where the face is that hands may touch.
        image_size: (width, height) of the picture in pixels.
    """

    body: BodyPoints
    torso: TorsoSolve
    chest: F64
    face: FacePlace
    image_size: tuple[int, int]

    @classmethod
    def of(
        cls, person: PersonObservation, body: BodyPoints, torso: TorsoSolve, chest: F64, head: HeadSolve | None
    ) -> Trunk:
        """Return the trunk of a person whose chest, and perhaps head, was solved."""
        face, unit_px = USUAL_FACE, _half_shoulders_px(torso)
        if head is not None and person.face is not None:
            mouth_px = picture_points(person.face[list(_MOUTH_MIDDLE)], person.image_size)[:, :2].mean(0)
            x, y = (mouth_px - torso.shoulders_px.mean(0)) / unit_px
            face = FacePlace(
                mouth=np.array([x, y, USUAL_FACE.mouth[2]]),
                eyes_above_mouth=_EYES_ABOVE_MOUTH_CM * head.scale_px / unit_px,
            )
        return cls(body=body, torso=torso, chest=chest, face=face, image_size=person.image_size)

    def arm_vectors(self, chain: list[int], unlean: F64) -> F64:
        """Return the vectors along an arm's joints in the world, (N - 1, 3), in half shoulder widths."""
        world = self.body.world
        half_m = max(float(np.linalg.norm(world[LEFT_SHOULDER] - world[RIGHT_SHOULDER])) / 2, 1e-3)
        depths = (np.diff(world[chain], axis=0) @ unlean.T)[:, 2] / half_m
        joints = self.body.picture[chain, :2] - self.torso.shoulders_px.mean(0)
        focal_px = FOCAL * self.image_size[0]
        return lifted(joints, depths, half_shoulders_px=_half_shoulders_px(self.torso), focal_px=focal_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmControls:
    """The named controls of an arm, and of its hand where that was seen."""

    arm: dict[str, float]
    hand: dict[str, float] | None


class SideArm:
    """Follows one arm.

    Args:
        side: which, the subject's.
    """

    def __init__(self, side: Side) -> None:
        self._side: Side = side
        self._twist = 0.0
        self._wrist_s = self._hand_s = -np.inf

    def __call__(self, trunk: Trunk, hand: F64 | None, shoulder_raise_deg: float, time_s: float) -> ArmControls | None:
        """Return the controls, or None where the arm is not seen.

        Args:
            trunk: what the arm hangs from.
            hand: float64 (21, 3), the hand's points as :func:`hand_points` gives them, or None.
            shoulder_raise_deg: the collar bone's own control.
            time_s: when the picture was captured.
        """
        body = trunk.body
        shoulder, elbow, wrist, _, _ = _POINTS[self._side]
        wrist_seen = body.seen(wrist, _WRIST_MARGIN)
        if not body.seen(elbow, _ELBOW_MARGIN if wrist_seen else _WRIST_MARGIN):
            return None
        if wrist_seen:
            self._wrist_s = time_s
        elif 0 <= time_s - self._wrist_s < _WRIST_REMEMBERED_S:
            return None
        unlean = np.asarray(rotation_from_euler(0.0, -_PITCH_BIAS * trunk.torso.depth_pitch, 0.0), np.float64)
        frame = self._hand_frame(body, hand, unlean, time_s) if hand is not None or wrist_seen else None
        chain = [shoulder, elbow, wrist] if wrist_seen else [shoulder, elbow]
        seen = in_frame(self._side, trunk.chest, trunk.arm_vectors(chain, unlean))
        if wrist_seen:
            seen = np.stack(carried_over(self._side, seen[0], seen[1], trunk.face))
        upper, *rest = from_frame(self._side, trunk.chest, seen)
        fore = rest[0] if rest else None
        solved = solve_arm(
            self._side,
            chest=trunk.chest,
            shoulder_raise_deg=shoulder_raise_deg,
            upper=upper,
            fore=fore,
            hand=frame,
        )
        names = [f"{self._side}_upper_arm_{axis}" for axis in "xyz"]
        arm = dict(zip(names, map(float, solved.upper_arm), strict=True))
        arm |= {f"{self._side}_elbow": solved.elbow, f"{self._side}_forearm_twist": self._twisted(solved.forearm_twist)}
        if hand is None or solved.wrist_flexion is None or solved.wrist_deviation is None:
            return ArmControls(arm=arm, hand=None)
        names = [f"{self._side}_{finger}_curl" for finger in FINGERS]
        fingers_and_wrist = dict(zip(names, map(float, curls(self._side, hand)), strict=True))
        fingers_and_wrist[f"{self._side}_wrist_flexion"] = solved.wrist_flexion
        fingers_and_wrist[f"{self._side}_wrist_deviation"] = solved.wrist_deviation
        return ArmControls(arm=arm, hand=fingers_and_wrist)

    def _hand_frame(self, body: BodyPoints, hand: F64 | None, unlean: F64, time_s: float) -> HandFrame | None:
        """Return where the hand points: by its own network, else by the body network's three points of it."""
        frame = hand_frame(hand) if hand is not None else None
        if frame is not None:
            self._hand_s = time_s
            return frame
        _, _, wrist, little, index = _POINTS[self._side]
        if 0 <= time_s - self._hand_s < _HAND_REMEMBERED_S or not _is_open(body, little, index):
            return None
        return HandFrame.of(np.zeros(3), *(body.direction(wrist, end, unlean) for end in (index, little)))

    def _twisted(self, twist_deg: float | None) -> float:
        """Return the forearm's twist; past half a turn it goes on instead of jumping to the range's other end."""
        if twist_deg is not None:
            nearest = self._twist + (twist_deg - self._twist + 180.0) % 360.0 - 180.0
            self._twist = float(np.clip(nearest, -_TWIST_DEG, _TWIST_DEG))
        return self._twist


def hand_points(side: Side, person: PersonObservation) -> F64 | None:
    """Return a hand's 21 points, (21, 3), +Y up and +Z to the camera, in metres where they are known, or None."""
    world: F32 | None = person.left_hand_world if side == "left" else person.right_hand_world
    if world is not None:
        return np.asarray(world.astype(np.float64) * [1, -1, -1], np.float64)
    picture: F32 | None = person.left_hand if side == "left" else person.right_hand
    return None if picture is None else picture_points(picture, person.image_size)


def _is_open(body: BodyPoints, little: int, index: int) -> bool:
    """Return whether a hand is seen from its back or palm; edge on, the network guesses how it is turned."""
    seen = float(np.linalg.norm(body.picture[index, :2] - body.picture[little, :2])) / body.px_per_metre()
    return seen > _OPEN_SHARE * float(np.linalg.norm(body.world[index] - body.world[little]))


def _half_shoulders_px(torso: TorsoSolve) -> float:
    across = float(np.linalg.norm(torso.shoulders_px[0] - torso.shoulders_px[1]))
    return max(across / 2 / float(np.cos(np.radians(min(abs(torso.yaw), _MOST_FORESHORTENED_DEG)))), 1.0)

"""From other estimators' points to observations, as if the tracker had seen these people."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from realtime.observation import PersonObservation
from realtime.recording.association import Association
from realtime.recording.body_lift import BodyLift
from realtime.recording.face_68 import MOUTH_CORNERS_68
from realtime.recording.face_lift import SEEN, lift_face
from realtime.recording.hand_lift import INDEX, LITTLE, WRIST, lift_hand
from realtime.recording.keypoints import F64, KeypointFrame, Keypoints
from realtime.recording.recording import Moment
from realtime.retargeting.face_geometry import solve_head
from realtime.retargeting.limb import SIDES, Side

F32 = npt.NDArray[np.float32]

#: Below this a hand's points on average are a guess.
_HAND_SEEN = 0.2
#: MediaPipe's pose points on each hand, little finger, index finger, thumb, and which of the hand's 21 they are.
_THUMB = 2
_HAND_ON_BODY: dict[Side, tuple[int, int, int]] = {"left": (17, 19, 21), "right": (18, 20, 22)}
_MOUTH = (10, 9)  # right, left
_MAX_PEOPLE = 64


@dataclass(slots=True)
class _Memory:
    """What is kept of one person from frame to frame."""

    body: BodyLift = field(default_factory=BodyLift)


class Lifting:
    """Turns frames of keypoints, in order of time, into moments without controls.

    Args:
        image_size: (width, height) in pixels, where frames do not say their own.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._image_size = image_size
        self._association = Association()
        self._memory: dict[int, _Memory] = {}

    def __call__(self, frame: KeypointFrame) -> Moment:
        """Return what the tracker would have seen; people of whom too little is seen are left out."""
        size = frame.image_size or self._image_size
        people = [person for person in frame.people if len(person.seen)][:_MAX_PEOPLE]
        given = [person.person_id for person in people]
        if any(person_id is None for person_id in given) or len(set(given)) < len(given):
            ids = self._association([person.seen for person in people], frame.time_s)
        else:
            ids = [person_id for person_id in given if person_id is not None]
        lifted = [
            self._person(person, person_id, size, frame.time_s) for person, person_id in zip(people, ids, strict=True)
        ]
        return Moment(time_s=frame.time_s, people=tuple(person for person in lifted if person is not None))

    def _person(
        self, keypoints: Keypoints, person_id: int, size: tuple[int, int], time_s: float
    ) -> PersonObservation | None:
        face = _face(keypoints, size)
        head = solve_head(face, size) if face is not None else None
        points = _with_parts(keypoints)
        body = self._memory.setdefault(person_id, _Memory()).body(
            points[:, :2] * [1, -1], points[:, 2] > SEEN, head.scale_px * 100 if head is not None else None, time_s
        )
        if face is None and body is None:
            return None
        pose = world = visibility = None
        px_per_m = None
        if body is not None:
            picture, in_metres, px_per_m = body
            pose = _normalised(picture, size)
            world = np.asarray(in_metres * [1, -1, -1], np.float32)
            visibility = np.where(points[:, 2] > SEEN, np.maximum(points[:, 2], _believed(points)), 0.0)
        hands = {side: _hand(side, keypoints, px_per_m, size) for side in SIDES}
        return PersonObservation(
            person_id=person_id,
            pose=pose,
            pose_world=world,
            pose_visibility=None if visibility is None else visibility.astype(np.float32),
            face=face,
            left_hand=hands["left"],
            right_hand=hands["right"],
            image_size=size,
        )


def _believed(points: F64) -> F64:
    """Return the least visibility of points that count as seen: just above what the retargeting asks for.

    Estimators' confidences are heights of heat maps, not probabilities: OpenPose draws bodies from 0.05 on.
    """
    return np.full(len(points), 0.51)


def _face(keypoints: Keypoints, size: tuple[int, int]) -> F32 | None:
    if keypoints.face is None:
        return None
    pupils = None
    if keypoints.pupils is not None:
        pupils = np.where(keypoints.pupils[:, 2:] > SEEN, keypoints.pupils[:, :2], np.nan)
    return lift_face(keypoints.face[:, :2], keypoints.face[:, 2], pupils, size)


def _with_parts(keypoints: Keypoints) -> F64:
    """Return the body's points, (33, 3), with those that only face and hands show."""
    points = keypoints.body.copy()
    if keypoints.face is not None:
        for point, corner in zip(_MOUTH, MOUTH_CORNERS_68, strict=True):
            points[point] = keypoints.face[corner]
    for side in SIDES:
        hand = keypoints.left_hand if side == "left" else keypoints.right_hand
        if hand is not None and hand[:, 2].mean() > _HAND_SEEN:
            for point, source in zip(_HAND_ON_BODY[side], (LITTLE, INDEX, _THUMB), strict=True):
                points[point] = hand[source]
    return points


def _hand(side: Side, keypoints: Keypoints, px_per_m: float | None, size: tuple[int, int]) -> F32 | None:
    hand = keypoints.left_hand if side == "left" else keypoints.right_hand
    if hand is None or hand[:, 2].mean() <= _HAND_SEEN or (hand[[WRIST, INDEX, LITTLE], 2] <= 0).any():
        return None
    lifted = lift_hand(side, _bridged(hand) * [1, -1], px_per_m)
    return None if lifted is None else _normalised(lifted, size)


def _bridged(hand: F64) -> F64:
    """Return a hand's points, (21, 2), with unseen ones on the one before them in their finger."""
    points = hand[:, :2].copy()
    for point in range(1, len(points)):
        if hand[point, 2] <= 0:
            points[point] = points[point - 1 if point % 4 != 1 else WRIST]
    return points


def _normalised(points: F64, size: tuple[int, int]) -> F32:
    width, height = size
    return np.asarray(points * [1, -1, -1] / [width, height, width], np.float32)

"""From what was seen of a person to the controls of a character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engines.controls import INDEX, NEUTRAL, ControlVector, clipped
from engines.framing import Framing
from engines.skeleton import euler_from_rotation
from realtime.control_group import Group
from realtime.observation import F32, PersonObservation
from realtime.retargeting.body import Body
from realtime.retargeting.body_points import VISIBLE, picture_points
from realtime.retargeting.expression import Expression
from realtime.retargeting.face_features import measure_face
from realtime.retargeting.face_geometry import HeadSolve, solve_head
from realtime.retargeting.neutral import Neutral, RunningNeutral, nearest_neutral
from realtime.retargeting.rest_pose import RestPose

_HANDS = slice(15, 23)
_MOUTH_MIDDLE = (13, 14)
#: The face at rest is learnt from fits that are no worse than this.
_MAX_RESIDUAL_CM = 0.35
#: A fit worse than this is no face; turned by 48 degrees it is 0.6 on real people.
_LOST_RESIDUAL_CM = 1.2
#: A hand nearer to the mouth than this hides it.
_HAND_AT_MOUTH_CM = 9.0
#: Which of the tracker's arrays shows a group.
_SHOWN_BY: dict[Group, str] = {
    Group.HEAD: "face",
    Group.EYES: "face",
    Group.MOUTH: "face",
    Group.LEFT_HAND: "left_hand",
    Group.RIGHT_HAND: "right_hand",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retargeted:
    """Controls for one observation.

    Args:
        vector: the control vector, float32 (len(SPEC),), neutral where nothing was seen.
        confidence: by group, 0..1; a group that is absent or below 0.5 was not seen and its controls are neutral.
        fresh: the groups that this observation measured anew; what a tracker did not look for is repeated.
    """

    vector: ControlVector
    confidence: Mapping[Group, float]
    fresh: frozenset[Group]


class Retarget:
    """Turns the observations of one person into controls.  Keeps only what it learns of the user at rest.

    Args:
        framing: what the character's picture shows; legs and root follow in `full` only.
        neutral: face and posture at rest that the user recorded, or None.
    """

    def __init__(self, framing: Framing = "portrait", neutral: Neutral | None = None) -> None:
        self._expression = Expression(neutral)
        self._body = Body(framing, neutral)
        self._rest = RestPose(neutral)
        self._last: dict[str, F32 | None] = {}
        self._time_s = -np.inf
        #: Whether a neutral is being recorded: then faces are measured that are too far turned to learn from.
        self.recording = False

    @property
    def _running(self) -> dict[str, RunningNeutral]:
        return self._expression.running | self._body.running

    @property
    def neutral(self) -> Neutral:
        """The present estimate of face and posture at rest."""
        return nearest_neutral({name: one.value for name, one in self._running.items()} | self._rest.known)

    def measured(self) -> dict[str, float]:
        """Return what the newest observation showed, by the names in `Neutral`; empty without a face."""
        shown = {name: one.sample_at(self._time_s) for name, one in self._running.items()}
        return {name: value for name, value in shown.items() if value is not None} | self._rest.samples

    def __call__(self, person: PersonObservation, time_s: float) -> Retargeted:
        """Return the controls of an observation that was captured at a time in seconds."""
        head = solve_head(person.face, person.image_size) if person.face is not None else None
        if head is not None and head.residual_cm > _LOST_RESIDUAL_CM:
            head = None
        self._time_s = time_s
        self._rest.begin()
        body = self._body(person, head, time_s)
        values, confidence = body.values, body.confidence
        chest = self._rest.torso(values, body.chest)
        if head is not None:
            yaw, pitch, roll = euler_from_rotation(chest.T @ self._rest.head(head.rotation))
            values |= {"head_yaw": yaw, "head_pitch": pitch, "head_roll": roll}
            confidence[Group.HEAD] = 1.0
            self._see_face(person, head, time_s, values, confidence)
        vector = NEUTRAL.copy()
        for name, value in values.items():
            vector[INDEX[name]] = value
        return Retargeted(vector=clipped(vector), confidence=confidence, fresh=self._fresh(person))

    def _fresh(self, person: PersonObservation) -> frozenset[Group]:
        arrays = {name: getattr(person, name) for name in ("face", "pose", "left_hand", "right_hand")}
        new = {name for name, array in arrays.items() if array is not None and array is not self._last.get(name)}
        self._last = arrays
        return frozenset(group for group in Group if _SHOWN_BY.get(group, "pose") in new)

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
        if self._rest.is_frontal(head.rotation, recording=self.recording) and head.residual_cm < _MAX_RESIDUAL_CM:
            # While a neutral is recorded, the head points at what the person sits in front of.
            turned = (0.0, 0.0) if self.recording else euler_from_rotation(self._rest.head(head.rotation))[:2]
            self._expression.learn(face, pitch, time_s, turned_deg=turned, mouth=not covered)
        values |= self._expression(face, yaw, pitch, time_s, mouth=not covered)
        confidence[Group.EYES] = 1.0
        if not covered:
            confidence[Group.MOUTH] = 1.0


def _hand_at_mouth(person: PersonObservation, head: HeadSolve) -> bool:
    """Return whether a hand is in front of the mouth, where the face network guesses."""
    if person.pose is None or person.pose_visibility is None or person.face is None:
        return False
    mouth = picture_points(person.face, person.image_size)[list(_MOUTH_MIDDLE), :2].mean(0)
    hands = picture_points(person.pose, person.image_size)[_HANDS, :2]
    near = np.linalg.norm(hands - mouth, axis=1) < _HAND_AT_MOUTH_CM * head.scale_px
    return bool((near & (person.pose_visibility[_HANDS] > VISIBLE)).any())

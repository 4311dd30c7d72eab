"""Keeps a character moving: follows the person while there is one, and idles when there is not."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.framing import Framing
from realtime.control_group import GROUP_INDEX, Group
from realtime.idle import Idle
from realtime.observation import PersonObservation
from realtime.retargeting.calibration import Calibration, Calibrator
from realtime.retargeting.neutral import Neutral
from realtime.retargeting.retarget import Retarget
from realtime.self_view import self_view_points
from realtime.smoothing import Smoothing, canonical, head_on_chest, near_equivalents

F64 = npt.NDArray[np.float64]

#: A part of the person that is not seen keeps its pose for this long, or for so many usual intervals between
#: observations, whichever is longer: detectors miss single frames.
HOLD_S, HOLD_INTERVALS, _LONGEST_HOLD_S = 0.3, 2.5, 1.0
#: A part that was not followed must be seen for this long first: a passer-by's elbow is a person for a frame or two.
#: An arm that comes up on a trunk that is followed is nobody else's.
CONFIRM_S = 0.1
#: Time constants of the way from the last pose to idling, and from idling back to the person.  Nine tenths of the way
#: take four of them: a hand comes up within 0.2 s.
LOSE_TAU_S, FIND_TAU_S = 0.22, 0.09
_QUICK_TAU_S = 0.055
_ARMS = frozenset({Group.LEFT_ARM, Group.RIGHT_ARM, Group.LEFT_HAND, Group.RIGHT_HAND})
#: What carries the whole figure goes slowly, or it would slide.
_HEAVY = frozenset({Group.LEFT_LEG, Group.RIGHT_LEG, Group.ROOT})
_HEAVY_TAU_S = 0.5
_SEEN = 0.5
#: An observation that is older than the newest by less than this came late; by more, the clock was set back.
_LATE_S = 2.0
#: Landmarks are sizes of a picture, or metres: what lies further out is a fault of the network, as NaN is.
_FURTHEST = 1000.0
#: After this many time constants an offset is below 0.1 % of itself.
_FADED = 10.0
#: The head is shown on the chest that is shown.
_ROOT_FIRST = (Group.ROOT, Group.TORSO, *(group for group in Group if group not in (Group.ROOT, Group.TORSO)))


@dataclass(slots=True)
class _Follow:
    """How one group is being followed.

    Args:
        found_s: since when the group has been seen without a pause.
        seen_s: when it was last seen.
        episode: counts the times it was found; 0 is idling.
        shown_episode: the episode that was last shown.
        shown: what was last shown.
        offset: what was left of the last step when it happened, to be faded out.
        changed_s: when that was.
        tau_s: how quickly it fades.
    """

    found_s: float = np.inf
    seen_s: float = -np.inf
    episode: int = 0
    shown_episode: int = 0
    shown: F64 | None = None
    offset: F64 | None = None
    changed_s: float = 0.0
    tau_s: float = LOSE_TAU_S


class Motion:
    """Turns observations, as they come, into controls for any moment.

    Each group of controls (head, eyes, an arm, a leg, ...) follows the person while it is seen, holds for `HOLD_S`
    when it is not, then eases into idle motion within a second; when it is seen again it eases back.  Every change of
    source is bridged by an offset that fades, so nothing ever jumps.  A camera that stops is a person who is lost.

    `observe` and `controls_at` may be called from different threads and at different rates.

    Args:
        seed: of the idle motion.
        needs_face: follow a body only once its face was seen.  Keeps backs and people who walk through the
            background from moving the character; for people too far away for faces it has to be off.
        framing: what the character's picture shows; legs and root follow in `full` only.
    """

    def __init__(self, seed: int = 0, *, needs_face: bool = True, framing: Framing = "portrait") -> None:
        self._lock = threading.Lock()
        self._framing = framing
        self._retarget = Retarget(framing)
        self._calibrator = Calibrator()
        self._is_renewed = False
        self._smoothing = Smoothing()
        self._idle = Idle(seed)
        self._follow = {group: _Follow() for group in Group}
        self._person_id: int | None = None
        self._interval_s = 0.0
        self._landmarks = np.zeros((0, 2), np.float32)
        self._captured_s = -np.inf
        self._person_seen = False
        self._needs_face = needs_face
        self._face_seen = False

    @property
    def tracked(self) -> bool:
        """Whether the newest observation showed a person."""
        with self._lock:
            return self._person_seen

    def landmarks(self) -> npt.NDArray[np.float32]:
        """Return points to draw over the self-view, (N, 2), normalised, N <= 120; (0, 2) when nobody is seen."""
        with self._lock:
            return self._landmarks

    def calibrate(self, now_s: float) -> None:
        """Begin to record the neutral face and posture of the person in front; `calibration` tells how it goes."""
        with self._lock:
            self._calibrator.begin(now_s, self._retarget.neutral)

    def calibration(self, now_s: float) -> Calibration:
        """Return the newest recording of a neutral."""
        with self._lock:
            return self._calibrator.at(now_s)

    def use_neutral(self, neutral: Neutral | None) -> None:
        """Take a neutral that was recorded before, or forget it, for the person in front or the first who comes."""
        with self._lock:
            self._calibrator.use(neutral)
            self._renew(neutral)

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        """Take what a tracker saw in the frame captured at a time in seconds; the first person counts.

        An observation older than the newest one is ignored, unless the clock itself was set back.  Landmarks that
        are not finite count as not seen.
        """
        with self._lock:
            if not self._is_next(captured_s):
                return
            self._person_seen = bool(observations)
            if not observations:
                self._landmarks = np.zeros((0, 2), np.float32)
                self._calibrator.take({}, captured_s)
                return
            person = _without_faults(observations[0])
            neutral = self._calibrator.see(person.person_id, captured_s)
            is_new_person = person.person_id != self._person_id
            if is_new_person:
                self._retarget = Retarget(self._framing, neutral)  # another person has another face at rest
                self._person_id = person.person_id
                self._face_seen = False
            self._face_seen |= person.face is not None
            self._landmarks = self_view_points(person)
            self._retarget.recording = self._calibrator.recording
            retargeted = self._retarget(person, captured_s)
            recorded = self._calibrator.take(self._retarget.measured(), captured_s)
            was_renewed, self._is_renewed = self._is_renewed, False
            if recorded is not None:
                self._renew(recorded)
            if self._needs_face and not self._face_seen:
                return
            seen = frozenset(group for group, sure in retargeted.confidence.items() if sure >= _SEEN)
            for group in seen:
                self._see(group, captured_s, restart=is_new_person, is_renewed=was_renewed)
            # Trackers may run the body more seldom than the face: what is repeated is no new measurement.
            news = frozenset(group for group in seen if group in retargeted.fresh or not self._smoothing.known(group))
            self._smoothing.update(news, retargeted.vector, captured_s)

    def controls_at(self, time_s: float) -> ControlVector:
        """Return the control vector for a time in seconds: predicted if newer than the last observation.

        Returns:
            float32 (len(SPEC),), every control inside its range.
        """
        with self._lock:
            vector = self._idle.at(time_s).astype(np.float64)
            followed = self._smoothing.at(time_s)
            for group in _ROOT_FIRST:
                index = GROUP_INDEX[group]
                target = head_on_chest(followed[index], vector) if group is Group.HEAD else followed[index]
                vector[index] = self._shown(group, target, vector[index], time_s)
            return canonical(vector)

    def _is_next(self, captured_s: float) -> bool:
        """Take note of an observation's time; return whether it counts."""
        passed_s = captured_s - self._captured_s
        if not np.isfinite(captured_s) or -_LATE_S < passed_s < 0:
            return False
        if passed_s <= -_LATE_S:
            for group, follow in self._follow.items():
                self._smoothing.forget(group)
                follow.found_s, follow.seen_s = np.inf, -np.inf
        elif 0 < passed_s < _LONGEST_HOLD_S:
            self._interval_s += 0.2 * (passed_s - self._interval_s)
        self._captured_s = captured_s
        return True

    @property
    def _hold_s(self) -> float:
        return min(max(HOLD_S, HOLD_INTERVALS * self._interval_s), _LONGEST_HOLD_S)

    def _renew(self, neutral: Neutral | None) -> None:
        """Begin to learn the person in front anew; the controls step with the next observation."""
        self._retarget = Retarget(self._framing, neutral)
        self._is_renewed = True

    def _see(self, group: Group, time_s: float, *, restart: bool, is_renewed: bool) -> None:
        follow = self._follow[group]
        if restart or time_s - follow.seen_s > self._hold_s:
            self._smoothing.forget(group)
            follow.episode += 1
            follow.found_s = time_s
        elif is_renewed:
            self._smoothing.forget(group)
            follow.episode += 1
        follow.seen_s = time_s

    def _shown(self, group: Group, followed: F64, idle: F64, time_s: float) -> F64:
        """Return what to show of a group: its source, plus what is left of the last change of source."""
        follow = self._follow[group]
        is_confirmed = self._is_confirmed(follow) or (group in _ARMS and self._is_confirmed(self._follow[Group.TORSO]))
        is_seen = is_confirmed and -_LATE_S < time_s - follow.seen_s <= self._hold_s
        episode = follow.episode if is_seen else 0
        target = followed if is_seen else idle
        if episode != follow.shown_episode and follow.shown is not None:
            follow.offset = near_equivalents(group, follow.shown, target) - target
            follow.changed_s = time_s
            lose_s, find_s = LOSE_TAU_S, _QUICK_TAU_S if group in _ARMS else FIND_TAU_S
            if group in _HEAVY:
                lose_s = find_s = _HEAVY_TAU_S
            follow.tau_s = find_s if is_seen else lose_s
        follow.shown_episode = episode
        if follow.offset is not None:
            # Critically damped: leaves at rest, arrives at rest.
            follow.changed_s = min(follow.changed_s, time_s)
            elapsed = (time_s - follow.changed_s) / follow.tau_s
            target = target + follow.offset * (1 + elapsed) * np.exp(-elapsed)
            if elapsed > _FADED:
                follow.offset = None
        follow.shown = target
        return target

    @staticmethod
    def _is_confirmed(follow: _Follow) -> bool:
        return follow.seen_s - follow.found_s >= CONFIRM_S


def _without_faults(person: PersonObservation) -> PersonObservation:
    """Return the observation without the landmarks that no network can have meant."""
    faulty = [
        field.name
        for field in fields(person)
        if isinstance(array := getattr(person, field.name), np.ndarray)
        and array.dtype.kind == "f"
        and not (np.abs(array) < _FURTHEST).all()
    ]
    if not faulty:
        return person
    if "pose" in faulty or "pose_world" in faulty or "pose_visibility" in faulty:
        faulty += ["pose", "pose_world", "pose_visibility"]
    absent: dict[str, Any] = dict.fromkeys(faulty)
    return replace(person, **absent)

"""Keeps a character moving: follows the person while there is one, and idles when there is not."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from realtime.control_group import GROUP_INDEX, Group
from realtime.idle import Idle
from realtime.observation import F32, PersonObservation
from realtime.retargeting.body import Framing
from realtime.retargeting.calibration import Calibration, Calibrator
from realtime.retargeting.neutral import Neutral
from realtime.retargeting.retarget import Retarget
from realtime.self_view import self_view_points
from realtime.smoothing import Smoothing, canonical, near_equivalents

F64 = npt.NDArray[np.float64]

#: A part of the person that is not seen keeps its pose for this long: detectors miss single frames.
HOLD_S = 0.3
#: A part that was not followed must be seen for this long first: a passer-by's elbow is a person for a frame or two.
CONFIRM_S = 0.1
#: Time constants of the way from the last pose to idling, and from idling back to the person.
LOSE_TAU_S, FIND_TAU_S = 0.22, 0.09
_BODY_GROUPS = frozenset({Group.TORSO, Group.LEFT_ARM, Group.RIGHT_ARM})
_SEEN = 0.5
#: After this many time constants an offset is below 0.1 % of itself.
_FADED = 10.0


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

    Each group of controls (head, eyes, mouth, torso, each arm) follows the person while it is seen, holds for
    `HOLD_S` when it is not, then eases into idle motion within a second; when it is seen again it eases back.
    Every change of source is bridged by an offset that fades, so nothing ever jumps.

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
        self._smoothing = Smoothing()
        self._idle = Idle(seed)
        self._follow = {group: _Follow() for group in Group}
        self._person_id: int | None = None
        self._pose: F32 | None = None
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
            self._retarget = Retarget(self._framing, neutral)

    def observe(self, observations: tuple[PersonObservation, ...], captured_s: float) -> None:
        """Take what a tracker saw in the frame captured at a time in seconds; the first person counts.

        An observation older than the newest one is ignored.
        """
        with self._lock:
            if captured_s < self._captured_s:
                return
            self._captured_s = captured_s
            self._person_seen = bool(observations)
            if not observations:
                self._landmarks = np.zeros((0, 2), np.float32)
                self._calibrator.take({}, captured_s)
                return
            person = observations[0]
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
            if recorded is not None:
                self._retarget = Retarget(self._framing, recorded)
            # Trackers may run the body more seldom than the face: an unchanged pose is no new measurement.
            body_is_new = person.pose is not self._pose
            self._pose = person.pose
            for group, confidence in retargeted.confidence.items():
                is_believed = self._face_seen or not self._needs_face
                if confidence >= _SEEN and is_believed:
                    is_fresh = body_is_new or group not in _BODY_GROUPS
                    self._see(group, retargeted.vector, captured_s, is_fresh=is_fresh, restart=is_new_person)

    def controls_at(self, time_s: float) -> ControlVector:
        """Return the control vector for a time in seconds: predicted if newer than the last observation.

        Returns:
            float32 (len(SPEC),), every control inside its range.
        """
        with self._lock:
            vector = self._idle.at(time_s).astype(np.float64)
            for group, index in GROUP_INDEX.items():
                vector[index] = self._shown(group, vector[index], time_s)
            return canonical(vector)

    def _see(self, group: Group, vector: ControlVector, time_s: float, *, is_fresh: bool, restart: bool) -> None:
        follow = self._follow[group]
        if restart or time_s - follow.seen_s > HOLD_S:
            self._smoothing.forget(group)
            follow.episode += 1
            follow.found_s = time_s
        follow.seen_s = time_s
        if is_fresh or not self._smoothing.known(group):
            self._smoothing.update(group, vector, time_s)

    def _shown(self, group: Group, idle: F64, time_s: float) -> F64:
        """Return what to show of a group: its source, plus what is left of the last change of source."""
        follow = self._follow[group]
        is_confirmed = follow.seen_s - follow.found_s >= CONFIRM_S
        is_seen = is_confirmed and time_s - follow.seen_s <= HOLD_S
        episode = follow.episode if is_seen else 0
        target = self._smoothing.at(group, time_s) if is_seen else idle
        if episode != follow.shown_episode and follow.shown is not None:
            follow.offset = near_equivalents(group, follow.shown, target) - target
            follow.changed_s, follow.tau_s = time_s, FIND_TAU_S if is_seen else LOSE_TAU_S
        follow.shown_episode = episode
        if follow.offset is not None:
            # Critically damped: leaves at rest, arrives at rest.
            elapsed = max(time_s - follow.changed_s, 0.0) / follow.tau_s
            target = target + follow.offset * (1 + elapsed) * np.exp(-elapsed)
            if elapsed > _FADED:
                follow.offset = None
        follow.shown = target
        return target

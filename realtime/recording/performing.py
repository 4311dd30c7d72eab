"""From what was seen to controls, outside of the live path: the same retargeting and smoothing, at leisure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from realtime.cast import Cast
from realtime.errors import SourceError
from realtime.motion import Motion
from realtime.recording.recording import Moment, PersonControls, Recording
from realtime.retargeting.retarget import Retarget
from realtime.settings import Framing

#: A cast asks for characters; a recording knows none.
_ANYBODY = ("anybody",)
_MAX_FPS = 1000.0


class Performing:
    """Adds controls to moments as they come, for each person by themselves.

    A body counts without its face: recordings show nobody by accident, and other estimators' poses may have none.

    Args:
        framing: what characters will show; legs and root follow in `full` only.
    """

    def __init__(self, *, framing: Framing = "full") -> None:
        self._framing = framing
        self._cast = Cast(self._motion, _ANYBODY)
        self._retargets: dict[int, Retarget] = {}

    def __call__(self, moment: Moment) -> Moment:
        """Return the moment with the controls of its people; beyond six at a time some have none."""
        self._cast.observe(moment.people, moment.time_s)
        controls = {}
        for person in moment.people:
            role = self._cast.role(person.person_id)
            if role is None:
                continue
            raw = self._retargets[person.person_id](person, moment.time_s)
            controls[person.person_id] = PersonControls(
                raw=raw.vector, confidence=dict(raw.confidence), smoothed=role.motion.controls_at(moment.time_s)
            )
        return replace(moment, controls=controls)

    def _motion(self, person_id: int) -> Motion:
        # Motion keeps its raw controls to itself.
        self._retargets[person_id] = Retarget(self._framing)
        return Motion(person_id, needs_face=False, framing=self._framing)


def perform(moments: Iterable[Moment], *, framing: Framing = "full") -> Iterator[Moment]:
    """Yield moments with the controls of their people."""
    yield from map(Performing(framing=framing), moments)


def with_controls(recording: Recording) -> Recording:
    """Return the recording with controls made anew from its observations."""
    return replace(recording, moments=tuple(perform(recording.moments)), note="")


def controls_of(
    recording: Recording, person_id: int, fps: float, *, framing: Framing = "full"
) -> npt.NDArray[np.float32]:
    """Return what a character that follows one person of a recording does, at an even rate.

    Args:
        recording: what was seen.
        person_id: whom to follow, one of `recording.person_ids`.
        fps: rate of the result, frames per second, above 0, up to 1000.
        framing: what the character will show; legs and root follow in `full` only.

    Returns:
        float32 (T, len(SPEC)), from the recording's beginning to its end, smoothed; where the person is not seen the
        character idles, as it would live.

    Raises:
        SourceError: the recording does not show that person, or `fps` is out of its range.
    """
    if person_id not in recording.person_ids:
        known = ", ".join(map(str, recording.person_ids)) or "nobody"
        raise SourceError(f"{recording.header.source}: shows no person {person_id}; there are: {known}")
    if not 0 < fps <= _MAX_FPS:
        raise SourceError(f"fps: got {fps:g}, expected more than 0, up to {_MAX_FPS:g}")
    motion = Motion(person_id, needs_face=False, framing=framing)
    count = max(1, int(np.floor(recording.duration_s * fps + 1e-6)))
    shown, at = [], 0
    for index in range(count):
        time_s = index / fps
        while at < len(recording.moments) and recording.moments[at].time_s <= time_s + 1e-9:
            moment = recording.moments[at]
            motion.observe(tuple(person for person in moment.people if person.person_id == person_id), moment.time_s)
            at += 1
        shown.append(motion.controls_at(time_s))
    return np.stack(shown)
